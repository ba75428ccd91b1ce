/** Elements of a column → JSON text, a run of neighbours at a time. */
import { isUtf8 } from 'node:buffer';
import { asElements, float16Value, type NumericType } from '@serving/common';
import { ElementError } from './element-error.js';

export interface ElementFormat {
  /** Whether whole floats keep their point: 2.0, not 2. @default true */
  readonly wholeFloats?: boolean;
  /** How NaN and infinities are written: as null, as `NaN`, `Infinity`, `-Infinity` (no JSON), or not at all. */
  readonly nonFinite: 'null' | 'token' | 'refuse';
  /** How bytes are written: as `{"b64": …}`, or as text where they are UTF-8. */
  readonly bytes: 'base64' | 'text';
  /** What becomes of text that is no UTF-8: `{"b64": …}`, or an error. */
  readonly invalidText: 'base64' | 'refuse';
}

/** Elements `from` to `to` (exclusive), with commas between them. */
export type ElementWriter = (from: number, to: number) => string;

/** @throws ElementError (also the writer) where the format has no JSON for an element */
export function numericWriter(dtype: NumericType, bytes: Uint8Array, format: ElementFormat): ElementWriter {
  const elements = asElements(dtype, bytes);
  if (dtype === 'bool') return (from, to) => booleansText(elements, from, to);
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    return (from, to) => wideText(elements, from, to);
  }
  if (dtype === 'float16') {
    return floatsWriter(Float64Array.from(elements as Uint16Array, float16Value), format);
  }
  if (elements instanceof Float32Array || elements instanceof Float64Array)
    return floatsWriter(elements, format);
  return (from, to) => integersText(elements, from, to);
}

/** Below it, joining is quicker than calling JSON.stringify. */
const shortRun = 8;

export function textWriter(
  dtype: 'string' | 'bytes',
  elements: readonly Uint8Array[],
  format: ElementFormat,
): ElementWriter {
  const asText = dtype === 'string' || format.bytes === 'text';
  return (from, to) => {
    let text = '';
    for (let i = from; i < to; i++) {
      const element = elements[i]!;
      const comma = i > from ? ',' : '';
      if (asText && isUtf8(element)) text += comma + JSON.stringify(buffer(element).toString('utf8'));
      else if (asText && format.invalidText === 'refuse') throw new ElementError(i, 'UTF-8', 'other bytes');
      else text += `${comma}{"b64":"${buffer(element).toString('base64')}"}`;
    }
    return text;
  };
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function booleansText(elements: ArrayLike<number | bigint>, from: number, to: number): string {
  const tokens: string[] = [];
  for (let i = from; i < to; i++) tokens.push(elements[i] !== 0 ? 'true' : 'false');
  return tokens.join(',');
}

function integersText(elements: ArrayLike<number>, from: number, to: number): string {
  const numbers: number[] = [];
  for (let i = from; i < to; i++) numbers.push(elements[i]!);
  return numbersText(numbers);
}

/** JavaScript's own text of numbers that need no other. A string made longer number by number takes several times as long. */
function numbersText(numbers: readonly number[]): string {
  return numbers.length < shortRun ? numbers.join(',') : JSON.stringify(numbers).slice(1, -1);
}

/** Halves are read, because a bigint for each element costs ten times as much. */
function wideText(elements: BigInt64Array | BigUint64Array, from: number, to: number): string {
  const isSigned = elements instanceof BigInt64Array;
  const words = new Uint32Array(elements.buffer, elements.byteOffset, 2 * elements.length);
  const numbers: number[] = [];
  for (let i = from; i < to; i++) {
    const high = isSigned ? words[2 * i + 1]! | 0 : words[2 * i + 1]!;
    const value = high * 2 ** 32 + words[2 * i]!;
    if (!Number.isSafeInteger(value)) return elements.subarray(from, to).join(',');
    numbers.push(value);
  }
  return numbersText(numbers);
}

function floatsWriter(elements: Float32Array | Float64Array, format: ElementFormat): ElementWriter {
  const withPoint = format.wholeFloats ?? true;
  return (from, to) => {
    const numbers: number[] = [];
    for (let i = from; i < to; i++) {
      const value = elements[i]!;
      const isPlain = withPoint ? Math.floor(value) !== value : !Object.is(value, -0);
      if (!isPlain || !Number.isFinite(value)) return floatsText(elements, from, to, format);
      numbers.push(value);
    }
    return numbersText(numbers);
  };
}

/** Where some are not as JavaScript writes them. */
function floatsText(
  elements: Float32Array | Float64Array,
  from: number,
  to: number,
  format: ElementFormat,
): string {
  const point = format.wholeFloats === false ? '' : '.0';
  const tokens: string[] = [];
  for (let i = from; i < to; i++) {
    const value = elements[i]!;
    if (!Number.isFinite(value)) tokens.push(nonFiniteText(i, value, format));
    else if (Object.is(value, -0)) tokens.push('-0.0');
    // From 1e21 on, JavaScript writes an exponent.
    else tokens.push(Math.floor(value) === value && Math.abs(value) < 1e21 ? value + point : String(value));
  }
  return tokens.join(',');
}

function nonFiniteText(element: number, value: number, format: ElementFormat): string {
  if (format.nonFinite === 'refuse') throw new ElementError(element, 'a finite number', String(value));
  return format.nonFinite === 'token' ? String(value) : 'null';
}
