/** Elements of one type on their way to another, a range at a time. */
import { elementsOfSlice, type Slices } from '../slices/slices.js';

export interface Conversion {
  /** Little-endian; complete when all ranges are converted. */
  readonly bytes: Uint8Array;
  /** Elements `from` to `to` (exclusive); ranges follow one another. @throws ElementError */
  convert(from: number, to: number): void;
}

/** @returns the bytes of all elements @throws ElementError */
export function* converted({ bytes, convert }: Conversion, count: number): Slices<Uint8Array> {
  let from = 0;
  for (; from + elementsOfSlice < count; from += elementsOfSlice) {
    convert(from, from + elementsOfSlice);
    yield;
  }
  convert(from, count);
  return bytes;
}
