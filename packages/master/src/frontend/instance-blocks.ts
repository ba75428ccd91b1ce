/** The instances of MindSpore Serving's requests, one after another → blocks of those that are alike. */
import {
  Block,
  bytesColumn,
  numericColumn,
  sameShape,
  type Column,
  type DataType,
  type ServingError,
} from '@serving/common';
import type { CallPart } from '../call/predict-call.js';
import type { RefusedInstance } from './predict-endpoint.js';

export interface ReadInstances {
  readonly parts: readonly CallPart[];
  readonly refused: readonly RefusedInstance[];
}

/** What a tensor whose dtype, shape and bytes agree is like. */
export interface TensorLayout {
  readonly dtype: DataType;
  /** Scalars of text and bytes are always `[]`. */
  readonly shape: readonly number[];
}

/** An input of a method, as an instance gives it. */
export interface GivenInput {
  readonly name: string;
  readonly layout: TensorLayout;
  /** The elements, without a copy. @param message what the instance was received in */
  view(message: Uint8Array): Uint8Array;
}

/** Takes instances in their order; neighbours with the same dtypes and shapes share a block. */
export class InstanceBlocks {
  readonly #parts: CallPart[] = [];
  readonly #refused: RefusedInstance[] = [];
  #open: OpenBlock | undefined;

  add(index: number, inputs: readonly GivenInput[], message: Uint8Array): void {
    if (this.#open === undefined || !this.#open.fits(index, inputs)) {
      this.#close();
      this.#open = new OpenBlock(index, inputs);
    }
    this.#open.add(inputs, message);
  }

  refuse(index: number, error: ServingError): void {
    this.#refused.push({ index, error });
  }

  finish(): ReadInstances {
    this.#close();
    return { parts: this.#parts, refused: this.#refused };
  }

  #close(): void {
    if (this.#open !== undefined) this.#parts.push(this.#open.close());
    this.#open = undefined;
  }
}

interface OpenColumn {
  readonly name: string;
  readonly layout: TensorLayout;
  readonly pieces: Uint8Array[];
}

/** A block that grows while instances of its layout follow one another without a gap. */
class OpenBlock {
  readonly #first: number;
  readonly #columns: readonly OpenColumn[];
  #count = 0;

  constructor(first: number, inputs: readonly GivenInput[]) {
    this.#first = first;
    this.#columns = inputs.map((input) => ({ name: input.name, layout: input.layout, pieces: [] }));
  }

  fits(index: number, inputs: readonly GivenInput[]): boolean {
    if (index !== this.#first + this.#count) return false;
    for (let i = 0; i < inputs.length; i++)
      if (!sameLayout(this.#columns[i]!.layout, inputs[i]!.layout)) return false;
    return true;
  }

  add(inputs: readonly GivenInput[], message: Uint8Array): void {
    for (let i = 0; i < inputs.length; i++) this.#columns[i]!.pieces.push(inputs[i]!.view(message));
    this.#count++;
  }

  close(): CallPart {
    return { first: this.#first, block: new Block(this.#count, this.#columns.map(columnOf)) };
  }
}

function columnOf({ name, layout: { dtype, shape }, pieces }: OpenColumn): Column {
  return dtype === 'string' || dtype === 'bytes'
    ? bytesColumn(name, dtype, shape, pieces)
    : numericColumn(name, dtype, shape, pieces);
}

function sameLayout(a: TensorLayout, b: TensorLayout): boolean {
  return a === b || (a.dtype === b.dtype && sameShape(a.shape, b.shape));
}
