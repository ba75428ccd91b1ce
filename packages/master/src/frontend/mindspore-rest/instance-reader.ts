/** Instances of a request, as they stand in its body → blocks of what the method takes. */
import { ServingError, type MethodSignature, type Port } from '@serving/common';
import type { JsonCursor, JsonPlace } from '../../json/json-cursor.js';
import { JsonTensorError } from '../../json/tensor-error.js';
import type { Slices } from '../../slices/slices.js';
import {
  InstanceBlocks,
  type GivenInput,
  type ReadInstances,
  type TensorLayout,
} from '../instance-blocks.js';
import { GivenNames, missingInput } from '../missing-input.js';
import { ItemReader } from './item-reader.js';
import { ParserFault, refusedInstance } from './parser-fault.js';
import { checkTensor } from './validate.js';

/** Before there was a tensor. */
const unknown: TensorLayout = { dtype: 'bytes', shape: [] };
const noBytes = new Uint8Array(0);

class Input implements GivenInput {
  readonly port: Port;
  layout = unknown;
  bytes: Uint8Array = noBytes;
  isGiven = false;

  constructor(port: Port) {
    this.port = port;
  }

  get name(): string {
    return this.port.name;
  }

  view(): Uint8Array {
    return this.bytes;
  }
}

/** What the instances are for. */
export interface Target {
  readonly servable: string;
  readonly method: MethodSignature;
}

export class InstanceReader {
  readonly #cursor: JsonCursor;
  readonly #target: Target | undefined;
  readonly #inputs: readonly Input[];
  readonly #blocks = new InstanceBlocks();
  readonly #items: ItemReader;
  /** The item that is being read. */
  #item: string | undefined;

  /** @param target undefined when there is no such method: instances are then read for their faults only */
  constructor(cursor: JsonCursor, target: Target | undefined) {
    this.#cursor = cursor;
    this.#target = target;
    this.#inputs = target?.method.inputs.map((port) => new Input(port)) ?? [];
    this.#items = new ItemReader(cursor);
  }

  /**
   * Reads the cursor's next value, which is the instance of this number.
   * @param ifEmpty what the original says of one without items
   * @throws JsonError when it is no JSON at all; whatever else is wrong with it is its own affair
   */
  *take(index: number, ifEmpty: string): Slices<void> {
    const place = this.#cursor.place();
    try {
      yield* this.#read(ifEmpty);
      yield* this.#checkInputs(place);
      this.#blocks.add(index, this.#inputs, noBytes);
    } catch (thrown) {
      this.#blocks.refuse(index, this.#refusal(thrown));
      this.#cursor.returnTo(place);
      yield* this.#cursor.skip();
    }
  }

  finish(): ReadInstances {
    return this.#blocks.finish();
  }

  #refusal(thrown: unknown): ServingError {
    if (thrown instanceof ServingError) return thrown;
    if (thrown instanceof ParserFault || thrown instanceof JsonTensorError)
      return refusedInstance(thrown, this.#item);
    throw thrown;
  }

  *#read(ifEmpty: string): Slices<void> {
    this.#item = undefined;
    if (this.#cursor.kind() !== 'object')
      throw new ParserFault('json array, instance is not object type', `given ${this.#cursor.kind()}`);
    for (const input of this.#inputs) input.isGiven = false;
    let items = 0;
    const members = this.#cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      items++;
      yield* this.#take(key);
    }
    this.#item = undefined;
    if (items === 0) throw new ParserFault(ifEmpty);
  }

  /** @throws ServingError INPUT_MISMATCH when the instance at `place` lacks an input */
  *#checkInputs(place: JsonPlace): Slices<void> {
    const missing = this.#inputs.find(({ isGiven }) => !isGiven);
    if (missing === undefined || this.#target === undefined) return;
    const names = new GivenNames();
    this.#cursor.returnTo(place);
    const members = this.#cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      const name = key;
      names.add(() => name);
      yield* this.#cursor.skip();
    }
    throw missingInput(this.#target.servable, this.#target.method, missing.name, names);
  }

  /** What is no input is checked and then left out, as in the original; of a name that comes again the last counts. */
  *#take(key: string): Slices<void> {
    this.#item = undefined;
    if (key === '') throw new ParserFault('string key is empty');
    this.#item = key;
    const input = this.#inputs.find(({ name }) => name === key);
    const given = yield* this.#items.read(input?.port);
    if (input === undefined) return;
    const { layout, bytes } = yield* checkTensor(input.port, given);
    input.layout = layout;
    input.bytes = bytes;
    input.isGiven = true;
  }
}
