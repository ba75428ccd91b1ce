/** Numbers → elements of a floating-point type, each rounded to the nearest; never to Infinity. */
import { asBytes, float16Bits } from '@serving/common';
import { ElementError } from './element-error.js';

export type FloatType = 'float16' | 'float32' | 'float64';

/** @throws ElementError at the first finite one that is beyond the type's range */
export function floatBytes(values: Float64Array, dtype: FloatType): Uint8Array {
  if (dtype === 'float64') return asBytes(values);
  return dtype === 'float32' ? float32Bytes(values) : float16Bytes(values);
}

function float32Bytes(values: Float64Array): Uint8Array {
  const elements = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    elements[i] = value;
    const rounded = elements[i]!;
    if ((rounded === Infinity || rounded === -Infinity) && rounded !== value)
      throw beyond(i, 'float32', value);
  }
  return asBytes(elements);
}

function float16Bytes(values: Float64Array): Uint8Array {
  const elements = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const bits = float16Bits(value);
    if ((bits & 0x7fff) === 0x7c00 && Number.isFinite(value)) throw beyond(i, 'float16', value);
    elements[i] = bits;
  }
  return asBytes(elements);
}

function beyond(element: number, dtype: FloatType, given: number): ElementError {
  const highest = dtype === 'float16' ? '65504' : '3.4028234663852886e+38';
  return new ElementError(element, `-${highest} to ${highest} for ${dtype}`, String(given));
}
