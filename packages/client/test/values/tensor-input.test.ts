import { describe, expect, test } from '@jest/globals';
import { dataTypes, isNumericType, ServingError, type NumericType } from '@serving/common';
import { tensor, type TensorData } from '../../src/values/tensor-input.js';

test('uses a typed array of its own kind without copying it', () => {
  const data = Float32Array.of(1, 2, 3, 4);
  expect(tensor('float32', [2, 2], data).data.buffer).toBe(data.buffer);
});

test('a Uint8Array holds numeric uint8, or bool', () => {
  expect(tensor('uint8', [2], Uint8Array.of(1, 255)).toNested()).toEqual([1, 255]);
  expect(tensor('uint8', [2], Buffer.from([1, 255])).toNested()).toEqual([1, 255]);
  expect(tensor('bool', [2], Uint8Array.of(0, 1)).toNested()).toEqual([false, true]);
  expect(() => tensor('bool', [2], Uint8Array.of(0, 2))).toThrow(
    'bool data: expected a boolean, 0 or 1 at [1], given number 2',
  );
});

test('float16 takes values, or bit patterns in a Uint16Array', () => {
  expect(tensor('float16', [2], [1, -2]).data).toEqual(Uint16Array.of(0x3c00, 0xc000));
  expect(tensor('float16', [1], Float32Array.of(0.5)).toNested()).toEqual([0.5]);
  expect(tensor('float16', [1], Uint16Array.of(0x3c00)).toNested()).toEqual([1]);
});

test('converts other typed arrays, flat lists, nested arrays and single values', () => {
  expect(tensor('int64', [2], Int32Array.of(-1, 2)).toNested()).toEqual([-1n, 2n]);
  expect(tensor('int32', [2, 1], [5, 6]).toNested()).toEqual([[5], [6]]);
  expect(tensor('uint8', [1, 2], [[7, 8]]).toNested()).toEqual([[7, 8]]);
  expect(tensor('int64', [], 9n).toNested()).toBe(9n);
  expect(tensor('int8', [1], 3n).toNested()).toEqual([3]);
});

test('an empty tensor of any shape', () => {
  expect(tensor('float32', [0], []).size).toBe(0);
  expect(tensor('int64', [2, 0], [[], []]).toNested()).toEqual([[], []]);
});

test('a view that is not aligned for its elements is copied', () => {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat64(1, 0.1, true);
  const misaligned = bytes.subarray(1);
  expect(tensor('uint8', [8], misaligned).size).toBe(8);
});

describe('refuses', () => {
  const cases: [string, NumericType, number[], unknown, string][] = [
    [
      'a number out of range',
      'int8',
      [2],
      [1, 128],
      'int8 data: expected a whole number from -128 to 127 at [1], given number 128',
    ],
    [
      'a fraction',
      'int32',
      [1, 1],
      [[1.5]],
      'expected a whole number from -2147483648 to 2147483647 at [0][0], given number 1.5',
    ],
    [
      'an integer that a number cannot hold',
      'int64',
      [1],
      [2 ** 53],
      'or a number that is a safe integer at [0], given number 9007199254740992',
    ],
    ['a negative uint64', 'uint64', [], -1n, 'expected a bigint from 0 to 18446744073709551615'],
    ['a bigint for a float', 'float64', [1], [1n], 'float64 data: expected a number at [0], given bigint 1'],
    ['a boolean for a number', 'float32', [], true, 'float32 data: expected a number, given boolean true'],
    ['a string', 'float32', [1], ['1'], 'expected a number at [0], given string "1"'],
    ['too few elements', 'float32', [2, 2], [1, 2, 3], 'expected 4 elements for shape [2,2], given 3'],
    [
      'nested arrays of another shape',
      'float32',
      [2, 2],
      [[1, 2, 3, 4]],
      'expected shape [2,2], given [1,4]',
    ],
    ['a shape that is none', 'float32', [-1], [], 'tensor shape [-1] is invalid'],
    [
      'a DataView',
      'float32',
      [1],
      new DataView(new ArrayBuffer(4)),
      'expected a typed array, given a DataView',
    ],
    ['an object', 'float32', [1], {}, 'expected a number, given an object without keys'],
  ];
  test.each(cases)('%s', (_what, dtype, shape, data, message) => {
    expect(() => tensor(dtype, shape, data as TensorData)).toThrow(message);
    expect(() => tensor(dtype, shape, data as TensorData)).toThrow(ServingError);
  });

  test('a dtype or shape of the wrong kind', () => {
    expect(() => tensor('string' as NumericType, [1], [1])).toThrow(
      'expected a numeric type, given string "string"',
    );
    expect(() => tensor('float32', 4 as unknown as number[], [1])).toThrow('expected an array of dimensions');
  });
});

test.each(dataTypes.filter((dtype) => isNumericType(dtype)))('%s takes 0 and 1 as plain numbers', (dtype) => {
  expect(tensor(dtype, [2], [0, 1]).astype('float64').toNested()).toEqual([0, 1]);
});
