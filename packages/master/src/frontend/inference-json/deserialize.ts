/** Body of an inference request over HTTP → inference request: JSON, and behind it tensors as views into the body. */
import type { ServingError } from '@serving/common';
import { JsonCursor } from '../../json/json-cursor.js';
import {
  noParameters,
  type InferInput,
  type InferRequest,
  type Parameters,
  type RequestedOutput,
} from '../inference/infer-request.js';
import { refuseSharedTensor } from '../inference/shared-memory.js';
import { BinaryTail } from './binary-tail.js';
import { InputReader } from './input-reader.js';
import { readParameters } from './parameters.js';
import { ReadBudget } from '../../json/read-budget.js';
import type { Slices } from '../../slices/slices.js';
import { badRequest, readingJson, readingMember, required } from './reading.js';

/** A tensor of as many dimensions as there may be, within the lists and objects around it. */
const maxDepth = 64 + 4;

/** What the path of a request says. */
export type Addressee = Pick<InferRequest, 'model' | 'version'>;

/**
 * @param jsonBytes how much of the body is JSON
 * @throws ServingError in Triton's words: BAD_REQUEST, UNSUPPORTED for shared memory
 */
export function* readRequest(
  addressee: Addressee,
  body: Uint8Array,
  jsonBytes: number,
): Slices<InferRequest> {
  const cursor = new JsonCursor(body.subarray(0, jsonBytes), { maxDepth, nonFinite: true });
  const tail = new BinaryTail(body, jsonBytes, addressee.model);
  return yield* readingJson(new RequestReader(addressee, cursor, tail).read(body));
}

class RequestReader {
  readonly #addressee: Addressee;
  readonly #cursor: JsonCursor;
  readonly #tail: BinaryTail;
  readonly #budget = new ReadBudget(tooMuch);
  readonly #inputReader: InputReader;
  #id = '';
  #parameters = noParameters;
  #inputs: readonly InferInput[] | undefined;
  #outputs: readonly RequestedOutput[] = [];

  constructor(addressee: Addressee, cursor: JsonCursor, tail: BinaryTail) {
    this.#addressee = addressee;
    this.#cursor = cursor;
    this.#tail = tail;
    this.#inputReader = new InputReader(cursor, this.#budget, tail, addressee.model);
  }

  *read(body: Uint8Array): Slices<InferRequest> {
    const members = this.#cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      if (this.#cursor.isPauseDue()) yield;
      this.#budget.spendObjects(1);
      yield* this.#member(key);
    }
    this.#cursor.end();
    const inputs = required('inputs', this.#inputs, 'the request');
    this.#tail.end();
    return {
      ...this.#addressee,
      id: this.#id,
      parameters: this.#parameters,
      inputs,
      outputs: this.#outputs,
      retainedBytes: this.#inputReader.retainedBytes(body),
    };
  }

  *#member(key: string): Slices<void> {
    const cursor = this.#cursor;
    // Clients that write every member give those that they do not use as null.
    if (key !== 'inputs' && cursor.kind() === 'null') cursor.null();
    else if (key === 'id') this.#id = yield* readingMember(key, cursor.string());
    else if (key === 'parameters')
      this.#parameters = yield* readingMember(key, readParameters(cursor, this.#budget));
    else if (key === 'inputs')
      this.#inputs = yield* readingMember(
        key,
        this.#each(() => this.#inputReader.read()),
      );
    else if (key === 'outputs')
      this.#outputs = yield* readingMember(
        key,
        this.#each(() => this.#output()),
      );
    else yield* cursor.skip();
  }

  *#each<Item>(read: () => Slices<Item>): Slices<Item[]> {
    const items: Item[] = [];
    this.#cursor.enterArray();
    while (this.#cursor.nextElement()) {
      if (this.#cursor.isPauseDue()) yield;
      items.push(yield* read());
    }
    return items;
  }

  *#output(): Slices<RequestedOutput> {
    this.#budget.spendObjects(1);
    const cursor = this.#cursor;
    let name: string | undefined;
    let parameters: Parameters = noParameters;
    const members = cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      if (key === 'name') name = yield* readingMember(key, cursor.string());
      else if (key !== 'parameters' || cursor.kind() === 'null') yield* cursor.skip();
      else parameters = yield* readingMember(key, readParameters(cursor, this.#budget));
    }
    const output = { name: required('name', name, 'every output'), parameters };
    refuseSharedTensor(parameters, `output '${output.name}'`);
    return output;
  }
}

function tooMuch(): ServingError {
  return badRequest(
    'the request has more parts, or more elements in JSON, than are taken; expected large tensors as binary data',
  );
}
