import { describe, expect, test } from '@jest/globals';
import { mindspore, Tensor } from '@serving/common';
import { InferError } from '../../src/infer-error.js';
import type { InferResult } from '../../src/infer-result.js';
import { decodeReply } from '../../src/wire/decode-reply.js';
import { wireError, wireFloats, wireInstance, wireSingle, wireTensor } from '../support/wire-values.js';

const { DataType } = mindspore;

function decoded(reply: Partial<mindspore.PredictReply>, count: number): InferResult[] {
  const whole = { servableSpec: undefined, instances: [], errorMsg: [], ...reply };
  return decodeReply(mindspore.PredictReply.encode(whole).finish(), count);
}

function onlyOutput(item: mindspore.Tensor): InferResult {
  return decoded({ instances: [wireInstance([['y', item]])] }, 1)[0]!;
}

const unreadable: [string, mindspore.Tensor, string][] = [
  [
    'data of another length',
    wireTensor(DataType.MS_INT64, [2], new Uint8Array(15)),
    'expected 16 bytes for int64 [2], given 15',
  ],
  [
    'no data',
    { ...wireFloats([1], [1]), tensorData: undefined },
    'expected 4 bytes for float32 [1], given 0',
  ],
  [
    'a negative dimension',
    wireTensor(DataType.MS_INT8, [-1], new Uint8Array(0)),
    'expected a shape of whole dimensions, given [-1]',
  ],
  [
    'an unknown type',
    wireTensor(99 as mindspore.DataType, [], new Uint8Array(4)),
    'expected a known data type, given type number 99',
  ],
  [
    'two strings',
    wireSingle(DataType.MS_STRING, Buffer.from('a'), Buffer.from('b')),
    'expected one string value, given 2',
  ],
  ['no bytes', wireSingle(DataType.MS_BYTES), 'expected one bytes value, given 0'],
  [
    'a string that is no text',
    wireSingle(DataType.MS_STRING, Uint8Array.of(0xff)),
    'expected UTF-8 text, given 1 bytes that are not',
  ],
  [
    'shared memory',
    {
      ...wireFloats([1], [1]),
      tensorData: {
        $case: 'shmData' as const,
        value: { memoryKey: 'k', bytesSize: 4n, dataOffset: 0n, dataSize: 4n },
      },
    },
    'given a reference to shared memory',
  ],
];

describe('outputs', () => {
  test('are tensors, strings and bytes by name', () => {
    const items: [string, mindspore.Tensor][] = [
      ['y', wireFloats([1, 2], [1, 2])],
      ['label', wireSingle(DataType.MS_STRING, Buffer.from('\ufeffé'))],
      ['image', wireSingle(DataType.MS_BYTES, Uint8Array.of(1, 2))],
    ];
    const [result] = decoded({ instances: [wireInstance(items)] }, 1);
    if (!result?.ok) throw new Error('failed');
    const { y, label, image } = result.outputs;
    expect(y).toBeInstanceOf(Tensor);
    expect((y as Tensor).toNested()).toEqual([[1, 2]]);
    expect(label).toBe('\ufeffé');
    expect(image).toEqual(Uint8Array.of(1, 2));
    expect(Buffer.isBuffer(image)).toBe(false);
  });

  test('keep a name such as __proto__', () => {
    const [result] = decoded({ instances: [wireInstance([['__proto__', wireFloats([], [1])]])] }, 1);
    expect(result!.ok && Object.keys(result!.outputs)).toEqual(['__proto__']);
  });

  test('an empty tensor may come without data', () => {
    const result = onlyOutput({ ...wireFloats([0], []), tensorData: undefined });
    expect(result.ok && (result.outputs['y'] as Tensor).shape).toEqual([0]);
  });

  test.each(unreadable)('with %s fail their instance', (_what, item, message) => {
    const reply = { instances: [wireInstance([['y', item]]), wireInstance([['y', wireFloats([], [1])]])] };
    const [bad, good] = decoded(reply, 2);
    expect(bad).toMatchObject({ ok: false, error: { code: 'BAD_REPLY', grpcStatus: 0, retryable: false } });
    expect(!bad!.ok && bad!.error.message).toContain(`output 'y' of the reply: `);
    expect(!bad!.ok && bad!.error.message).toContain(message);
    expect(good!.ok).toBe(true);
  });
});

describe('errors', () => {
  const good = wireInstance([['y', wireFloats([], [1])]]);
  const none = wireInstance([]);

  test('one error an instance stands in its place', () => {
    const results = decoded(
      {
        instances: [good, none, good],
        errorMsg: [wireError(0, ''), wireError(2, 'bad x'), wireError(0, '')],
      },
      3,
    );
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ error: { code: 'INVALID_INPUTS', message: 'bad x', grpcStatus: 0 } });
  });

  test('an error of the whole request stands in every place', () => {
    const results = decoded({ errorMsg: [wireError(5, 'gone')] }, 2);
    expect(results).toEqual([
      { ok: false, error: expect.any(InferError) },
      { ok: false, error: expect.any(InferError) },
    ]);
    expect(results[1]).toMatchObject({
      error: { code: 'SERVABLE_UNAVAILABLE', message: 'gone', retryable: true },
    });
  });

  test('a list of errors needs no instances beside it when all failed', () => {
    const results = decoded({ errorMsg: [wireError(1, 'a'), wireError(3, 'b')] }, 2);
    expect(results.map((result) => !result.ok && `${result.error.code} ${result.error.message}`)).toEqual([
      'FAILED a',
      'SYSTEM_ERROR b',
    ]);
  });

  test.each([
    [1, 'Predict failed', 'FAILED', false],
    [1, 'Serving Error: enqueued requests count exceeds the limit 100', 'FAILED', true],
    [4, 'Servable stopped', 'WORKER_UNAVAILABLE', true],
    [77, 'from the future', 'FAILED', false],
  ])('code %i with "%s" is %s', (code, text, name, retryable) => {
    const [result] = decoded({ errorMsg: [wireError(code, text)] }, 1);
    expect(result).toMatchObject({ ok: false, error: { code: name, message: text, retryable } });
  });

  test('an error without a text gets one', () => {
    expect(decoded({ errorMsg: [wireError(1, '')] }, 1)[0]).toMatchObject({
      error: { message: 'the server gave no reason' },
    });
  });
});

describe('a reply that does not answer the request is refused', () => {
  const some = wireInstance([]);
  test.each([
    ['nothing', {}, 1],
    ['too few instances', { instances: [some] }, 2],
    ['too many instances', { instances: [some, some] }, 1],
    ['one success without an instance', { errorMsg: [wireError(0, '')] }, 1],
    ['fewer errors than instances', { instances: [some, some], errorMsg: [wireError(1, 'a')] }, 2],
    ['a success without its instance', { errorMsg: [wireError(0, ''), wireError(1, 'a')] }, 2],
  ])('%s', (_what, reply, count) => {
    expect(() => decoded(reply, count)).toThrow(/the reply does not fit the request: expected \d instances/);
    expect(() => decoded(reply, count)).toThrow(expect.objectContaining({ code: 'BAD_REPLY' }));
  });
});

test('bytes that are no message are refused', () => {
  const decode = () => decodeReply(Uint8Array.of(0x1a, 0xff, 0xff, 0xff, 0x7f), 1);
  expect(decode).toThrow('the reply cannot be read: expected a PredictReply message');
  expect(decode).toThrow(expect.objectContaining({ code: 'BAD_REPLY', cause: expect.anything() }));
});
