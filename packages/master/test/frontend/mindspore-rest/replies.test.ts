/** Outcomes as replies: numbers that stay what they are, and MindSpore Serving's rules for errors. */
import { expect, test } from '@jest/globals';
import {
  Block,
  bytesColumn,
  float16Bits,
  numericColumn,
  ServingError,
  type Column,
  type ErrorCode,
  type NumericType,
} from '@serving/common';
import type { CollectedOutcome } from '../../../src/call/reply-collector.js';
import { atOnce } from '../../support/slices.js';
import { writeReply } from '../../../src/frontend/mindspore-rest/serialize.js';

function written(...outcomes: CollectedOutcome[]): string {
  return Buffer.concat(atOnce(writeReply(outcomes))).toString();
}

function succeeded(first: number, count: number, columns: readonly Column[]): CollectedOutcome {
  return { first, count, outcome: { ok: true, outputs: new Block(count, columns).all() } };
}

function failed(first: number, count: number, message: string, code: ErrorCode = 'STAGE_FAILED') {
  return { first, count, outcome: { ok: false, error: new ServingError(code, message) } } as const;
}

function column(dtype: NumericType, shape: readonly number[], elements: ArrayBufferView): Column {
  const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return numericColumn('y', dtype, shape, [bytes]);
}

test.each([
  ['float32', Float32Array.of(2, -0.5, 1.1, 1e10, 3e38, -0), '2.0,-0.5,1.100000023841858,10000000000.0'],
  ['float32', Float32Array.of(NaN, Infinity, -Infinity), 'null,null,null'],
  ['float64', Float64Array.of(2, 1.1, 1e21, 5e-324), '2.0,1.1,1e+21,5e-324'],
  ['float16', Uint16Array.of(float16Bits(2), float16Bits(0.1)), '2.0,0.0999755859375'],
  ['int64', BigInt64Array.of(-(2n ** 63n), 9_007_199_254_740_993n), '-9223372036854775808,9007199254740993'],
  ['uint64', BigUint64Array.of(2n ** 64n - 1n, 0n), '18446744073709551615,0'],
  ['int8', Int8Array.of(-128, 127), '-128,127'],
  ['uint32', Uint32Array.of(2 ** 32 - 1), '4294967295'],
  ['bool', Uint8Array.of(0, 1), 'false,true'],
] as const)('%s is written so that it can be read as what it is', (dtype, elements, text) => {
  const one = column(dtype, [elements.length], elements);
  expect(written(succeeded(0, 1, [one]))).toContain(`{"instances":[{"y":[${text}`);
});

test('shapes become lists, scalars none', () => {
  const floats = Float32Array.of(1, 2, 3, 4);
  expect(written(succeeded(0, 4, [column('float32', [], floats)]))).toBe(
    '{"instances":[{"y":1.0},{"y":2.0},{"y":3.0},{"y":4.0}]}',
  );
  expect(written(succeeded(0, 2, [column('float32', [2, 1], floats)]))).toBe(
    '{"instances":[{"y":[[1.0],[2.0]]},{"y":[[3.0],[4.0]]}]}',
  );
  expect(written(succeeded(0, 1, [column('float32', [2, 0], new Float32Array(0))]))).toBe(
    '{"instances":[{"y":[[],[]]}]}',
  );
});

test('texts are strings and bytes base64; bytes that claim to be text and are none are base64 too', () => {
  const bytes = [Buffer.from('a"\n'), Buffer.from('größe')];
  const of = (dtype: 'string' | 'bytes', shape: readonly number[], elements: readonly Uint8Array[]) =>
    written(succeeded(0, elements.length / (shape[0] ?? 1), [bytesColumn('y', dtype, shape, elements)]));
  expect(of('string', [], bytes)).toBe('{"instances":[{"y":"a\\"\\n"},{"y":"größe"}]}');
  expect(of('string', [1], bytes)).toBe('{"instances":[{"y":"a\\"\\n"},{"y":"größe"}]}');
  expect(of('string', [2], bytes)).toBe('{"instances":[{"y":["a\\"\\n","größe"]}]}');
  expect(of('bytes', [], [Uint8Array.of(1, 2, 3)])).toBe('{"instances":[{"y":{"b64":"AQID"}}]}');
  expect(of('string', [], [Uint8Array.of(0xff)])).toBe('{"instances":[{"y":{"b64":"/w=="}}]}');
});

test('several outputs keep their names, whatever these are', () => {
  const named = (name: string) => ({ ...column('int32', [], Int32Array.of(1)), name });
  expect(written(succeeded(0, 1, ['a"b', '__proto__', 'größe'].map(named)))).toBe(
    '{"instances":[{"a\\"b":1,"__proto__":1,"größe":1}]}',
  );
});

test('errors stand in place of the instances that failed', () => {
  const one = (value: number) => [column('int32', [], Int32Array.of(value))];
  expect(
    written(failed(0, 2, 'a'), succeeded(2, 1, one(1)), failed(3, 1, '"b"'), succeeded(4, 1, one(2))),
  ).toBe('{"instances":[{"error_msg":"a"},{"error_msg":"a"},{"y":1},{"error_msg":"\\"b\\""},{"y":2}]}');
});

test('a large reply comes in pieces', () => {
  const big = column(
    'float64',
    [200_000],
    Float64Array.from({ length: 200_000 }, (_, i) => i / 7),
  );
  const pieces = atOnce(writeReply([succeeded(0, 1, [big])]));
  expect(pieces.length).toBeGreaterThan(10);
  const { instances } = JSON.parse(Buffer.concat(pieces).toString()) as { instances: { y: number[] }[] };
  expect(instances[0]!.y).toHaveLength(200_000);
  expect(instances[0]!.y[199_999]).toBe(199_999 / 7);
});

test('many small instances come in order', () => {
  const many = column(
    'int32',
    [],
    Int32Array.from({ length: 5000 }, (_, i) => i),
  );
  const text = written(succeeded(0, 5000, [many]));
  const { instances } = JSON.parse(text) as { instances: { y: number }[] };
  expect(instances.map(({ y }) => y)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test('outputs that JSON cannot hold are an error of their own', () => {
  const empty = column('float32', [2000, 2000, 0], new Float32Array(0));
  expect(() => atOnce(writeReply([succeeded(0, 1, [empty])]))).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^Failed to construct the response: .*expected at most/),
    }),
  );
});
