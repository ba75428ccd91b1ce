/** Instances of a request, as they stand in its body → blocks of what the method takes. */
import { ServingError, type MethodSignature, type Port } from '@serving/common';
import type { JsonCursor, JsonPlace } from '../../json/json-cursor.js';
import { JsonTensorError } from '../../json/tensor-error.js';
import type { JsonMembers } from '../../json/json-members.js';
import { ElementError } from '../../json/element-error.js';
import { isSlices, type Slices, type Soon } from '../../slices/slices.js';
import type { GivenTensor } from './given-tensor.js';
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
  /** Its elements, or what is left of making them. */
  made: Soon<Uint8Array> = noBytes;
  isGiven = false;

  constructor(port: Port) {
    this.port = port;
  }

  get name(): string {
    return this.port.name;
  }

  view(): Uint8Array {
    return this.made as Uint8Array;
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
    const cursor = this.#cursor;
    const place = cursor.place();
    try {
      const members = this.#enter();
      let items = 0;
      for (let key = members.next(); key !== undefined; key = members.next()) {
        items++;
        const input = this.#begin(key);
        const given = this.#items.read(input?.port);
        this.#take(input, isSlices(given) ? yield* given : given);
        if (input !== undefined && isSlices(input.made)) input.made = yield* input.made;
        if (cursor.isPauseDue()) yield;
      }
      this.#item = undefined;
      if (items === 0) throw new ParserFault(ifEmpty);
      const missing = this.#inputs.find(({ isGiven }) => !isGiven);
      if (missing !== undefined) yield* this.#refuseWithout(missing.name, place);
      this.#blocks.add(index, this.#inputs, noBytes);
    } catch (thrown) {
      this.#blocks.refuse(index, this.#refusal(thrown));
      cursor.returnTo(place);
      yield* cursor.skip();
    }
  }

  finish(): ReadInstances {
    return this.#blocks.finish();
  }

  #refusal(thrown: unknown): ServingError {
    if (thrown instanceof ServingError) return thrown;
    if (thrown instanceof ParserFault || thrown instanceof JsonTensorError)
      return refusedInstance(thrown, this.#item);
    if (thrown instanceof ElementError)
      return refusedInstance(
        new ParserFault("json value does not fit the input's type", thrown.message),
        this.#item,
      );
    throw thrown;
  }

  #enter(): JsonMembers {
    this.#item = undefined;
    if (this.#cursor.kind() !== 'object')
      throw new ParserFault('json array, instance is not object type', `given ${this.#cursor.kind()}`);
    for (const input of this.#inputs) input.isGiven = false;
    return this.#cursor.members();
  }

  /** @throws ServingError INPUT_MISMATCH, which names what the instance at `place` has */
  *#refuseWithout(missing: string, place: JsonPlace): Slices<void> {
    const { servable, method } = this.#target!;
    const names = new GivenNames();
    this.#cursor.returnTo(place);
    const members = this.#cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      const name = key;
      names.add(() => name);
      yield* this.#cursor.skip();
    }
    throw missingInput(servable, method, missing, names);
  }

  /** @returns the input of this name, if there is one */
  #begin(key: string): Input | undefined {
    this.#item = undefined;
    if (key === '') throw new ParserFault('string key is empty');
    this.#item = key;
    return this.#inputs.find(({ name }) => name === key);
  }

  /** What is no input is checked and then left out, as in the original; of a name that comes again the last counts. */
  #take(input: Input | undefined, given: GivenTensor): void {
    if (input === undefined) return;
    const { layout, bytes } = checkTensor(input.port, given);
    input.layout = layout;
    input.made = bytes;
    input.isGiven = true;
  }
}
