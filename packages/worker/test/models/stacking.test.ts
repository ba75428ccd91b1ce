import { describe, expect, test } from '@jest/globals';
import { StringTensor, Tensor } from '@serving/common';
import { rowsOf, splitRows, stack } from '../../src/models/stacking.js';
import { floats, plain } from '../execution/batch.js';

describe('stacking', () => {
  test('rows are stacked and taken apart again', () => {
    const rows = [floats([2], 1, 2), floats([2], 3, 4)];
    expect(plain(stack(rows))).toEqual(plain(floats([2, 2], 1, 2, 3, 4)));
    expect(splitRows(stack(rows)).map(plain)).toEqual(rows.map(plain));
  });

  test('a run is filled up with the last row', () => {
    expect(plain(stack([floats([], 1), floats([], 2)], 4))).toEqual(plain(floats([4], 1, 2, 2, 2)));
  });

  test('empty tensors and 64-bit integers are no exception', () => {
    expect(splitRows(stack([floats([0]), floats([0])])).map(plain)).toEqual([
      plain(floats([0])),
      plain(floats([0])),
    ]);
    const large = new Tensor('int64', [], BigInt64Array.of(2n ** 63n - 1n));
    expect(plain(stack([large, large]))).toMatchObject({
      shape: [2],
      data: [2n ** 63n - 1n, 2n ** 63n - 1n],
    });
  });

  test('texts too', () => {
    const rows = [new StringTensor([2], ['a', 'b']), new StringTensor([2], ['c', 'd'])];
    expect(plain(stack(rows, 3))).toEqual({
      dtype: 'string',
      shape: [3, 2],
      data: ['a', 'b', 'c', 'd', 'c', 'd'],
    });
    expect(splitRows(stack(rows))).toEqual(rows);
  });

  test('rows of a numeric tensor are views', () => {
    const stacked = stack([floats([1], 1), floats([1], 2)]) as Tensor;
    const [first] = rowsOf(stacked);
    first!.data[0] = 7;
    expect(stacked.data[0]).toBe(7);
  });
});
