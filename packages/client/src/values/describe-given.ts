/** The "given …" half of an error text. */
import { shortened } from '@serving/common';

const longest = 40;
const mostKeys = 5;

/** A property of objects that stand for another value: texts describe that one. */
export const standsFor: unique symbol = Symbol('stands for');

/** A value in a few words; never its whole content. */
export function describeGiven(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `string ${shortened(JSON.stringify(value), longest)}`;
  if (typeof value === 'object') return describeObject(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return `${typeof value} ${shortened(String(value), longest)}`;
  return `a ${typeof value}`;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (standsFor in value) return describeGiven(value[standsFor]);
  // Not by identity: it may be the Object of another realm.
  const name = typeof value.constructor === 'function' ? value.constructor.name : '';
  return name === '' || name === 'Object' ? describeKeys(Object.keys(value)) : `${name} object`;
}

function describeKeys(keys: readonly string[]): string {
  if (keys.length === 0) return 'an object without keys';
  const shown = keys.slice(0, mostKeys).map((key) => shortened(JSON.stringify(key), longest));
  const rest = keys.length > mostKeys ? ', …' : '';
  return `an object with ${keys.length === 1 ? 'the key' : 'the keys'} ${shown.join(', ')}${rest}`;
}
