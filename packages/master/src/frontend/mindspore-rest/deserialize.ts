/** The body of a request → its instances. */
import { ServingError } from '@serving/common';
import { JsonCursor } from '../../json/json-cursor.js';
import { JsonError } from '../../json/json-error.js';
import type { Slices } from '../../slices/slices.js';
import type { ReadInstances } from '../instance-blocks.js';
import { mostKeptInstances, tooManyInstances } from '../too-many-instances.js';
import { InstanceReader, type Target } from './instance-reader.js';
import { refusedRequest } from './parser-fault.js';

export interface ReadBody extends ReadInstances {
  /** Number of instances, refused ones included. */
  readonly count: number;
  /** Why there is nothing to be done with any of them. */
  readonly refusal: ServingError | undefined;
}

/**
 * @param target what the instances are for; undefined when there is none, and they are read for their faults only
 * @param maxInstances most that could ever wait
 * @throws ServingError BAD_REQUEST when it is no JSON
 */
export function* readBody(
  body: Uint8Array,
  target: Target | undefined,
  maxInstances: number,
): Slices<ReadBody> {
  if (body.length === 0)
    throw new ServingError('BAD_REQUEST', 'http message invalid; expected a body of JSON, given none');
  try {
    return yield* new BodyReader(body, target, maxInstances).read();
  } catch (thrown) {
    if (!(thrown instanceof JsonError)) throw thrown;
    throw new ServingError('BAD_REQUEST', `Illegal JSON format. ${thrown.message}`);
  }
}

class BodyReader {
  readonly #cursor: JsonCursor;
  readonly #reader: InstanceReader;
  readonly #maxInstances: number;
  #count = 0;
  #refusal: ServingError | undefined;

  constructor(body: Uint8Array, target: Target | undefined, maxInstances: number) {
    // The original's JSON has the last of members that come again, and its clients cannot tell.
    this.#cursor = new JsonCursor(body, { duplicateKeys: true });
    this.#reader = new InstanceReader(this.#cursor, target);
    this.#maxInstances = maxInstances;
  }

  *read(): Slices<ReadBody> {
    const cursor = this.#cursor;
    let times = 0;
    if (cursor.kind() === 'object') {
      const members = cursor.members();
      for (let key = members.next(); key !== undefined; key = members.next()) {
        if (cursor.isPauseDue()) yield;
        if (key === 'instances' && times++ === 0) yield* this.#readInstances();
        else yield* cursor.skip();
      }
    } else yield* cursor.skip();
    cursor.end();
    if (times !== 1)
      this.#refusal = refusedRequest(`key 'instances' expects to exist once, but actually ${times} times`);
    return { ...this.#reader.finish(), count: this.#count, refusal: this.#refusal };
  }

  *#readInstances(): Slices<void> {
    const kind = this.#cursor.kind();
    if (kind === 'array') return yield* this.#readList();
    if (kind === 'object') {
      this.#count = 1;
      return yield* this.#reader.take(0, 'json object, value is empty');
    }
    this.#refusal = refusedRequest('instances no key mode is not supported');
    return yield* this.#cursor.skip();
  }

  *#readList(): Slices<void> {
    const cursor = this.#cursor;
    const most = mostKeptInstances(this.#maxInstances);
    cursor.enterArray();
    for (let index = 0; cursor.nextElement(); index++) {
      if (cursor.isPauseDue()) yield;
      this.#count = index + 1;
      if (index === 0 && cursor.kind() !== 'object')
        this.#refusal = refusedRequest('instances no key mode is not supported');
      if (index === most) this.#refusal ??= tooManyInstances(this.#maxInstances);
      if (this.#refusal === undefined)
        yield* this.#reader.take(index, 'json array, instance is object type, but no value');
      else yield* cursor.skip();
    }
    if (this.#count === 0) this.#refusal = refusedRequest('instances value is array type, but no value');
  }
}
