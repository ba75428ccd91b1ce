/** What was given where a tensor's parts are expected, for messages: stages written in JavaScript hand over anything. */
import { shortened } from '../errors/shortened.js';

/** `Float64Array`, `Array`, `null`, `number`, `object`. */
export function kindOf(given: unknown): string {
  if (ArrayBuffer.isView(given)) return given.constructor.name;
  return Array.isArray(given) ? 'Array' : given === null ? 'null' : typeof given;
}

/** A name in quotes, a number as it is; anything else by its kind. */
export function showGiven(given: unknown): string {
  if (typeof given === 'string') return `'${shortened(given, 40)}'`;
  return typeof given === 'number' ? String(given) : kindOf(given);
}
