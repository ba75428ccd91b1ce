/** JSON with its numbers as they were written: JSON.parse reads `2.0` as 2 and rounds integers beyond 2^53. */
import { randomUUID } from 'node:crypto';
import { firstLine, ServingError } from '@serving/common';
import { standsFor } from '../../values/describe-given.js';

/** A number of a JSON text. */
export class NumberLiteral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get [standsFor](): number | bigint {
    return this.value;
  }

  /** The exact value of an integer, a bigint beyond 2^53; the nearest double of anything else. */
  get value(): number | bigint {
    const value = Number(this.text);
    return this.isInteger && !Number.isSafeInteger(value) ? BigInt(this.text) : value;
  }

  /** Whether it was written without fraction and exponent. */
  get isInteger(): boolean {
    return !/[.eE]/.test(this.text);
  }
}

export type JsonObject = { readonly [name: string]: JsonValue };

export type JsonValue = null | boolean | string | NumberLiteral | readonly JsonValue[] | JsonObject;

export function isObject(json: JsonValue | undefined): json is JsonObject {
  return (
    typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof NumberLiteral)
  );
}

/** @throws ServingError BAD_REQUEST saying where the text stops being JSON */
export function parseJson(text: string): JsonValue {
  try {
    // For its message alone: it would be about another text once the numbers are marked.
    JSON.parse(text);
  } catch (cause) {
    throw new ServingError('BAD_REQUEST', `expected JSON: ${firstLine(cause)}`, { cause });
  }
  const mark = randomUUID();
  const restore = (_name: string, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? new NumberLiteral(value.slice(mark.length)) : value;
  return JSON.parse(markNumbers(text, mark), restore) as JsonValue;
}

/** The text with every number turned into a string that starts with `mark`. `text` must be JSON. */
function markNumbers(text: string, mark: string): string {
  let marked = '';
  let position = 0;
  while (position < text.length) {
    const quote = text.indexOf('"', position);
    const end = quote === -1 ? text.length : quote;
    marked += text.slice(position, end).replace(/-?\d[\d.eE+-]*/g, (number) => `"${mark}${number}"`);
    position = quote === -1 ? end : endOfString(text, quote);
    marked += text.slice(end, position);
  }
  return marked;
}

/** The position after the string that starts at `quote`. A loop, because a regular expression runs out of stack. */
function endOfString(text: string, quote: number): number {
  let end = text.indexOf('"', quote + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, position: number): boolean {
  let start = position;
  while (text[start - 1] === '\\') start--;
  return (position - start) % 2 === 1;
}
