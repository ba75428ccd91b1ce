/** Elements of a column → JSON text, a run of neighbours at a time. */
import { isUtf8 } from 'node:buffer';
import { asElements, float16Value, type NumericType } from '@serving/common';
import { ElementError } from './element-error.js';
import { characterAt } from './utf8.js';

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

export interface ElementWriter {
  /** Where elements end that are written together from `from` on, at `end` at the latest; `from` when that one is long by itself. */
  together(from: number, end: number): number;
  /** Elements `from` to `to` (exclusive), with commas between them. */
  text(from: number, to: number): string;
  /** A long element, in parts. */
  parts(index: number): Iterable<string>;
}

type TextOf = ElementWriter['text'];

/** The most elements that are written together, and the most bytes of texts. */
const mostTogether = { numeric: 8192, bytes: 64 };
const textTogether = 64 * 1024;
/** Bytes of a part of a long element: three for four characters of base64. */
const partBytes = 48 * 1024;

/** @throws ElementError (also the writer) where the format has no JSON for an element */
export function numericWriter(dtype: NumericType, bytes: Uint8Array, format: ElementFormat): ElementWriter {
  return { together: endOfNumbers, text: numericText(dtype, bytes, format), parts: noParts };
}

const endOfNumbers = (from: number, end: number) => Math.min(end, from + mostTogether.numeric);
const noParts = () => [];

function numericText(dtype: NumericType, bytes: Uint8Array, format: ElementFormat): TextOf {
  const elements = asElements(dtype, bytes);
  if (dtype === 'bool') return (from, to) => booleansText(elements, from, to);
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    return (from, to) => wideText(elements, from, to);
  }
  if (dtype === 'float16') return halvesText(elements as Uint16Array, format);
  if (elements instanceof Float32Array || elements instanceof Float64Array) return floats(elements, format);
  return (from, to) => integersText(elements, from, to);
}

/** Below it, joining is quicker than calling JSON.stringify. */
const shortRun = 8;

/** @throws ElementError (also the writer) for what is no UTF-8, where the format refuses that */
export function textWriter(
  dtype: 'string' | 'bytes',
  elements: readonly Uint8Array[],
  format: ElementFormat,
): ElementWriter {
  const asText = dtype === 'string' || format.bytes === 'text';
  const isText = (index: number) => {
    if (asText && isUtf8(elements[index]!)) return true;
    if (asText && format.invalidText === 'refuse') throw new ElementError(index, 'UTF-8', 'other bytes');
    return false;
  };
  return {
    together: (from, end) => endOfShort(elements, from, Math.min(end, from + mostTogether.bytes)),
    text(from, to) {
      let text = '';
      for (let i = from; i < to; i++) {
        const element = buffer(elements[i]!);
        const comma = i > from ? ',' : '';
        if (isText(i)) text += comma + JSON.stringify(element.toString('utf8'));
        else text += `${comma}{"b64":"${element.toString('base64')}"}`;
      }
      return text;
    },
    parts: (index) => (isText(index) ? textParts : base64Parts)(buffer(elements[index]!)),
  };
}

function endOfShort(elements: readonly Uint8Array[], from: number, end: number): number {
  let bytes = 0;
  for (let i = from; i < end; i++) {
    bytes += elements[i]!.length;
    if (bytes > textTogether) return i;
  }
  return end;
}

function* textParts(element: Buffer): Generator<string> {
  yield '"';
  for (let at = 0, end = 0; at < element.length; at = end) {
    end = characterAt(element, Math.min(at + partBytes, element.length), element.length);
    yield JSON.stringify(element.toString('utf8', at, end)).slice(1, -1);
  }
  yield '"';
}

function* base64Parts(element: Buffer): Generator<string> {
  yield '{"b64":"';
  for (let at = 0; at < element.length; at += partBytes)
    yield element.toString('base64', at, Math.min(at + partBytes, element.length));
  yield '"}';
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

/** Those that have been written, as doubles. */
function halvesText(elements: Uint16Array, format: ElementFormat): TextOf {
  const values = new Float64Array(elements.length);
  const text = floats(values, format);
  return (from, to) => {
    for (let i = from; i < to; i++) values[i] = float16Value(elements[i]!);
    return text(from, to);
  };
}

function floats(elements: Float32Array | Float64Array, format: ElementFormat): TextOf {
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
