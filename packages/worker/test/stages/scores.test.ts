import { describe, expect, test } from '@jest/globals';
import { Tensor } from '@serving/common';
import * as fc from 'fast-check';
import { softmax } from '../../src/stages/softmax.js';
import { argmax, topK, topLabels } from '../../src/stages/top-k.js';
import { floats, plain } from '../execution/batch.js';

describe('softmax', () => {
  test('each row adds up to 1, in the order of the scores', () => {
    const result = softmax()(floats([2, 2], 0, Math.log(3), 5, 5));
    expect(plain(result)).toEqual(plain(floats([2, 2], 0.25, 0.75, 0.5, 0.5)));
  });

  test('large scores do not overflow', () => {
    expect(plain(softmax()(floats([2], 10_000, 10_000)))).toEqual(plain(floats([2], 0.5, 0.5)));
  });

  test('any numeric type will do, a scalar or a text will not', () => {
    const integers = new Tensor('int64', [2], BigInt64Array.of(1n, 1n));
    expect(plain(softmax()(integers))).toEqual(plain(floats([2], 0.5, 0.5)));
    expect(() => softmax()(floats([], 1))).toThrow(
      'expected a tensor of at least one dimension, given a scalar',
    );
    expect(() => softmax()('text' as unknown as Tensor)).toThrow('expected a numeric tensor, given string');
  });
});

describe('argmax', () => {
  test('the greatest of each row, the first of equals', () => {
    const result = argmax()(floats([2, 3], 1, 3, 3, -1, -2, -3));
    expect(plain(result)).toEqual({ dtype: 'int64', shape: [2], data: [1n, 0n] });
  });

  test('of one dimension it is a scalar, and NaN is never the greatest', () => {
    expect(plain(argmax()(floats([3], NaN, -Infinity, 0)))).toEqual({
      dtype: 'int64',
      shape: [],
      data: [2n],
    });
  });

  test('NaN is less than -Infinity', () => {
    expect(argmax()(floats([2], NaN, -Infinity)).data[0]).toBe(1n);
    expect(topK(2)(floats([2], NaN, -Infinity))[0].data).toEqual(BigInt64Array.of(1n, 0n));
  });

  test('64-bit integers that are the same double are told apart', () => {
    const signed = new Tensor('int64', [3], BigInt64Array.of(2n ** 60n, 2n ** 60n + 1n, -1n));
    expect(argmax()(signed).data[0]).toBe(1n);
    expect(topK(1)(signed)[0].data[0]).toBe(1n);
    const unsigned = new Tensor('uint64', [2], BigUint64Array.of(2n ** 64n - 2n, 2n ** 64n - 1n));
    expect(argmax()(unsigned).data[0]).toBe(1n);
  });

  test('an empty dimension has none', () => {
    expect(() => argmax()(floats([0]))).toThrow('expected scores, given an empty dimension');
  });
});

test('the k greatest are those that sorting gives, with their scores', () => {
  const scores = fc.array(fc.float(), { minLength: 3, maxLength: 20 });
  fc.assert(
    fc.property(scores, (values) => {
      const [positions, best] = topK(3)(floats([values.length], ...values));
      const rank = (value: number) => (Number.isNaN(value) ? -Infinity : value);
      const sorted = values.map(rank).toSorted((a, b) => b - a || 0);
      expect(Array.from(best.dataAs('float32'), rank)).toEqual(sorted.slice(0, 3));
      expect([...positions.dataAs('int64')].map((at) => values[Number(at)])).toEqual([
        ...best.dataAs('float32'),
      ]);
      expect(new Set(positions.dataAs('int64')).size).toBe(3);
    }),
  );
});

describe('topLabels', () => {
  const labels = ['cat', 'dog', 'cow'];

  test('names the best, the best first, with their scores', () => {
    const [names, scores] = topLabels({ labels, k: 2 })(floats([3], 0.25, 0.5, 0.125));
    expect(names).toBe('dog;cat');
    expect(plain(scores)).toEqual(plain(floats([2], 0.5, 0.25)));
    expect(topLabels({ labels })(floats([3], 1, 2, 3))[0]).toBe('cow');
    expect(topLabels({ labels, k: 2, separator: ', ' })(floats([3], 1, 2, 3))[0]).toBe('cow, dog');
  });

  test('the numbers of labels and scores have to agree', () => {
    expect(() => topLabels({ labels })(floats([2], 1, 2))).toThrow(
      'expected 3 scores, one per label, given 2',
    );
    expect(() => topLabels({ labels: 'cat' as unknown as string[] })).toThrow(
      'topLabels: labels: expected a list of texts',
    );
    expect(() => topLabels({ labels, k: 4 })).toThrow('topLabels: expected at least 4 labels, given 3');
  });
});

test.each([0, 1.5, -1, NaN])('k of %p is refused when the configuration is read', (k) => {
  expect(() => topK(k)).toThrow(`k: expected a whole number from 1, given ${k}`);
});

test('the positions of several rows would mean nothing', () => {
  expect(() => topK(1)(floats([2, 2], 1, 2, 3, 4))).toThrow(
    'expected scores of one dimension, given shape [2,2]',
  );
  expect(topK(1)(floats([1, 3], 1, 3, 2))[0].data).toEqual(BigInt64Array.of(1n));
});

test('fewer scores than k are an error', () => {
  expect(() => topK(3)(floats([2], 1, 2))).toThrow('expected at least 3 scores, given 2');
});
