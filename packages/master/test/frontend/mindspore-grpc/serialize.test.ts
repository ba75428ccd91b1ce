import { expect, test } from '@jest/globals';
import {
  asBytes,
  Block,
  bytesColumn,
  dataTypes,
  dataTypeToWire,
  elementWidth,
  isNumericType,
  mindspore,
  numericColumn,
  ServingError,
  type Column,
} from '@serving/common';
import type { CollectedOutcome } from '../../../src/call/reply-collector.js';
import { ReplyWriter, writeFailure } from '../../../src/frontend/mindspore-grpc/serialize.js';
import { noSpec, wireSpecOf } from '../../../src/frontend/mindspore-grpc/spec-reader.js';
import { readReply, wireSpec } from '../../support/wire.js';

function succeeded(first: number, columns: readonly Column[], count: number): CollectedOutcome {
  return { first, count, outcome: { ok: true, outputs: new Block(count, columns).all() } };
}

function texts(first: number, ...values: string[]): CollectedOutcome {
  const elements = values.map((value) => Buffer.from(value));
  return succeeded(first, [bytesColumn('y', 'string', [], elements)], values.length);
}

function failed(first: number, count: number, error: ServingError): CollectedOutcome {
  return { first, count, outcome: { ok: false, error } };
}

const writer = new ReplyWriter();

function echoOf(spec: mindspore.ServableSpec | undefined): Uint8Array {
  return spec === undefined ? noSpec.echo : wireSpecOf(spec).echo;
}

function writeReply(spec: mindspore.ServableSpec | undefined, outcomes: readonly CollectedOutcome[]) {
  return writer.write(echoOf(spec), outcomes);
}

const stage = (message: string) => new ServingError('STAGE_FAILED', message);

test('when all succeed there is no list of errors', () => {
  expect(readReply(writeReply(wireSpec(), [texts(0, 'a', 'b'), texts(2, 'c')]))).toEqual({
    spec: wireSpec(),
    outputs: ['a', 'b', 'c'],
    errors: [],
  });
});

test('when some fail there is an entry per instance, code 0 for those that succeeded', () => {
  const reply = readReply(writeReply(wireSpec(), [texts(0, 'a'), failed(1, 2, stage('no')), texts(3, 'd')]));
  const no = { code: 3, text: 'no' };
  const good = { code: 0, text: '' };
  expect([reply.outputs, reply.errors]).toEqual([
    ['a', undefined, undefined, 'd'],
    [good, no, no, good],
  ]);
});

test('when all fail alike there is one error and no instances', () => {
  for (const outcomes of [
    [failed(0, 1, stage('no'))],
    [failed(0, 2, stage('no')), failed(2, 3, stage('no'))],
  ])
    expect(readReply(writeReply(wireSpec(), outcomes))).toEqual({
      spec: wireSpec(),
      outputs: [],
      errors: [{ code: 3, text: 'no' }],
    });
});

test('when all fail but differ in text or code there is an entry per instance', () => {
  for (const [other, code] of [
    [stage('never'), 3],
    [new ServingError('QUEUE_FULL', 'no'), 1],
  ] as const) {
    const { outputs, errors } = readReply(
      writeReply(undefined, [failed(0, 1, stage('no')), failed(1, 2, other)]),
    );
    const entry = { code, text: other.message };
    expect(outputs).toEqual([undefined, undefined, undefined]);
    expect(errors).toEqual([{ code: 3, text: 'no' }, entry, entry]);
  }
});

test('errors of different codes that the protocol gives one number collapse when their text is the same', () => {
  const outcomes = [failed(0, 1, stage('no')), failed(1, 1, new ServingError('INTERNAL', 'no'))];
  expect(readReply(writeReply(undefined, outcomes)).errors).toEqual([{ code: 3, text: 'no' }]);
});

test('the spec is echoed as it came: version unresolved, absent when it was absent', () => {
  const odd = { name: 'größe', methodName: '', versionNumber: 2n ** 64n - 1n };
  for (const spec of [odd, wireSpec(), { name: '', methodName: '', versionNumber: 0n }, undefined]) {
    expect(readReply(writeReply(spec, [texts(0, 'a')])).spec).toEqual(spec);
    expect(readReply(writeFailure(echoOf(spec), stage('no')))).toEqual({
      spec,
      outputs: [],
      errors: [{ code: 3, text: 'no' }],
    });
  }
});

test('texts of errors arrive as UTF-8', () => {
  expect(readReply(writeFailure(noSpec.echo, stage('größer als 🙂'))).errors[0]?.text).toBe('größer als 🙂');
});

function decoded(outcomes: readonly CollectedOutcome[]): mindspore.Instance[] {
  return mindspore.PredictReply.decode(writeReply(undefined, outcomes)).instances;
}

test('each of the 14 types is written under its number, with its own shape and bytes per instance', () => {
  for (const dtype of dataTypes) {
    const wire: mindspore.DataType = dataTypeToWire(dtype);
    const width = elementWidth(dtype);
    const bytes = Uint8Array.from({ length: 2 * 6 * width + 1 }, (_, i) => i).subarray(1);
    const column = isNumericType(dtype)
      ? numericColumn('y', dtype, [2, 3], [bytes])
      : bytesColumn('y', dtype, [], [Buffer.from('first'), Buffer.from('second')]);
    const values = decoded([succeeded(0, [column], 2)]).map((instance) => instance.items.get('y'));
    const expected = (i: number) =>
      isNumericType(dtype)
        ? { shape: { dims: [2n, 3n] }, dtype: wire, data: bytes.subarray(i * 6 * width, (i + 1) * 6 * width) }
        : { shape: { dims: [] }, dtype: wire, data: Buffer.from(['first', 'second'][i]!) };
    expect(
      values.map((tensor) => ({
        shape: tensor?.shape,
        dtype: tensor?.dtype,
        data: tensor?.tensorData?.$case === 'data' ? tensor.tensorData.value : tensor?.bytesVal[0],
      })),
    ).toEqual([0, 1].map((i) => ({ ...expected(i), data: Buffer.from(expected(i).data) })));
  }
});

test('scalars and empty tensors keep their shape', () => {
  const columns = [
    numericColumn('scalar', 'float64', [], [asBytes(Float64Array.of(1.5))]),
    numericColumn('empty', 'int8', [3, 0], []),
  ];
  const items = decoded([succeeded(0, columns, 1)])[0]!.items;
  expect([items.get('scalar')?.shape?.dims, items.get('empty')?.shape?.dims]).toEqual([[], [3n, 0n]]);
  expect(items.get('empty')?.tensorData).toEqual({ $case: 'data', value: Buffer.alloc(0) });
});

test('outputs may come in many segments, from the middle of a block, and under any name', () => {
  const segments = [Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5, 6), Uint8Array.of(7, 8)];
  const block = new Block(4, [numericColumn('__proto__', 'uint8', [2], segments)]);
  const outcome: CollectedOutcome['outcome'] = { ok: true, outputs: { block, from: 1, to: 3 } };
  const values = decoded([{ first: 0, count: 2, outcome }]).map(
    (instance) => instance.items.get('__proto__')?.tensorData,
  );
  expect(values).toEqual([Buffer.of(3, 4), Buffer.of(5, 6)].map((value) => ({ $case: 'data', value })));
});

test('a text output of several elements has them all', () => {
  const elements = ['a', 'b', 'c', 'd'].map((text) => Buffer.from(text));
  const tensors = decoded([succeeded(0, [bytesColumn('y', 'string', [2], elements)], 2)]).map((instance) =>
    instance.items.get('y'),
  );
  expect(tensors.map((tensor) => tensor?.bytesVal.map((element) => Buffer.from(element).toString()))).toEqual(
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  );
  const none = decoded([succeeded(0, [bytesColumn('y', 'string', [0], [])], 1)])[0]!.items.get('y');
  expect([none?.bytesVal, none?.shape?.dims]).toEqual([[], [0n]]);
});
