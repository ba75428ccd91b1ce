import { expect, test } from '@jest/globals';
import { dataTypes, Tensor, type NumericType } from '@serving/common';
import fc from 'fast-check';
import { pad } from '../../src/stages/pad.js';

const int32 = (shape: number[], ...values: number[]) => new Tensor('int32', shape, Int32Array.from(values));

test('it fills up the end of the dimension to the smallest size that holds it, and tells the length', () => {
  const [rows, length] = pad({ dimension: 0, sizes: [2, 4] }, -1)(int32([3, 2], 1, 2, 3, 4, 5, 6));
  expect(rows).toEqual(int32([4, 2], 1, 2, 3, 4, 5, 6, -1, -1));
  expect(length).toEqual(new Tensor('int64', [], BigInt64Array.of(3n)));
  const [columns] = pad({ dimension: 1, sizes: [2, 4] }, 0)(int32([2, 3], 1, 2, 3, 4, 5, 6));
  expect(columns).toEqual(int32([2, 4], 1, 2, 3, 0, 4, 5, 6, 0));
  expect(pad({ dimension: 0, sizes: [2] }, 9)(int32([0]))).toEqual([
    int32([2], 9, 9),
    new Tensor('int64', [], BigInt64Array.of(0n)),
  ]);
});

test('a scalar is padded as a tensor of one element', () => {
  const [padded, length] = pad({ dimension: 0, sizes: [2, 4] }, 9)(int32([], 7));
  expect([padded, length]).toEqual([int32([2], 7, 9), new Tensor('int64', [], BigInt64Array.of(1n))]);
});

test('what has a size already is given on as it is', () => {
  const tensor = int32([2], 1, 2);
  expect(pad({ dimension: 0, sizes: [2, 4] }, 0)(tensor)[0]).toBe(tensor);
});

test('in every dtype, what was there stays bit for bit, and what is filled in is the value in that dtype', () => {
  const numeric = dataTypes.filter((dtype): dtype is NumericType => dtype !== 'string' && dtype !== 'bytes');
  for (const dtype of numeric) {
    const two = new Tensor('float64', [2], Float64Array.of(1, 0)).astype(dtype);
    const [padded] = pad({ dimension: 0, sizes: [3] }, 1)(two);
    expect([padded.dtype, padded.toNested()]).toEqual([
      dtype,
      [...(two.toNested() as unknown[]), (two.toNested() as unknown[])[0]],
    ]);
  }
});

test('cutting what was filled in off again gives what was there', () => {
  const given = fc.record({
    outer: fc.integer({ min: 1, max: 3 }),
    size: fc.nat(9),
    inner: fc.integer({ min: 1, max: 3 }),
    sizes: fc.uniqueArray(fc.integer({ min: 9, max: 20 }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(given, ({ outer, size, inner, sizes }) => {
      const values = Array.from({ length: outer * size * inner }, (_, i) => i + 1);
      const ascending = sizes.toSorted((a, b) => a - b);
      const [padded] = pad({ dimension: 1, sizes: ascending }, 0)(int32([outer, size, inner], ...values));
      expect(padded.shape).toEqual([outer, ascending[0], inner]);
      const rows = padded.toNested() as number[][][];
      expect(rows.flatMap((row) => row.slice(0, size)).flat()).toEqual(values);
      expect(
        rows
          .flatMap((row) => row.slice(size))
          .flat()
          .every((value) => value === 0),
      ).toBe(true);
    }),
  );
});
