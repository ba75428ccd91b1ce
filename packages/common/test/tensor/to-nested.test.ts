import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Tensor } from '../../src/tensor/tensor.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

/** The definition: the row of an index is the nested form of the tensor below it. */
function nestedByIndex(shape: readonly number[], next: () => number): unknown {
  const [first, ...rest] = shape;
  return first === undefined ? next() : Array.from({ length: first }, () => nestedByIndex(rest, next));
}

test('any shape, with zeros or without dimensions, nests as its dimensions say', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }), (shape) => {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      const data = Int32Array.from({ length: size }, (_, i) => i);
      let at = 0;
      const expected = nestedByIndex(shape, () => at++);
      expect(new Tensor('int32', shape, data).toNested()).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test('a scalar is a bare value', () => {
  expect(new Tensor('float64', [], Float64Array.of(1.5)).toNested()).toBe(1.5);
  expect(new Tensor('bool', [], Uint8Array.of(1)).toNested()).toBe(true);
  expect(new Tensor('int64', [], BigInt64Array.of(-(2n ** 63n))).toNested()).toBe(-(2n ** 63n));
});

test('zeros keep the lengths of the dimensions before them', () => {
  expect(new Tensor('int8', [2, 0, 3], new Int8Array(0)).toNested()).toEqual([[], []]);
  expect(new Tensor('int8', [0, 2], new Int8Array(0)).toNested()).toEqual([]);
  expect(new Tensor('int8', [0], new Int8Array(0)).toNested()).toEqual([]);
});

test('values are what they stand for: booleans, halves, exact 64-bit integers', () => {
  expect(new Tensor('bool', [3], Uint8Array.of(0, 1, 2)).toNested()).toEqual([false, true, true]);
  expect(new Tensor('float16', [2], Uint16Array.of(0x3c00, 0xfc00)).toNested()).toEqual([1, -Infinity]);
  expect(new Tensor('uint64', [1], BigUint64Array.of(2n ** 64n - 1n)).toNested()).toEqual([2n ** 64n - 1n]);
});

test('an empty tensor that would nest into millions of empty rows is refused', () => {
  const tensor = new Tensor('float32', [2 ** 31, 0], new Float32Array(0));
  expect(() => tensor.toNested()).toThrow(servingError('INVALID_TENSOR', /rows/));
});
