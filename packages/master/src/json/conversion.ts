/** Elements of one type on their way to another, a range at a time. */
import { asBytes } from '@serving/common';
import { elementsOfSlice, type Slices, type Soon } from '../slices/slices.js';

export interface Conversion {
  /** Little-endian; complete when all ranges are converted. */
  readonly bytes: Uint8Array;
  /** Elements `from` to `to` (exclusive); ranges follow one another. @throws ElementError */
  convert(from: number, to: number): void;
}

/** From here on, an array has memory of its own; below it, making that would take longer than reading its elements. */
const ownBytes = 256;

export interface ArrayOf<Elements> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Elements;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Elements;
}

/** As many elements, to be written all, and their bytes. */
export function blankElements<Elements extends ArrayBufferView>(
  type: ArrayOf<Elements>,
  count: number,
): { readonly elements: Elements; readonly bytes: Uint8Array } {
  const size = count * type.BYTES_PER_ELEMENT;
  if (size >= ownBytes) {
    const elements = new type(count);
    return { elements, bytes: asBytes(elements) };
  }
  // Of Node's pool, at a multiple of eight bytes.
  const bytes = Buffer.allocUnsafe(size);
  return { elements: new type(bytes.buffer, bytes.byteOffset, count), bytes };
}

/** @returns the bytes of all elements @throws ElementError, at once or in slices */
export function converted(conversion: Conversion, count: number): Soon<Uint8Array> {
  if (count > elementsOfSlice) return convertedInSlices(conversion, count);
  conversion.convert(0, count);
  return conversion.bytes;
}

function* convertedInSlices(conversion: Conversion, count: number): Slices<Uint8Array> {
  for (let from = 0; from < count; from += elementsOfSlice) {
    conversion.convert(from, Math.min(from + elementsOfSlice, count));
    yield;
  }
  return conversion.bytes;
}
