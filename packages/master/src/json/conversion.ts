/** Elements of one type on their way to another, a range at a time. */
import { elementsOfSlice, type Slices, type Soon } from '../slices/slices.js';

export interface Conversion {
  /** Little-endian; complete when all ranges are converted. */
  readonly bytes: Uint8Array;
  /** Elements `from` to `to` (exclusive); ranges follow one another. @throws ElementError */
  convert(from: number, to: number): void;
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
