import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { link, methodFromWire, methodToWire, type Batching, type MethodSignature } from '../../src/index.js';

const size = fc.integer({ min: 1, max: 1e6 });
const ms = fc.double({ min: 0, max: 1e6, noNaN: true });
const batching: fc.Arbitrary<Batching> = fc.record(
  {
    maxBatchSize: size,
    maxBatchBytes: fc.integer({ min: 1, max: 2 ** 52 }),
    preferredBatchSizes: fc.array(size, { minLength: 1, maxLength: 4 }),
    maxQueueDelayMs: ms,
    maxBatchTimeMs: ms,
    latencyTargetMs: ms,
    priority: fc.integer({ min: -1000, max: 1000 }),
    weight: ms,
    refuseLate: fc.boolean(),
    sameShapes: fc.boolean(),
  },
  { requiredKeys: [] },
);
const port = fc.record(
  {
    name: fc.string({ minLength: 1 }),
    dtype: fc.constantFrom('float32', 'string', 'bool'),
    shape: fc.array(fc.oneof(fc.nat(1000), fc.string({ minLength: 1 })), { maxLength: 4 }),
    padding: fc.record({ dimension: fc.nat(3), sizes: fc.array(size, { minLength: 1 }) }),
    isDeclared: fc.constant(true),
  },
  { requiredKeys: ['name'] },
);
const signature: fc.Arbitrary<MethodSignature> = fc.record(
  {
    name: fc.string({ minLength: 1 }),
    inputs: fc.array(port, { maxLength: 3 }),
    outputs: fc.array(port, { maxLength: 3 }),
    modelBatchSize: fc.nat(64),
    idempotent: fc.boolean(),
    batching,
    batched: fc.constant(true),
    streaming: fc.constant(true),
    isDefault: fc.constant(true),
  },
  { requiredKeys: ['name', 'inputs', 'outputs', 'modelBatchSize', 'idempotent'] },
);

test('a signature arrives as it was sent', () => {
  fc.assert(
    fc.property(signature, (given) => {
      const bytes = link.Method.encode(methodToWire(given)).finish();
      expect(methodFromWire(link.Method.decode(bytes))).toEqual(given);
    }),
  );
});
