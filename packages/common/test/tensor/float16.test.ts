import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { float16Bits, float16Value } from '../../src/tensor/float16.js';

const infinity = 0x7c00;
const allBits = Array.from({ length: 0x10000 }, (_, bits) => bits);
const isNaNBits = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;

/** The definition of the format (IEEE 754 §3.4), worked out with integers: the value times 2^24. */
function scaledByDefinition(bits: number): bigint {
  const exponent = (bits >> 10) & 31;
  const mantissa = BigInt(bits & 0x3ff);
  const magnitude = exponent === 0 ? mantissa : (mantissa + 1024n) << BigInt(exponent - 1);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** A double as an exact integer multiple of 2^-1074. */
function exact(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const mantissa = bits & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? mantissa : (mantissa | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n ? -magnitude : magnitude;
}

/** The neighbouring double, away from zero for +1 and towards it for -1. */
function neighbour(value: number, direction: 1 | -1): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) + BigInt(direction));
  return view.getFloat64(0);
}

/** Magnitudes of all finite patterns and, in place of infinity, the next power of two (IEEE 754 §4.3.1). */
const candidates = allBits.slice(0, infinity + 1).map((bits) => scaledByDefinition(bits) << 1050n);

/** The nearest pattern by exact distance, ties to the even pattern: a search that shares nothing with the code. */
function nearest(value: number): number {
  const wanted = exact(Math.abs(value));
  let low = 0;
  let high = infinity;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (candidates[middle]! <= wanted) low = middle;
    else high = middle;
  }
  const toLow = wanted - candidates[low]!;
  const toHigh = candidates[high]! - wanted;
  const evenOfBoth = low % 2 === 0 ? low : high;
  const magnitude = toLow < toHigh ? low : toHigh < toLow ? high : evenOfBoth;
  return (Object.is(Math.sign(value), -1) || Object.is(value, -0) ? 0x8000 : 0) | magnitude;
}

test('every finite pattern stands for the value its fields define', () => {
  const wrong = allBits.filter(
    (bits) => (bits & 0x7c00) !== 0x7c00 && exact(float16Value(bits)) !== scaledByDefinition(bits) << 1050n,
  );
  expect(wrong).toEqual([]);
});

test('every pattern but NaN survives the way to a number and back', () => {
  const wrong = allBits.filter((bits) => !isNaNBits(bits) && float16Bits(float16Value(bits)) !== bits);
  expect(wrong).toEqual([]);
});

test('every NaN pattern is NaN and comes back as some NaN', () => {
  const patterns = allBits.filter(isNaNBits);
  expect(patterns).toHaveLength(2046);
  expect(patterns.filter((bits) => !Number.isNaN(float16Value(bits)))).toEqual([]);
  expect(patterns.filter((bits) => !isNaNBits(float16Bits(float16Value(bits))))).toEqual([]);
});

test('infinities and signed zeros keep their sign', () => {
  expect([Infinity, -Infinity, 0, -0].map(float16Bits)).toEqual([0x7c00, 0xfc00, 0, 0x8000]);
  expect([0x7c00, 0xfc00, 0, 0x8000].map(float16Value)).toEqual([Infinity, -Infinity, 0, -0]);
});

test('halfway between two neighbours the even one wins, and the nearest double beside it goes to its own side', () => {
  const wrong: number[] = [];
  for (let low = 0; low < infinity; low++) {
    const middle = Number(scaledByDefinition(low) + scaledByDefinition(low + 1)) * 2 ** -25;
    const even = low % 2 === 0 ? low : low + 1;
    // The doubles beside the middle are nearer to it than single precision can tell: rounding twice would fail here.
    const results = [middle, neighbour(middle, -1), neighbour(middle, 1)].map(float16Bits);
    if (results[0] !== even || results[1] !== low || results[2] !== low + 1) wrong.push(low);
    if (float16Bits(-middle) !== (even | 0x8000)) wrong.push(-low);
  }
  expect(wrong).toEqual([]);
});

test('values from 65520 on overflow to infinity, those below to the largest finite value', () => {
  expect([65504, 65519.999, 65520, 65536, 1e300].map(float16Bits)).toEqual([
    0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00,
  ]);
  expect(float16Bits(-65520)).toBe(0xfc00);
});

test('half of the smallest subnormal rounds to zero and anything above it does not', () => {
  expect(float16Bits(2 ** -25)).toBe(0);
  expect(float16Bits(neighbour(2 ** -25, 1))).toBe(1);
  expect(float16Bits(-neighbour(2 ** -25, 1))).toBe(0x8001);
  expect([Number.MIN_VALUE, -Number.MIN_VALUE, 1e-40].map(float16Bits)).toEqual([0, 0x8000, 0]);
});

test('any number goes to the nearest pattern', () => {
  const inRange = fc
    .tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -27, max: 16 }), fc.boolean())
    .map(([mantissa, exponent, negative]) => (negative ? -1 : 1) * mantissa * 2 ** exponent);
  const anywhere = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.oneof(inRange, anywhere), (value) => {
      expect(float16Bits(value)).toBe(nearest(value));
    }),
    { numRuns: 2000 },
  );
});
