/** Replies from a server that is broken or hostile: one result an instance, or an InferError that says BAD_REPLY. */
import { expect, test } from '@jest/globals';
import { dataTypes, dataTypeToWire, elementWidth, isNumericType, mindspore } from '@serving/common';
import fc from 'fast-check';
import { InferError } from '../../src/infer-error.js';
import { decodeReply } from '../../src/wire/decode-reply.js';
import { wireError, wireInstance } from '../support/wire-values.js';

const dims = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 3n }) },
    fc.constantFrom(-1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  ),
  { maxLength: 3 },
);

const rightTensor = fc.constantFrom(...dataTypes).chain((type) => {
  const dtype = dataTypeToWire(type);
  return fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }).chain((sizes) => {
    const count = sizes.reduce((product, size) => product * size, 1);
    const shape = { dims: sizes.map(BigInt) };
    if (isNumericType(type)) {
      const length = count * elementWidth(type);
      return fc.uint8Array({ minLength: length, maxLength: length }).map((value): mindspore.Tensor => ({
        shape,
        dtype,
        tensorData: { $case: 'data', value },
        bytesVal: [],
      }));
    }
    return fc
      .array(fc.uint8Array({ maxLength: 4 }), { minLength: count, maxLength: count })
      .map((bytesVal): mindspore.Tensor => ({ shape, dtype, tensorData: undefined, bytesVal }));
  });
});

const oddTensor: fc.Arbitrary<mindspore.Tensor> = fc.record({
  shape: fc.option(
    dims.map((list) => ({ dims: list })),
    { nil: undefined },
  ),
  dtype: fc.integer({ min: -1, max: 16 }),
  tensorData: fc.option(
    fc.uint8Array({ maxLength: 9 }).map((value) => ({ $case: 'data' as const, value })),
    { nil: undefined },
  ),
  bytesVal: fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 3 }),
});

const instance = fc
  .array(
    fc.tuple(
      fc.constantFrom('y', '__proto__', ''),
      fc.oneof({ weight: 3, arbitrary: rightTensor }, oddTensor),
    ),
    { maxLength: 3 },
  )
  .map(wireInstance);
const error = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom('', 'größe', 'no'))
  .map(([code, text]) => wireError(code, text));

const reply = fc
  .record({
    instances: fc.array(instance, { maxLength: 3 }),
    errorMsg: fc.oneof(fc.constant<mindspore.ErrorMsg[]>([]), fc.array(error, { maxLength: 3 })),
  })
  .map((lists) => mindspore.PredictReply.encode({ servableSpec: undefined, ...lists }).finish());

const damaged = fc
  .record({
    message: reply,
    flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 }),
    length: fc.oneof(fc.constant(undefined), fc.nat()),
  })
  .map(({ message, flips, length }) => {
    const bytes = Uint8Array.from(message);
    if (bytes.length > 0) for (const [at, mask] of flips) bytes[at % bytes.length]! ^= mask;
    return length === undefined ? bytes : bytes.subarray(0, length % (bytes.length + 1));
  });

test('whatever bytes come, each instance has its result or the reply is refused', () => {
  const seen = { outputs: 0, errors: 0, refused: 0 };
  const bytes = fc.oneof(reply, { weight: 3, arbitrary: damaged }, fc.uint8Array({ maxLength: 60 }));
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 3 }), (message, count) => {
      try {
        const results = decodeReply(message, count);
        expect(results).toHaveLength(count);
        for (const result of results) {
          if (!result.ok) expect(result.error).toBeInstanceOf(InferError);
          seen[result.ok ? 'outputs' : 'errors']++;
        }
      } catch (thrown) {
        if (!(thrown instanceof InferError)) throw thrown;
        expect([thrown.code, thrown.message]).toEqual([
          'BAD_REPLY',
          expect.stringMatching(/^the reply .*: expected /),
        ]);
        seen.refused++;
      }
    }),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.outputs, seen.errors, seen.refused)).toBeGreaterThan(100);
});
