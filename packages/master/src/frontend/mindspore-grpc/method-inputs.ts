/** The inputs of a method as an instance has them. There is one for each method, filled anew from instance to instance. */
import { isNumericType, type MethodSignature } from '@serving/common';
import type { GivenInput, TensorLayout } from '../instance-blocks.js';
import { GivenNames, missingInput } from '../missing-input.js';
import { Item, readItems, type ItemTaker } from './instance-items.js';
import { TensorFields } from './tensor-fields.js';
import { checkTensor } from './validate.js';
import type { WireCursor } from './wire-cursor.js';

/** Before there was a tensor. */
const unknown: TensorLayout = { dtype: 'bytes', shape: [] };
/** Equal to no number of a type. */
const noType = Number.NaN;

export class Input implements GivenInput {
  readonly name: string;
  readonly encodedName: Uint8Array;
  tensor = new TensorFields();
  isGiven = false;
  /** Of the tensor that was checked last, and the bytes and the wire's dtype that go with it. */
  layout: TensorLayout = unknown;
  #bytes = 0;
  #wireType = noType;

  constructor(name: string) {
    this.name = name;
    this.encodedName = new TextEncoder().encode(name);
  }

  /** @throws ServingError INVALID_TENSOR */
  check(): void {
    if (this.#isLikeTheLast()) return;
    this.layout = checkTensor(this.name, this.tensor);
    // Elements of text and bytes are of any length, and their check is short.
    this.#wireType = isNumericType(this.layout.dtype) ? this.tensor.dtype : noType;
    this.#bytes = this.tensor.dataEnd - this.tensor.dataStart;
  }

  /** What is like a tensor that was found to be right is right, and most are like the one before. */
  #isLikeTheLast(): boolean {
    const { dtype, dims, rank, isShared, dataStart, dataEnd } = this.tensor;
    const { shape } = this.layout;
    if (dtype !== this.#wireType || isShared) return false;
    if (dataEnd - dataStart !== this.#bytes || rank !== shape.length) return false;
    for (let i = 0; i < shape.length; i++) if (dims[i] !== shape[i]) return false;
    return true;
  }

  /** The elements of the tensor that was checked, as a view. */
  view(message: Uint8Array): Uint8Array {
    const { dataStart, dataEnd, elementStart, elementEnd } = this.tensor;
    return isNumericType(this.layout.dtype)
      ? message.subarray(dataStart, dataEnd)
      : message.subarray(elementStart, elementEnd);
  }
}

export class MethodInputs implements ItemTaker {
  readonly inputs: readonly Input[];
  readonly #method: MethodSignature;
  readonly #item = new Item();

  constructor(method: MethodSignature) {
    this.#method = method;
    this.inputs = method.inputs.map(({ name }) => new Input(name));
  }

  /**
   * Reads the instance that begins where the cursor is, and checks what it gives.
   * @throws ServingError INPUT_MISMATCH, INVALID_TENSOR
   */
  read(cursor: WireCursor, length: number, servable: string): void {
    const start = cursor.pos;
    for (const input of this.inputs) input.isGiven = false;
    readItems(cursor, length, this.#item, this);
    for (const input of this.inputs) {
      if (input.isGiven) {
        input.check();
        continue;
      }
      cursor.pos = start;
      const given = new NameList();
      readItems(cursor, length, this.#item, given);
      throw missingInput(servable, this.#method, input.name, given.names);
    }
  }

  take(item: Item, cursor: WireCursor): void {
    const length = item.nameEnd - item.nameStart;
    for (const input of this.inputs) {
      const { encodedName } = input;
      if (encodedName.length !== length || !cursor.isAt(item.nameStart, encodedName)) continue;
      const { tensor } = item;
      item.tensor = input.tensor;
      input.tensor = tensor;
      input.isGiven = true;
      return;
    }
  }
}

class NameList implements ItemTaker {
  readonly names = new GivenNames();

  take({ nameStart, nameEnd }: Item, { message }: WireCursor): void {
    this.names.add(() => utf8.decode(message.subarray(nameStart, nameEnd)));
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
