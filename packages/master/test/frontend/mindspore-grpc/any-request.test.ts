import { expect, test } from '@jest/globals';
import {
  dataTypes,
  dataTypeToWire,
  elementWidth,
  isNumericType,
  mindspore,
  ServingError,
} from '@serving/common';
import fc from 'fast-check';
import { setUp } from '../../support/grpc-frontend.js';
import { readReply, wireInstance, wireRequest, wireTensor, wireText } from '../../support/wire.js';

interface Case {
  readonly instance: mindspore.Instance;
  /** The output, or the start of the error's text. */
  readonly output?: string;
  readonly error?: RegExp;
}

const shape = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
const validCase: fc.Arbitrary<Case> = fc.constantFrom(...dataTypes).chain((dtype) => {
  if (!isNumericType(dtype)) {
    return fc
      .record({ value: fc.uint8Array({ maxLength: 5 }), dims: fc.constantFrom<bigint[]>([], [1n]) })
      .map(({ value, dims }) => ({
        instance: wireInstance([
          ['x', { shape: { dims }, dtype: dataTypeToWire(dtype), tensorData: undefined, bytesVal: [value] }],
        ]),
        output: `x:${dtype}[]=${Buffer.from(value).toString('hex')}`,
      }));
  }
  return shape.chain((dims) => {
    const length = dims.reduce((product, dimension) => product * dimension, 1) * elementWidth(dtype);
    return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({
      instance: wireInstance([
        ['ignored', wireTensor(0, [-1], data)],
        ['x', wireTensor(dataTypeToWire(dtype), dims, data)],
      ]),
      output: `x:${dtype}[${dims.join(',')}]=${Buffer.from(data).toString('hex')}`,
    }));
  });
});
const { MS_INT32, MS_BYTES } = mindspore.DataType;
const badTensor = /^Instances input x check failed, detail: /;
const invalidCase: fc.Arbitrary<Case> = fc.constantFrom(
  {
    instance: wireInstance([]),
    error: /^Cannot find input x in instance input , servable add, method predict; /,
  },
  { instance: wireInstance([['X', wireText('a')]]), error: /^Cannot find input x .*given: X$/ },
  { instance: wireInstance([['x', wireTensor(MS_INT32, [2], new Uint8Array(7))]]), error: badTensor },
  { instance: wireInstance([['x', wireTensor(MS_INT32, [0, 2], new Uint8Array(0))]]), error: badTensor },
  { instance: wireInstance([['x', wireTensor(MS_BYTES, [], new Uint8Array(1))]]), error: badTensor },
  { instance: wireInstance([['x', wireTensor(0, [], new Uint8Array(0))]]), error: badTensor },
  { instance: wireInstance([['x', wireText('a', [2])]]), error: badTensor },
);

test('any mix of valid and invalid instances has each outcome in its place', async () => {
  const { predict } = setUp();
  const mix = fc.array(fc.oneof({ weight: 3, arbitrary: validCase }, invalidCase), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(mix, fc.boolean(), async (cases, legacy) => {
      const instances = cases.map(({ instance }) => instance);
      const servableSpec = { name: 'add', methodName: 'predict', versionNumber: 0n };
      const lists = legacy
        ? { instances: [], legacyInstances: instances }
        : { instances, legacyInstances: [] };
      const reply = await predict(mindspore.PredictRequest.encode({ servableSpec, ...lists }).finish());
      const texts = reply.errors.map(({ text }) => text);
      if (reply.errors.length === 1 && cases.length > 1) {
        // All failed alike.
        for (const { error } of cases) expect(texts[0]).toMatch(error!);
        expect(reply.outputs).toEqual([]);
        return;
      }
      const anyFailed = cases.some(({ error }) => error !== undefined);
      expect(texts.length).toBe(anyFailed ? cases.length : 0);
      if (cases.length > 1 || !anyFailed) expect(reply.outputs).toEqual(cases.map(({ output }) => output));
      for (const [i, { error }] of cases.entries()) {
        if (anyFailed) expect(texts[i]).toMatch(error ?? /^$/);
        if (anyFailed) expect(reply.errors[i]?.code).toBe(error === undefined ? 0 : 2);
      }
    }),
    { numRuns: 150 },
  );
});

/** Requests with bits turned over, bytes cut out or put in: close enough to valid ones to get far. */
const mutated = fc
  .record({
    cases: fc.array(fc.oneof(validCase, invalidCase), { minLength: 1, maxLength: 3 }),
    flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 6 }),
    cut: fc.tuple(fc.nat(), fc.nat(4)),
    put: fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 4 })),
  })
  .map(({ cases, flips, cut, put }) => {
    const message = Buffer.from(wireRequest(cases.map(({ instance }) => instance)));
    for (const [at, mask] of flips) message[at % message.length]! ^= mask;
    const [from, length] = [cut[0] % message.length, cut[1]];
    const shorter = Buffer.concat([message.subarray(0, from), message.subarray(from + length)]);
    const at = put[0] % (shorter.length + 1);
    return Buffer.concat([shorter.subarray(0, at), put[1], shorter.subarray(at)]);
  });

test('whatever bytes come, the answer is a reply of the protocol or INVALID_ARGUMENT', async () => {
  const { send } = setUp();
  const seen = { replies: 0, refused: 0 };
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), { weight: 4, arbitrary: mutated });
  await fc.assert(
    fc.asyncProperty(bytes, async (message) => {
      try {
        const { status, body } = await send(message);
        const { outputs, errors } = readReply(body[0]!);
        expect([status, outputs.length + errors.length > 0]).toEqual([0, true]);
        expect(errors.filter(({ text }) => text.startsWith('internal error'))).toEqual([]);
        seen.replies++;
      } catch (thrown) {
        if (!(thrown instanceof ServingError)) throw thrown;
        expect([thrown.code, thrown.grpcStatus]).toEqual(['BAD_REQUEST', 3]);
        seen.refused++;
      }
    }),
    { numRuns: 500 },
  );
  expect(Math.min(seen.replies, seen.refused)).toBeGreaterThan(50);
});
