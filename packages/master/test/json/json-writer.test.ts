import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  asBytes,
  bytesColumn,
  elementCount,
  elementWidth,
  float16Value,
  numericColumn,
  typedArrayConstructor,
  type Column,
  type NumericType,
  type TypedArray,
} from '@serving/common';
import type { ElementFormat } from '../../src/json/element-writer.js';
import { JsonCursor } from '../../src/json/json-cursor.js';
import { JsonTensorReader } from '../../src/json/json-tensor.js';
import { numericBytes } from '../../src/json/tensor-elements.js';
import { JsonText } from '../../src/json/json-text.js';
import { atOnce, now } from '../support/slices.js';
import { writeElements, writeInstance, writeInstances } from '../../src/json/json-writer.js';

const plain: ElementFormat = { nonFinite: 'null', bytes: 'base64', invalidText: 'refuse' };

function numbers(dtype: NumericType, shape: number[], values: readonly (number | bigint)[]): Column {
  const elements = new (typedArrayConstructor(dtype))(values.length);
  for (const [i, value] of values.entries()) elements[i] = value;
  return numericColumn('x', dtype, shape, [asBytes(elements)]);
}

function instances(column: Column, from: number, to: number, format: Partial<ElementFormat> = {}): string {
  return textOf((text) => writeInstances(column, from, to, { ...plain, ...format }, text));
}

function textOf(write: (text: JsonText) => Generator<void, void, void> | undefined): string {
  return Buffer.concat(piecesOf(write)).toString();
}

function piecesOf(write: (text: JsonText) => Generator<void, void, void> | undefined): Uint8Array[] {
  const text = new JsonText();
  const rest = write(text);
  if (rest !== undefined) atOnce(rest);
  return text.finish();
}

/** All values of a column of scalars. */
function written(
  dtype: NumericType,
  values: readonly (number | bigint)[],
  format?: Partial<ElementFormat>,
): string {
  return instances(numbers(dtype, [], values), 0, values.length, format);
}

describe('numbers', () => {
  test.each<[NumericType, (number | bigint)[], string]>([
    ['bool', [0, 1, 2], '[false,true,true]'],
    ['int8', [-128, 127], '[-128,127]'],
    ['uint8', [0, 255], '[0,255]'],
    ['int16', [-32768], '[-32768]'],
    ['uint16', [65535], '[65535]'],
    ['int32', [-2147483648, 2147483647], '[-2147483648,2147483647]'],
    ['uint32', [4294967295], '[4294967295]'],
    ['int64', [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n], '[-9223372036854775808,-1,0,9223372036854775807]'],
    ['int64', [-(2n ** 53n) + 1n, -(2n ** 32n), 2n ** 31n], '[-9007199254740991,-4294967296,2147483648]'],
    ['uint64', [2n ** 64n - 1n, 2n ** 53n + 1n], '[18446744073709551615,9007199254740993]'],
    ['uint64', [2n ** 32n, 2n ** 53n - 1n], '[4294967296,9007199254740991]'],
    ['float16', [0x3c00, 0x8000, 0x2e66, 0x7bff], '[1.0,-0.0,0.0999755859375,65504.0]'],
    [
      'float32',
      [1.1, 2, 0.1, -0, 2 ** 70],
      '[1.100000023841858,2.0,0.10000000149011612,-0.0,1.1805916207174113e+21]',
    ],
    ['float64', [1.1, -2, 1e20, 1e21, 1e-7, 5e-324], '[1.1,-2.0,100000000000000000000.0,1e+21,1e-7,5e-324]'],
  ])('of %s', (dtype, values, text) => {
    expect(written(dtype, values)).toBe(text);
    // More neighbours than are written one by one.
    const many = Array.from({ length: 10 }, () => values).flat();
    expect(written(dtype, many)).toBe(`[${Array(10).fill(text.slice(1, -1)).join()}]`);
  });

  test('lose the point of whole floats where told to, and keep the sign of zero', () => {
    const format = { wholeFloats: false };
    expect(written('float32', [2, -0, 0, 0.5], format)).toBe('[2,-0.0,0,0.5]');
    expect(written('float64', [2, 3], format)).toBe('[2,3]');
  });

  test('that JSON does not have are written as the caller wants', () => {
    const values = [1.5, NaN, Infinity, -Infinity];
    expect(written('float32', values)).toBe('[1.5,null,null,null]');
    expect(written('float64', values, { nonFinite: 'token' })).toBe('[1.5,NaN,Infinity,-Infinity]');
    expect(written('float16', [0x7e00, 0xfc00], { nonFinite: 'token' })).toBe('[NaN,-Infinity]');
    expect(() => written('float32', values, { nonFinite: 'refuse' })).toThrow(
      'element 1: expected a finite number, given NaN',
    );
  });
});

describe('shapes', () => {
  const column = numbers(
    'int8',
    [2, 3],
    Array.from({ length: 18 }, (_, i) => i),
  );

  test('nest the elements of a range of instances', () => {
    expect(instances(column, 0, 2)).toBe('[[[0,1,2],[3,4,5]],[[6,7,8],[9,10,11]]]');
    expect(instances(column, 2, 3)).toBe('[[[12,13,14],[15,16,17]]]');
    expect(instances(column, 1, 1)).toBe('[]');
  });

  test('of one instance stand alone', () => {
    expect(textOf((text) => writeInstance(column, 1, plain, text))).toBe('[[6,7,8],[9,10,11]]');
    const scalars = numbers('float32', [], [1, 2]);
    expect(textOf((text) => writeInstance(scalars, 1, plain, text))).toBe('2.0');
  });

  test('are left out of a flat list', () => {
    expect(textOf((text) => writeElements(column, 1, 3, plain, text))).toBe(
      '[6,7,8,9,10,11,12,13,14,15,16,17]',
    );
    const none = numbers('int8', [2, 0], []);
    expect(textOf((text) => writeElements(none, 0, 3, plain, text))).toBe('[]');
  });

  test('are the same over segments', () => {
    const segments = [Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5, 6), Uint8Array.of(7, 8)];
    const split = numericColumn('x', 'uint8', [2], segments);
    expect(instances(split, 0, 4)).toBe('[[1,2],[3,4],[5,6],[7,8]]');
    expect(instances(split, 1, 3)).toBe('[[3,4],[5,6]]');
  });

  test('without elements are lists down to the axis that is empty', () => {
    expect(instances(numbers('int8', [2, 0], []), 0, 2)).toBe('[[[],[]],[[],[]]]');
    expect(instances(numbers('float32', [0, 4], []), 0, 1)).toBe('[[]]');
    expect(() => instances(numbers('int8', [4_000_000_000, 0], []), 0, 1)).toThrow(
      'expected at most 1048576 empty lists, given those of shape [1,4000000000,0]',
    );
  });

  test('of big columns come in pieces that together are the text', () => {
    for (const shape of [[30_000], [3, 10_000], [10_000, 3], [30_000, 1], [1, 8192]]) {
      const count = elementCount(shape)!;
      const values = Array.from({ length: count }, (_, i) => i);
      const big = numbers('int32', shape, values);
      const pieces = piecesOf((text) => writeInstances(big, 0, 1, plain, text));
      expect(pieces.length > 1).toBe(count > 10_000);
      const parsed = JSON.parse(Buffer.concat(pieces).toString()) as unknown[];
      expect(parsed.flat(2)).toEqual(values);
      expect(instances(numbers('int32', shape, values), 0, 1)).toBe(JSON.stringify(parsed));
    }
  });
});

test('whatever tensor is written is read back as it was', () => {
  const cases = fc.constantFrom<NumericType>(
    'bool',
    'int8',
    'uint16',
    'int32',
    'int64',
    'uint64',
    'float16',
    'float32',
    'float64',
  );
  const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(
      cases,
      shapes,
      fc.integer({ min: 1, max: 3 }),
      fc.infiniteStream(fc.nat(255)),
      (dtype, shape, count, stream) => {
        const constructor = typedArrayConstructor(dtype);
        const bytes = asBytes(new constructor(count * elementCount(shape)!));
        for (let i = 0; i < bytes.length; i++)
          bytes[i] = dtype === 'bool' ? stream.next().value! & 1 : stream.next().value!;
        const column = numericColumn('x', dtype, shape, [bytes]);
        const cursor = new JsonCursor(Buffer.from(instances(column, 0, count, { nonFinite: 'token' })), {
          nonFinite: true,
        });
        const tensor = now(new JsonTensorReader(cursor, { maxElements: 1000 }).read());
        cursor.end();
        expect(tensor.shape).toEqual([count, ...shape]);
        expect(comparable(dtype, now(numericBytes(tensor.leaves, dtype)))).toEqual(comparable(dtype, bytes));
      },
    ),
    { numRuns: 300 },
  );
});

/** Comparable elements: any NaN is NaN. */
function comparable(dtype: NumericType, bytes: Uint8Array): readonly (number | bigint)[] {
  const constructor = typedArrayConstructor(dtype);
  const elements: TypedArray = new constructor(
    Uint8Array.from(bytes).buffer,
    0,
    bytes.length / elementWidth(dtype),
  );
  return dtype === 'float16' ? Array.from(elements as Uint16Array, float16Value) : [...elements];
}

describe('texts', () => {
  const texts = (dtype: 'string' | 'bytes', shape: number[], elements: (string | number[])[]) =>
    bytesColumn(
      's',
      dtype,
      shape,
      elements.map((element) => Buffer.from(element as string)),
    );

  test('are escaped, and nested by shape', () => {
    const column = texts('string', [2], ['a"\\\n\0', 'é😀\u2028', '', 'b']);
    expect(instances(column, 0, 2)).toBe('[["a\\"\\\\\\n\\u0000","é😀\u2028"],["","b"]]');
    expect(instances(column, 1, 2)).toBe('[["","b"]]');
    const two = texts('string', [], ['a', 'b']);
    expect(textOf((text) => writeInstance(two, 1, plain, text))).toBe('"b"');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 200 }), (list) => {
        expect(JSON.parse(instances(texts('string', [], list), 0, list.length))).toEqual(list);
      }),
    );
  });

  test('that are long are written in parts, cut between characters', () => {
    const long = 'é😀"\u0001€a'.repeat(20_000);
    const column = texts('string', [], ['a', long, 'b', long]);
    expect(JSON.parse(instances(column, 0, 4))).toEqual(['a', long, 'b', long]);
    const bytes = Buffer.alloc(200_001, 'xyz');
    const [first] = JSON.parse(instances(bytesColumn('x', 'bytes', [], [bytes]), 0, 1)) as { b64: string }[];
    expect(Buffer.from(first!.b64, 'base64')).toEqual(bytes);
  });

  test('that are no UTF-8 are refused or written as base64', () => {
    const column = texts('string', [], ['a', [0xff, 0xfe]]);
    expect(() => instances(column, 0, 2)).toThrow('element 1: expected UTF-8, given other bytes');
    expect(instances(column, 0, 2, { invalidText: 'base64' })).toBe('["a",{"b64":"//4="}]');
  });

  test('of bytes are base64, or text where told to', () => {
    const column = texts('bytes', [], ['a', [0xff]]);
    expect(instances(column, 0, 2)).toBe('[{"b64":"YQ=="},{"b64":"/w=="}]');
    expect(instances(column, 0, 2, { bytes: 'text', invalidText: 'base64' })).toBe('["a",{"b64":"/w=="}]');
    expect(() => instances(column, 0, 2, { bytes: 'text' })).toThrow('element 1: expected UTF-8');
  });
});
