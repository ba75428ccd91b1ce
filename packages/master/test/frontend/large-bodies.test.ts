/** Large bodies of every protocol that speaks JSON are read and written with pauses, small ones without. */
import { describe, expect, test } from '@jest/globals';
import {
  Block,
  bytesColumn,
  numericColumn,
  systemClock,
  type Column,
  type MethodSignature,
} from '@serving/common';
import type { CollectedOutcome } from '../../src/call/reply-collector.js';
import { readRequest } from '../../src/frontend/inference-json/deserialize.js';
import { inferResult } from '../../src/frontend/inference-json/serialize.js';
import { membersGiven } from '../../src/frontend/inference-json/small-requests.js';
import { readBody } from '../../src/frontend/mindspore-rest/deserialize.js';
import { writeReply } from '../../src/frontend/mindspore-rest/serialize.js';
import { decodePredict } from '../../src/frontend/tensorflow-rest/deserialize.js';
import { writeAnswer } from '../../src/frontend/tensorflow-rest/serialize.js';
import { inputsOf } from '../../src/frontend/tensorflow-rest/validate.js';
import { SliceLoop } from '../../src/slices/slice-loop.js';
import { textOfSlice, type Slices } from '../../src/slices/slices.js';
import { withPauses } from '../support/slices.js';

const method: MethodSignature = {
  name: 'm',
  inputs: [{ name: 'x', dtype: 'int64' }],
  outputs: [{ name: 'y' }],
  modelBatchSize: 0,
  idempotent: true,
};

type Read = (body: Buffer) => Slices<unknown>;
const mindspore: Read = (body) => readBody(body, { servable: 's', method }, 8192);
const inference: Read = (body) => readRequest({ model: 's', version: '' }, body, body.length);
const tensorflow: Read = function* (body) {
  return yield* inputsOf(method, yield* decodePredict(body));
};
const settings: Read = (body) => membersGiven(body);
/** Of values that are given by name, which is not looked at further. */
const decoded: Read = (body) => decodePredict(body);

const list = (part: string, count: number) => `[${Array<string>(count).fill(part).join(',')}]`;
const elements = (count: number) => `"datatype":"INT64","shape":[${count}],"data":${list('12345678', count)}`;
const base64 = (count: number) => Buffer.alloc(3 * count, 'abc').toString('base64');

/** Bodies whose size is about ten bytes times the number. */
const requests: [what: string, read: Read, body: (count: number) => string][] = [
  ['MindSpore: a tensor', mindspore, (n) => `{"instances":[{"x":${list('12345678', n)}}]}`],
  ['MindSpore: instances', mindspore, (n) => `{"instances":${list('{"x":123}', n)}}`],
  ['MindSpore: instances that nobody takes', mindspore, (n) => `{"instances":${list('[1,[2,3]]', n)}}`],
  ['MindSpore: mistakes', mindspore, (n) => `{"instances":[{"x":[${list('1,23456', n)},[1]]}]}`],
  ['MindSpore: base64', mindspore, (n) => `{"instances":[{"x":{"b64":"${base64(2 * n)}"}}]}`],
  ['MindSpore: something else', mindspore, (n) => `{"more":${list('{"a":null}', n)},"instances":[{"x":1}]}`],
  ['Open Inference: a tensor', inference, (n) => `{"inputs":[{"name":"x",${elements(n)}}]}`],
  [
    'Open Inference: strings',
    inference,
    (n) => `{"inputs":[{"name":"x","datatype":"BYTES","shape":[${n}],"data":${list('"abcdefg"', n)}}]}`,
  ],
  ['Open Inference: dimensions', inference, (n) => `{"inputs":[{"shape":${list('123456789', n)}}]}`],
  ['Open Inference: an id', inference, (n) => `{"id":"${'é'.repeat(5 * n)}","inputs":[]}`],
  ['settings', settings, (n) => `{"a":${list('"abcdefg"', n)}}`],
  ['TensorFlow: a column', tensorflow, (n) => `{"inputs":${list('12345678', n)}}`],
  ['TensorFlow: a list of instances', tensorflow, (n) => `{"instances":${list('12345678', n)}}`],
  ['TensorFlow: named instances', tensorflow, (n) => `{"instances":${list('{"x":123}', n)}}`],
  ['TensorFlow: bytes', decoded, (n) => `{"inputs":{"b64":"${base64(2 * n)}"}}`],
  ['TensorFlow: a text', decoded, (n) => `{"inputs":["${'\\n'.repeat(5 * n)}"]}`],
];

const attempt = (work: Slices<unknown>) => {
  let pauses = 0;
  const counted = function* (): Slices<unknown> {
    try {
      for (let step = work.next(); ; step = work.next()) {
        if (step.done === true) return step.value;
        pauses++;
        yield;
      }
    } catch (thrown) {
      return thrown;
    }
  };
  withPauses(counted());
  return pauses;
};

describe.each(requests)('%s', (_what, read, body) => {
  test('is read with pauses, not far from one another, where it is large', () => {
    const large = Buffer.from(body(100_000));
    expect(attempt(read(large))).toBeGreaterThan(large.length / (8 * textOfSlice));
  });

  test('is read without a pause where it is small', () => {
    const small = Buffer.from(body(200));
    expect(attempt(read(small))).toBe(0);
  });
});

test('what is read with pauses is what was given', () => {
  const values = Array.from({ length: 300_000 }, (_, i) => i * 7919 - 1_000_000);
  const { result, pauses } = withPauses(
    readRequest(
      { model: 's', version: '' },
      Buffer.from(
        JSON.stringify({ inputs: [{ name: 'x', datatype: 'INT64', shape: [300_000], data: values }] }),
      ),
      JSON.stringify({ inputs: [{ name: 'x', datatype: 'INT64', shape: [300_000], data: values }] }).length,
    ),
  );
  const { buffer, byteOffset, byteLength } = result.inputs[0]!.contents as Uint8Array;
  expect([...new BigInt64Array(buffer as ArrayBuffer, byteOffset, byteLength / 8)].map(Number)).toEqual(
    values,
  );
  expect(pauses).toBeGreaterThan(100);
});

test.each([
  ['{"b64":"', '"}'],
  ['"', '"'],
])('a long string, %s…%s, is what was given', (begin, end) => {
  const text = Buffer.alloc(3_000_000, 'aé\n😀"').toString('utf8').replaceAll('\ufffd', '');
  const bytes = Buffer.from(text);
  const written = begin === '"' ? JSON.stringify(text) : `${begin}${bytes.toString('base64')}${end}`;
  const { result, pauses } = withPauses(decodePredict(Buffer.from(`{"inputs":[${written}]}`)));
  const { leaves } = result.inputs as { leaves: { values: readonly Uint8Array[] } };
  expect(Buffer.compare(leaves.values[0]!, bytes)).toBe(0);
  expect(pauses).toBeGreaterThan(10);
});

type Write = (column: Column, count: number) => Slices<unknown>;
const outcomes = (column: Column, count: number): CollectedOutcome[] => [
  { first: 0, count, outcome: { ok: true, outputs: new Block(count, [column]).all() } },
];
const writers: [what: string, write: Write][] = [
  ['MindSpore', (column, count) => writeReply(outcomes(column, count))],
  ['TensorFlow, rows', (column, count) => writeAnswer('row', method, outcomes(column, count))],
  [
    'TensorFlow, columns',
    (column, count) => writeAnswer('column', { ...method, batched: true }, outcomes(column, count)),
  ],
  [
    'Open Inference',
    (column, count) => {
      const { dtype, shape } = column;
      const ranges = [{ column, from: 0, to: count }];
      const outputs = [{ name: 'y', dtype, shape: [count, ...shape], ranges }];
      return inferResult({ id: '', model: 'm', version: 1, outputs }, () => false);
    },
  ],
];
const floats = (count: number) =>
  new Uint8Array(Float32Array.from({ length: count }, (_, i) => Math.sin(i)).buffer);
const columns: [what: string, column: (n: number) => Column, count: (n: number) => number][] = [
  ['a tensor', (n) => numericColumn('y', 'float32', [n], [floats(n)]), () => 1],
  ['pairs', (n) => numericColumn('y', 'float32', [n, 2], [floats(2 * n)]), () => 1],
  ['several pieces', (n) => numericColumn('y', 'float32', [2], [floats(n), floats(n)]), (n) => n],
  ['instances', (n) => numericColumn('y', 'float32', [], [floats(n)]), (n) => n],
  [
    'texts',
    (n) => bytesColumn('y', 'string', [], Array<Uint8Array>(n).fill(Buffer.from('some text'))),
    (n) => n,
  ],
  ['a long text', (n) => bytesColumn('y', 'string', [], [Buffer.alloc(10 * n, 'a text')]), () => 1],
  ['long bytes', (n) => bytesColumn('y', 'bytes', [], [Buffer.alloc(10 * n, 'text')]), () => 1],
];

describe.each(writers)('%s', (_what, write) => {
  test.each(columns)(
    '%s are written with pauses where they are large, else without',
    (_kind, column, count) => {
      const bytes = ({ result }: { result: unknown }) =>
        (result as Uint8Array[] | { body: Uint8Array[] } as { body?: Uint8Array[] }).body ??
        (result as Uint8Array[]);
      const large = withPauses(write(column(100_000), count(100_000)));
      const size = bytes(large).reduce((sum, { length }) => sum + length, 0);
      expect(large.pauses).toBeGreaterThan(size / (12 * textOfSlice));
      expect(() => JSON.parse(Buffer.concat(bytes(large)).toString())).not.toThrow();
      expect(withPauses(write(column(100), count(100))).pauses).toBe(0);
    },
  );
});

test.each([
  ['reading', () => mindspore(Buffer.from(`{"instances":[{"x":${list('12345678', 1_000_000)}}]}`))],
  ['writing', () => writeReply(outcomes(numericColumn('y', 'float32', [1_000_000], [floats(1_000_000)]), 1))],
])('while %s is going on, the event loop turns', async (_what, work) => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const result = new SliceLoop(systemClock).run(work(), { aborted: false, onAbort: () => undefined });
  expect(result).toBeInstanceOf(Promise);
  await result;
  isOver = true;
  expect(turns).toBeGreaterThan(3);
});
