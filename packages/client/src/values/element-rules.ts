/** Which JavaScript values an element type takes, and how it keeps them. Nothing wraps around or is cut silently. */
import { float16Bits, type NumericType } from '@serving/common';

export interface ElementRule {
  /** What it takes, for error texts. */
  readonly expected: string;
  /** The element as its typed array holds it; undefined when the value does not fit. */
  readonly convert: (value: unknown) => number | bigint | undefined;
}

export const elementRules: Readonly<Record<NumericType, ElementRule>> = {
  bool: { expected: 'a boolean, 0 or 1', convert: toBit },
  int8: whole(-(2 ** 7), 2 ** 7 - 1),
  uint8: whole(0, 2 ** 8 - 1),
  int16: whole(-(2 ** 15), 2 ** 15 - 1),
  uint16: whole(0, 2 ** 16 - 1),
  int32: whole(-(2 ** 31), 2 ** 31 - 1),
  uint32: whole(0, 2 ** 32 - 1),
  int64: whole64(-(2n ** 63n), 2n ** 63n - 1n),
  uint64: whole64(0n, 2n ** 64n - 1n),
  float16: {
    expected: 'a number',
    convert: (value) => (typeof value === 'number' ? float16Bits(value) : undefined),
  },
  float32: { expected: 'a number', convert: asNumber },
  float64: { expected: 'a number', convert: asNumber },
};

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function toBit(value: unknown): number | undefined {
  if (value === true || value === 1) return 1;
  return value === false || value === 0 ? 0 : undefined;
}

function whole(least: number, most: number): ElementRule {
  return {
    expected: `a whole number from ${least} to ${most}`,
    convert: (value) => {
      const isWhole = typeof value === 'bigint' || Number.isInteger(value);
      return isWhole && (value as number) >= least && (value as number) <= most ? Number(value) : undefined;
    },
  };
}

function whole64(least: bigint, most: bigint): ElementRule {
  return {
    expected: `a bigint from ${least} to ${most}, or a number that is a safe integer`,
    convert: (value) => {
      if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return undefined;
      const exact = BigInt(value as number | bigint);
      return exact >= least && exact <= most ? exact : undefined;
    },
  };
}
