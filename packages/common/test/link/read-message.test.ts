/** Bytes from a peer that is broken or hostile: a message of the link, or BAD_REQUEST that names it. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { ServingError } from '../../src/errors/serving-error.js';
import * as link from '../../src/gen/serving/link/v1/link.js';
import { readMessage } from '../../src/link/read-message.js';

const types = [
  ['RegisterRequest', link.RegisterRequest],
  ['RegisterResponse', link.RegisterResponse],
  ['HeartbeatRequest', link.HeartbeatRequest],
  ['HeartbeatResponse', link.HeartbeatResponse],
  ['ExchangeRequest', link.ExchangeRequest],
  ['ExchangeResponse', link.ExchangeResponse],
] as const;

const replica: link.ReplicaUpdate = {
  replicaId: 'größe',
  servable: 'add',
  version: 2 ** 53 - 1,
  state: 2,
  executors: 3,
  methods: [
    {
      name: 'predict',
      inputs: [
        {
          name: 'x',
          dtype: 11,
          shape: {
            dimensions: [
              { dimension: { $case: 'size', value: 2 } },
              { dimension: { $case: 'symbol', value: 'n' } },
            ],
          },
          declared: true,
        },
      ],
      outputs: [{ name: 'y', dtype: undefined, shape: undefined, declared: false }],
      modelBatchSize: 2 ** 32 - 1,
      batching: undefined,
      idempotent: true,
      batched: true,
      isDefault: true,
      streaming: true,
    },
  ],
};
const chunk = {
  frameId: 2 ** 40,
  totalBytes: 9,
  offset: 3,
  data: Uint8Array.of(0, 255, 1),
  replicaId: 'r',
  method: 'm',
  count: 2,
  batchId: 7,
  creditId: 2 ** 45,
};
const messages = [
  link.RegisterRequest.encode({ message: { $case: 'replica', value: replica } }),
  link.RegisterResponse.encode({ message: { $case: 'welcome', value: { epoch: 2 ** 50, leaseMs: 5000 } } }),
  link.HeartbeatRequest.encode({
    sequence: 2 ** 33,
    replicas: [{ replicaId: 'r', busy: 2, creditsValidMs: 9 }],
  }),
  link.ExchangeRequest.encode({ message: { $case: 'reply', value: chunk } }),
  link.ExchangeResponse.encode({ message: { $case: 'batch', value: chunk } }),
].map((writer) => writer.finish());

/** Whether the bytes are such a message. */
function isRead(name: string, type: (typeof types)[number][1], bytes: Uint8Array): boolean {
  try {
    readMessage<unknown>(name, type, bytes);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown;
    expect(thrown.code).toBe('BAD_REQUEST');
    expect(thrown.message).toMatch(
      new RegExp(`^expected a serving\\.link\\.v1\\.${name}, given ${bytes.length} bytes that are none: .`),
    );
    return false;
  }
}

const damaged = fc
  .record({
    message: fc.constantFrom(...messages),
    flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 }),
    length: fc.oneof(fc.constant(undefined), fc.nat()),
  })
  .map(({ message, flips, length }) => {
    const bytes = Uint8Array.from(message);
    for (const [at, mask] of flips) bytes[at % bytes.length]! ^= mask;
    return length === undefined ? bytes : bytes.subarray(0, length % (bytes.length + 1));
  });

test('whatever bytes come are a message or refused in words', () => {
  const seen = { read: 0, refused: 0 };
  const bytes = fc.oneof({ weight: 4, arbitrary: damaged }, fc.uint8Array({ maxLength: 60 }));
  fc.assert(
    fc.property(bytes, fc.constantFrom(...types), (given, [name, type]) => {
      seen[isRead(name, type, given) ? 'read' : 'refused']++;
    }),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(300);
});

test('numbers that JavaScript cannot hold are refused rather than rounded', () => {
  // Field 1, sequence: 2^64 - 1.
  const bytes = Uint8Array.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
  expect(() => readMessage('HeartbeatRequest', link.HeartbeatRequest, bytes)).toThrow(
    servingError('BAD_REQUEST', /given 11 bytes that are none: .*MAX_SAFE_INTEGER/),
  );
});
