import { expect, test } from '@jest/globals';
import { mindspore, ServingError } from '@serving/common';
import fc from 'fast-check';
import { RequestReader } from '../../../src/frontend/mindspore-grpc/deserialize.js';
import { readInstances } from '../../../src/frontend/mindspore-grpc/read-instances.js';
import { instanceText, signature } from '../../support/fake-replica.js';
import { referenceRequest, type ReferenceRequest } from '../../support/reference-codec.js';
import { anyRequest, damagedRequest, inputNames } from '../../support/wire-arbitraries.js';
import { wireFloats, wireInstance, wireRequest } from '../../support/wire.js';

/** The same for all requests, as in a server: what one leaves behind must not show in the next. */
const reader = new RequestReader(100_000);
const methods = [[], ['x'], ['größe', 'x'], inputNames].map((inputs) => signature('predict', inputs));
const method = fc.constantFrom(...methods);

function read(message: Uint8Array, { inputs }: (typeof methods)[number]): ReferenceRequest | string {
  try {
    const request = reader.read(message);
    const { parts, refused } = readInstances(
      request,
      'add',
      methods.find((known) => known.inputs === inputs)!,
    );
    const instances: string[] = [];
    for (const { first, block } of parts)
      for (let i = 0; i < block.count; i++) instances[first + i] = instanceText(block, i);
    for (const { index, error } of refused) instances[index] = error.message;
    return { spec: mindspore.PredictReply.decode(request.spec.echo).servableSpec, instances };
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ServingError);
    expect(thrown).toMatchObject({ code: 'BAD_REQUEST' });
    return (thrown as ServingError).message;
  }
}

function agrees(message: Uint8Array, of: (typeof methods)[number]): ReferenceRequest | string {
  const expected = referenceRequest(
    message,
    of.inputs.map(({ name }) => name),
  );
  expect(read(message, of)).toEqual(expected);
  return expected;
}

test('a request is read as the generated decoder reads it, whatever proto3 allows', () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(anyRequest, method, (message, of) => {
      const expected = agrees(message, of);
      if (typeof expected === 'string') throw new Error(`not a request: ${expected}`);
      for (const text of expected.instances) seen[text.includes('=') ? 'accepted' : 'refused']++;
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100);
});

test('damaged bytes are refused or read as the generated decoder does, in its words', () => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(damagedRequest, method, (message, of) => {
      seen[typeof agrees(message, of) === 'string' ? 'refused' : 'read']++;
    }),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(300);
});

test('every beginning of a request is refused or read as the generated decoder does', () => {
  const items = [
    ['größe', wireFloats([2, 1], 1, 2)],
    ['x', wireFloats([], 3)],
  ] as const;
  const message = wireRequest([wireInstance(items), wireInstance(items)], { version: 2n ** 40n });
  for (let length = 0; length <= message.length; length++) agrees(message.subarray(0, length), methods[2]!);
});

test('10,000 instances become one block', () => {
  const instances = Array.from({ length: 10_000 }, (_, i) => wireInstance([['x', wireFloats([1], i)]]));
  const message = wireRequest(instances);
  const { parts, refused } = readInstances(reader.read(message), 'add', methods[1]!);
  expect([parts.length, parts[0]!.block.count, refused]).toEqual([1, 10_000, []]);
  agrees(message, methods[1]!);
});
