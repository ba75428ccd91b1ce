/** Numbers → elements of an integer type, exactly or not at all. */
import type { NumericType } from '@serving/common';
import { blankElements, type ArrayOf, type Conversion } from './conversion.js';
import { ElementError } from './element-error.js';
import type { NumberLeaves } from './tensor-leaves.js';

export type IntegerType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64';

type WideType = 'int64' | 'uint64';

/** Lowest value and first one above the highest: powers of two, so that doubles hold them even for 64 bits. */
const ranges: Record<IntegerType, readonly [lowest: number, above: number]> = {
  int8: [-(2 ** 7), 2 ** 7],
  uint8: [0, 2 ** 8],
  int16: [-(2 ** 15), 2 ** 15],
  uint16: [0, 2 ** 16],
  int32: [-(2 ** 31), 2 ** 31],
  uint32: [0, 2 ** 32],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

type NarrowArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

const arrays: Record<Exclude<IntegerType, WideType>, ArrayOf<NarrowArray>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
};
const noWhole = new BigInt64Array(0);

export function isIntegerType(dtype: NumericType): dtype is IntegerType {
  return Object.hasOwn(ranges, dtype);
}

/** Elements are those of `leaves`. Converting throws ElementError at the first one that is no whole number of this type. */
export function integerConversion(leaves: NumberLeaves, dtype: IntegerType): Conversion {
  return dtype === 'int64' || dtype === 'uint64'
    ? wideConversion(leaves, dtype)
    : narrowConversion(leaves, dtype);
}

function narrowConversion({ values }: NumberLeaves, dtype: Exclude<IntegerType, WideType>): Conversion {
  const [lowest, above] = ranges[dtype];
  const { elements, bytes } = blankElements(arrays[dtype], values.length);
  return {
    bytes,
    convert(from, to) {
      for (let i = from; i < to; i++) {
        const value = values[i]!;
        if (!(value >= lowest && value < above && Math.floor(value) === value))
          throw notFitting(i, dtype, value);
        elements[i] = value;
      }
    },
  };
}

function wideConversion({ values, exact }: NumberLeaves, dtype: WideType): Conversion {
  const [lowest, above] = ranges[dtype];
  // Halves are written, low one first, because a bigint for each element costs ten times as much.
  const { elements: halves, bytes } = blankElements(Int32Array, 2 * values.length);
  const whole =
    exact.length > 0 ? new BigInt64Array(halves.buffer, halves.byteOffset, values.length) : noWhole;
  let nextExact = 0;
  return {
    bytes,
    convert(from, to) {
      for (let i = from; i < to; i++) {
        if (nextExact < exact.length && exact[nextExact]!.element === i) {
          const { value } = exact[nextExact++]!;
          const fitting = dtype === 'int64' ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
          if (fitting !== value) throw notFitting(i, dtype, value);
          whole[i] = value;
          continue;
        }
        const value = values[i]!;
        if (!(value >= lowest && value < above && Math.floor(value) === value))
          throw notFitting(i, dtype, value);
        const high = Math.floor(value / 2 ** 32);
        halves[2 * i] = value - high * 2 ** 32;
        halves[2 * i + 1] = high;
      }
    },
  };
}

function notFitting(element: number, dtype: IntegerType, given: number | bigint): ElementError {
  if (typeof given === 'number' && !Number.isInteger(given)) {
    return new ElementError(element, `a whole number for ${dtype}`, String(given));
  }
  const [lowest, above] = ranges[dtype];
  const highest = BigInt(above) - 1n;
  return new ElementError(element, `${BigInt(lowest)} to ${highest} for ${dtype}`, String(given));
}
