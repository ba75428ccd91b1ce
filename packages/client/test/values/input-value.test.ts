import { describe, expect, test } from '@jest/globals';
import { Tensor } from '@serving/common';
import { toValue } from '../../src/values/input-value.js';
import { tensor } from '../../src/values/tensor-input.js';

function tensorFrom(input: unknown): Tensor {
  const value = toValue(input);
  if (!(value instanceof Tensor)) throw new Error('not a tensor');
  return value;
}

describe('scalars', () => {
  test.each([
    [1.5, 'float32', [1.5]],
    [NaN, 'float32', [NaN]],
    [2n ** 63n - 1n, 'int64', [2n ** 63n - 1n]],
    [true, 'bool', [1]],
  ])('%p becomes %s of shape []', (input, dtype, elements) => {
    const value = tensorFrom(input);
    expect(value.dtype).toBe(dtype);
    expect(value.shape).toEqual([]);
    expect(Array.from(value.data as Iterable<unknown>)).toEqual(elements);
  });

  test('a string stays a string', () => expect(toValue('text')).toBe('text'));

  test('half of a surrogate pair is refused, as it would arrive as something else', () => {
    expect(toValue('a\ud83d\ude42\0')).toBe('a\ud83d\ude42\0');
    for (const half of ['\ud83d', '\ude42'])
      expect(() => toValue(`\ud83d\ude42${half}b`)).toThrow(
        /^expected text that UTF-8 can hold, given half of a surrogate pair at position 2$/,
      );
  });

  test('a bigint beyond int64 is refused', () => {
    expect(() => toValue(2n ** 63n)).toThrow(
      /int64 data: expected a bigint from -9223372036854775808 to 9223372036854775807.*given bigint 9223372036854775808/,
    );
  });
});

describe('typed arrays', () => {
  test.each([
    [Int8Array.of(-1), 'int8'],
    [Uint8ClampedArray.of(255), 'uint8'],
    [Int16Array.of(-2), 'int16'],
    [Uint16Array.of(2), 'uint16'],
    [Int32Array.of(-3), 'int32'],
    [Uint32Array.of(3), 'uint32'],
    [BigInt64Array.of(-4n), 'int64'],
    [BigUint64Array.of(4n), 'uint64'],
    [Float32Array.of(0.5), 'float32'],
    [Float64Array.of(0.1), 'float64'],
  ])('%p is %s of one dimension', (input, dtype) => {
    const value = tensorFrom(input);
    expect(value.dtype).toBe(dtype);
    expect(value.shape).toEqual([1]);
    expect(value.data[0]).toBe(input[0]);
  });

  test('a view into a larger buffer gives its own part only', () => {
    expect(tensorFrom(Float32Array.of(1, 2, 3, 4).subarray(1, 3)).toNested()).toEqual([2, 3]);
  });

  test('a bare Uint8Array, and a Buffer, is bytes', () => {
    expect(toValue(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
    const bytes = toValue(Buffer.from('ab'));
    expect(Buffer.isBuffer(bytes)).toBe(false);
    expect(bytes).toEqual(Uint8Array.of(97, 98));
  });

  test('a DataView is refused', () => {
    expect(() => toValue(new DataView(new ArrayBuffer(4)))).toThrow('expected a typed array, given DataView');
  });
});

describe('nested arrays', () => {
  test.each([
    [
      'float32',
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['int64', [1, 2], [[1n, -2n]]],
    ['bool', [2], [true, false]],
    ['float32', [1, 1, 1], [[[0.5]]]],
  ])('become %s of shape %p', (dtype, shape, nested) => {
    const value = tensorFrom(nested);
    expect(value.dtype).toBe(dtype);
    expect(value.shape).toEqual(shape);
    expect(value.toNested()).toEqual(nested);
  });

  test.each([
    ['rows of unequal length', [[1, 2], [3]], 'expected 2 elements at [1] as in shape [2,2], given 1'],
    ['a value among rows', [[1], 2], 'expected an array at [1] like its neighbours, given number 2'],
    [
      'a row among values',
      [1, [2]],
      'expected a single value at [1] like its neighbours, given an array of 1',
    ],
    ['mixed types', [[1, true]], 'expected a number like the first element at [0][1], given boolean true'],
    ['numbers among bigints', [1n, 2], 'expected a bigint like the first element at [1], given number 2'],
    [
      'strings',
      ['a'],
      'expected numbers, bigints or booleans, given an array of strings; an input holds one string',
    ],
    ['null', [null], 'expected numbers, bigints or booleans at [0], given null'],
    ['typed arrays as rows', [Float32Array.of(1)], 'given Float32Array object'],
    ['nothing', [[], []], 'use tensor(dtype, shape, [])'],
    [
      'holes',
      Object.assign([1], { 2: 3 }),
      'expected a number like the first element at [1], given undefined',
    ],
  ])('of %s are refused', (_what, nested, message) => {
    expect(() => toValue(nested)).toThrow(message);
  });

  test('an array that holds itself is refused', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expect(() => toValue(endless)).toThrow('expected at most 64 nested arrays');
  });
});

test('a tensor is sent as it is', () => {
  const given = tensor('uint8', [2], Uint8Array.of(1, 2));
  expect(toValue(given)).toBe(given);
});

test.each([[undefined], [null], [{}], [() => 1], [Symbol('x')], [new Date(0)]])('%p is refused', (input) => {
  expect(() => toValue(input)).toThrow(
    'expected a number, bigint, boolean, string, typed array, nested array or tensor, given ',
  );
});
