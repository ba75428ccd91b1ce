/** Errors of JSON in Triton's words, with the place. */
import { ServingError } from '@serving/common';
import { JsonError } from '../../json/json-error.js';
import type { Slices } from '../../slices/slices.js';

/** @throws ServingError BAD_REQUEST instead of JsonError; of errors inside others, the innermost says what it is about */
export function* readingJson<Value>(read: Slices<Value>): Slices<Value> {
  return yield* telling('failed to parse the request JSON buffer', read);
}

/** As `readingJson`, of a member of an object. */
export function* readingMember<Value>(name: string, read: Slices<Value>): Slices<Value> {
  return yield* telling(`Unable to parse '${name}'`, read);
}

/** A member that has to be there. @throws ServingError BAD_REQUEST when it is not */
export function required<Value>(name: string, value: Value | undefined, where: string): Value {
  if (value !== undefined) return value;
  throw badRequest(
    `Unable to parse '${name}': attempt to access non-existing object member '${name}'; expected it in ${where}`,
  );
}

export function badRequest(text: string): ServingError {
  return new ServingError('BAD_REQUEST', text);
}

function* telling<Value>(what: string, read: Slices<Value>): Slices<Value> {
  try {
    return yield* read;
  } catch (thrown) {
    if (thrown instanceof JsonError) throw badRequest(`${what}: ${thrown.detail}, at byte ${thrown.at}`);
    throw thrown;
  }
}
