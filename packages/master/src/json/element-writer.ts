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
  switch (dtype) {
    case 'bool':
      return (from, to) => booleansText(elements, from, to);
    case 'int64':
    case 'uint64':
      return (from, to) => wideText(elements as BigInt64Array | BigUint64Array, from, to);
    case 'float16':
      return floatsWriter(Float64Array.from(elements as Uint16Array, float16Value), format);
    case 'float32':
    case 'float64':
      return floatsWriter(elements as Float32Array | Float64Array, format);
    default:
      return (from, to) => integersText(elements, from, to);
  }
}

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
  let text = '';
  for (let i = from; i < to; i++) text += (i > from ? ',' : '') + (elements[i] !== 0 ? 'true' : 'false');
  return text;
}

function integersText(elements: ArrayLike<number | bigint>, from: number, to: number): string {
  let text = from < to ? String(elements[from]) : '';
  for (let i = from + 1; i < to; i++) text += `,${elements[i]!}`;
  return text;
}

/** Halves are read, because a bigint for each element costs ten times as much. */
function wideText(elements: BigInt64Array | BigUint64Array, from: number, to: number): string {
  const isSigned = elements instanceof BigInt64Array;
  const words = new Uint32Array(elements.buffer, elements.byteOffset, 2 * elements.length);
  let text = '';
  for (let i = from; i < to; i++) {
    const high = isSigned ? words[2 * i + 1]! | 0 : words[2 * i + 1]!;
    const value = high * 2 ** 32 + words[2 * i]!;
    text += i > from ? ',' : '';
    text += Number.isSafeInteger(value) ? value : elements[i]!;
  }
  return text;
}

function floatsWriter(elements: Float32Array | Float64Array, format: ElementFormat): ElementWriter {
  const point = format.wholeFloats === false ? '' : '.0';
  return (from, to) => {
    let text = '';
    for (let i = from; i < to; i++) {
      const value = elements[i]!;
      if (i > from) text += ',';
      // From 1e21 on, JavaScript writes an exponent.
      if (Math.floor(value) === value && Math.abs(value) < 1e21) {
        text += Object.is(value, -0) ? '-0.0' : value + point;
      } else text += Math.abs(value) < Infinity ? value : nonFiniteText(i, value, format);
    }
    return text;
  };
}

function nonFiniteText(element: number, value: number, format: ElementFormat): string {
  switch (format.nonFinite) {
    case 'null':
      return 'null';
    case 'token':
      return String(value);
    case 'refuse':
      throw new ElementError(element, 'a finite number', String(value));
  }
}
