/** Parameters in JSON: of a request, an input or an output. */
import type { JsonCursor } from '../../json/json-cursor.js';
import type { Slices } from '../../slices/slices.js';
import type { Parameters, ParameterValue } from '../inference/infer-request.js';
import type { ReadBudget } from '../../json/read-budget.js';
import { badRequest } from './reading.js';

/** @throws ServingError BAD_REQUEST for one that is no number, boolean or string */
export function* readParameters(cursor: JsonCursor, budget: ReadBudget): Slices<Parameters> {
  const parameters = new Map<string, ParameterValue>();
  const members = cursor.members();
  for (let name = members.next(); name !== undefined; name = members.next()) {
    if (cursor.isPauseDue()) yield;
    budget.spendObjects(1);
    parameters.set(name, yield* readValue(cursor, name));
  }
  return parameters;
}

function* readValue(cursor: JsonCursor, name: string): Slices<ParameterValue> {
  const kind = cursor.kind();
  if (kind === 'string') return yield* cursor.string();
  if (kind === 'boolean') return cursor.boolean();
  if (kind === 'number') {
    const value = cursor.number();
    return cursor.exact ?? value;
  }
  throw badRequest(`parameter '${name}' has invalid type. It should be either 'int', 'bool', or 'string'.`);
}

/** A parameter that is a switch; undefined when it is not there. @throws ServingError BAD_REQUEST */
export function switchIn(parameters: Parameters, name: string): boolean | undefined {
  const value = parameters.get(name);
  if (value === undefined || typeof value === 'boolean') return value;
  throw badRequest(`Unable to parse '${name}': expected a boolean, given ${String(value)}`);
}

/** A parameter that counts bytes; undefined when it is not there. @throws ServingError BAD_REQUEST */
export function bytesIn(parameters: Parameters, name: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  const bytes = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : NaN;
  if (Number.isInteger(bytes) && bytes >= 0) return bytes;
  throw badRequest(`Unable to parse '${name}': expected a number of bytes, given ${String(value)}`);
}
