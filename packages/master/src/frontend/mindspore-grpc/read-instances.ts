/** The instances of a request → blocks of what the method takes. */
import {
  Block,
  bytesColumn,
  numericColumn,
  sameShape,
  ServingError,
  type Column,
  type MethodSignature,
} from '@serving/common';
import type { CallPart } from '../../call/predict-call.js';
import type { RefusedInstance } from '../predict-endpoint.js';
import type { MindsporeRequest } from './deserialize.js';
import { MethodInputs, type Input } from './method-inputs.js';
import type { TensorLayout } from './validate.js';
import { WireCursor } from './wire-cursor.js';

export interface ReadInstances {
  readonly parts: readonly CallPart[];
  readonly refused: readonly RefusedInstance[];
}

/** Methods are read for again and again, so their inputs' names are encoded once. */
const known = new WeakMap<MethodSignature, MethodInputs>();

function inputsOf(method: MethodSignature): MethodInputs {
  let inputs = known.get(method);
  if (inputs === undefined) {
    inputs = new MethodInputs(method);
    known.set(method, inputs);
  }
  return inputs;
}

/**
 * Puts neighbours with the same dtypes and shapes into blocks, as views into the message. An instance with a missing
 * or malformed input is refused by itself; items that are no inputs of the method are ignored.
 */
export function readInstances(
  { message, places }: Pick<MindsporeRequest, 'message' | 'places'>,
  servable: string,
  method: MethodSignature,
): ReadInstances {
  const parts: CallPart[] = [];
  const refused: RefusedInstance[] = [];
  const reader = inputsOf(method);
  const { inputs } = reader;
  const cursor = new WireCursor(message);
  let open: OpenBlock | undefined;
  for (let index = 0; 2 * index < places.length; index++) {
    cursor.pos = places[2 * index]!;
    try {
      reader.read(cursor, places[2 * index + 1]!, servable);
      if (open === undefined || !open.fits(index, inputs)) {
        if (open !== undefined) parts.push(open.close());
        open = new OpenBlock(index, inputs);
      }
      open.add(inputs, message);
    } catch (thrown) {
      refused.push({ index, error: ServingError.from(thrown) });
    }
  }
  if (open !== undefined) parts.push(open.close());
  return { parts, refused };
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

  constructor(first: number, inputs: readonly Input[]) {
    this.#first = first;
    this.#columns = inputs.map((input) => ({ name: input.name, layout: input.layout, pieces: [] }));
  }

  fits(index: number, inputs: readonly Input[]): boolean {
    if (index !== this.#first + this.#count) return false;
    for (let i = 0; i < inputs.length; i++)
      if (!sameLayout(this.#columns[i]!.layout, inputs[i]!.layout)) return false;
    return true;
  }

  add(inputs: readonly Input[], message: Uint8Array): void {
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
