import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { elementCount, formatShape, maxElements, sameShape } from '../../src/tensor/shape.js';

test('an empty shape is a scalar of one element', () => {
  expect(elementCount([])).toBe(1);
});

test('the element count is the product of the dimensions', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 5 }), (shape) => {
      expect(elementCount(shape)).toBe(shape.reduce((product, dimension) => product * dimension, 1));
    }),
  );
});

test('dimensions that are negative or not whole numbers are no shape', () => {
  for (const dimension of [-1, 1.5, Number.NaN, Infinity, -Infinity]) {
    expect(elementCount([2, dimension])).toBeUndefined();
    expect(elementCount([0, dimension])).toBeUndefined();
  }
});

test('2^32-1 elements are a shape, one more is none', () => {
  expect(elementCount([maxElements])).toBe(2 ** 32 - 1);
  expect(elementCount([65_537, 65_535])).toBe(2 ** 32 - 1);
  expect(elementCount([2 ** 32])).toBeUndefined();
  expect(elementCount([2 ** 16, 2 ** 16])).toBeUndefined();
  expect(elementCount([2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31])).toBeUndefined();
});

test('whether a shape with a zero is valid does not depend on the order of its dimensions', () => {
  expect(elementCount([2 ** 31, 2 ** 31, 0])).toBe(0);
  expect(elementCount([0, 2 ** 31, 2 ** 31])).toBe(0);
  // No single dimension may be larger than any tensor: it would not fit its field on the wire.
  expect(elementCount([0, 2 ** 32])).toBeUndefined();
  expect(elementCount([2 ** 32, 0])).toBeUndefined();
});

test('shapes are the same when they have the same dimensions in the same order', () => {
  expect(sameShape([], [])).toBe(true);
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  expect(sameShape([2, 3], [3, 2])).toBe(false);
  expect(sameShape([2], [2, 1])).toBe(false);
  expect(sameShape([1], [])).toBe(false);
});

test('shapes are printed without spaces, symbolic dimensions by name and unknown ones as a question mark', () => {
  expect([[], [2, 2], ['batch', 3], [undefined, 0]].map(formatShape)).toEqual([
    '[]',
    '[2,2]',
    '[batch,3]',
    '[?,0]',
  ]);
});

test('64 dimensions are a shape, more are none and are not printed in full', () => {
  expect(elementCount(Array<number>(64).fill(1))).toBe(1);
  expect(elementCount(Array<number>(65).fill(1))).toBeUndefined();
  expect(elementCount([...Array<number>(64).fill(1), 0])).toBeUndefined();
  expect(formatShape(Array<number>(1_000_000).fill(1))).toBe(`[${'1,'.repeat(64)}…]`);
});
