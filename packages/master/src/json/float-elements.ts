/** Numbers → elements of a floating-point type, each rounded to the nearest; never to Infinity. */
import { float16Bits } from '@serving/common';
import { blankElements, type Conversion } from './conversion.js';
import { ElementError } from './element-error.js';

export type FloatType = 'float16' | 'float32' | 'float64';

/** Elements are those of `values`. Converting throws ElementError at the first finite one that is beyond the type's range. */
export function floatConversion(values: Float64Array, dtype: 'float16' | 'float32'): Conversion {
  return dtype === 'float32' ? float32Conversion(values) : float16Conversion(values);
}

function float32Conversion(values: Float64Array): Conversion {
  const { elements, bytes } = blankElements(Float32Array, values.length);
  return {
    bytes,
    convert(from, to) {
      for (let i = from; i < to; i++) {
        const value = values[i]!;
        elements[i] = value;
        const rounded = elements[i]!;
        if ((rounded === Infinity || rounded === -Infinity) && rounded !== value)
          throw beyond(i, 'float32', value);
      }
    },
  };
}

function float16Conversion(values: Float64Array): Conversion {
  const { elements, bytes } = blankElements(Uint16Array, values.length);
  return {
    bytes,
    convert(from, to) {
      for (let i = from; i < to; i++) {
        const value = values[i]!;
        const bits = float16Bits(value);
        if ((bits & 0x7fff) === 0x7c00 && Number.isFinite(value)) throw beyond(i, 'float16', value);
        elements[i] = bits;
      }
    },
  };
}

function beyond(element: number, dtype: FloatType, given: number): ElementError {
  const highest = dtype === 'float16' ? '65504' : '3.4028234663852886e+38';
  return new ElementError(element, `-${highest} to ${highest} for ${dtype}`, String(given));
}
