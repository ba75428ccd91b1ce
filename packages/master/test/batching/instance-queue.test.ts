import { expect, test } from '@jest/globals';
import { rangeBytes } from '@serving/common';
import fc from 'fast-check';
import { InstanceQueue, type TakenBatch } from '../../src/batching/instance-queue.js';
import { WaitingCall, type WaitingPlace } from '../../src/batching/waiting-call.js';
import type { BatchEntry } from '../../src/call/batch.js';
import { instancesOf, type PredictCall } from '../../src/call/predict-call.js';
import { blobs, callOf, callOfSize, floats, type TestCall } from '../support/calls.js';

/** Nothing is large. */
const roomy = { maxBatchSize: 1000, maxBatchBytes: 1000 };

/** The call as it waits, all of it in one place. */
function placeOf(call: TestCall, lane = ''): WaitingPlace {
  return new WaitingCall(call, [{ lane, parts: call.parts }]).places[0]!;
}

/** [call id, first position, count] of each entry. */
function shown({ entries }: TakenBatch): [number, number, number][] {
  return entries.map(({ call, first, range }) => [call.id, first, range.to - range.from]);
}

function filled(...calls: TestCall[]): InstanceQueue {
  const queue = new InstanceQueue(roomy);
  for (const call of calls) queue.add(placeOf(call));
  return queue;
}

function callsOf(queue: InstanceQueue): PredictCall[] {
  return queue.places().map(({ call }) => call);
}

test('takes waiting requests together, in order of arrival', () => {
  const [a, b, c] = [callOfSize(2), callOfSize(1), callOfSize(3)];
  const queue = filled(a, b, c);
  expect(shown(queue.take(5, Infinity))).toEqual([
    [a.id, 0, 2],
    [b.id, 0, 1],
    [c.id, 0, 2],
  ]);
  expect(queue.instances).toBe(1);
  expect(shown(queue.take(5, Infinity))).toEqual([[c.id, 2, 1]]);
  expect(shown(queue.take(5, Infinity))).toEqual([]);
});

test('a request of several layouts is taken block by block, with positions of the request', () => {
  const call = callOf([floats(1, 2), blobs(1), floats(3, 4, 5)]);
  const queue = filled(call);
  expect(shown(queue.take(4, Infinity))).toEqual([
    [call.id, 0, 2],
    [call.id, 2, 1],
    [call.id, 3, 1],
  ]);
  expect(shown(queue.take(4, Infinity))).toEqual([[call.id, 4, 2]]);
});

test('higher priorities go first, and every level is taken in turn', () => {
  const calls = [0, 7, -3, 7, 3].map((priority) => callOfSize(1, { priority }));
  const [zero, seven, low, sevenToo, three] = calls.map((call) => call.id);
  const order = filled(...calls)
    .take(10, Infinity)
    .entries.map((entry) => entry.call.id);
  expect(order).toEqual([seven, sevenToo, three, zero, low]);
});

test('a request that was begun keeps its place within its priority, but yields to a higher one', () => {
  const [a, b, urgent] = [callOfSize(3), callOfSize(1), callOfSize(1, { priority: 1 })];
  const queue = filled(a, b);
  queue.take(1, Infinity);
  queue.add(placeOf(urgent));
  expect(shown(queue.take(10, Infinity))).toEqual([
    [urgent.id, 0, 1],
    [a.id, 1, 2],
    [b.id, 0, 1],
  ]);
});

test('a batch ends where the next instance would exceed the bytes', () => {
  const call = callOf([blobs(30, 30, 30, 50, 10)]);
  const queue = filled(call);
  expect(shown(queue.take(10, 60))).toEqual([[call.id, 0, 2]]);
  expect(shown(queue.take(10, 60))).toEqual([[call.id, 2, 1]]);
  expect(shown(queue.take(10, 60))).toEqual([[call.id, 3, 2]]);
});

test('one instance that is larger than a batch travels alone', () => {
  const call = callOf([blobs(10, 500, 0, 10)]);
  const queue = filled(call);
  expect([1, 2, 3].map(() => shown(queue.take(10, 100)))).toEqual([
    [[call.id, 0, 1]],
    [[call.id, 1, 1]],
    [[call.id, 2, 2]],
  ]);
});

test('a batch tells whose instances it has, and how much of their messages still waits', () => {
  const [a, b] = [callOfSize(3, { retainedBytes: 30 }), callOfSize(1, { retainedBytes: 5 })];
  const queue = filled(a, b);
  const taken = [2, 2].map((size) => [
    queue.take(size, Infinity).places.map(({ call, left }) => [call, left]),
    queue.bytes,
  ]);
  expect(taken).toEqual([
    [[[a, 1]], 35],
    [
      [
        [a, 0],
        [b, 0],
      ],
      0,
    ],
  ]);
});

test('a batch holds instances of one lane', () => {
  const queue = new InstanceQueue(roomy);
  const [a, b, c] = [callOfSize(1), callOfSize(1), callOfSize(1)];
  for (const [call, lane] of [
    [a, 'x'],
    [b, 'x'],
    [c, 'y'],
  ] as const)
    queue.add(placeOf(call, lane));
  expect([shown(queue.take(9, Infinity)), shown(queue.take(9, Infinity))]).toEqual([
    [
      [a.id, 0, 1],
      [b.id, 0, 1],
    ],
    [[c.id, 0, 1]],
  ]);
});

test('removing a request gives the instances that still waited, and makes room', () => {
  const [a, b] = [callOf([floats(1, 2), floats(3, 4), blobs(1)]), callOfSize(2)];
  const queue = new InstanceQueue(roomy);
  const first = placeOf(a);
  queue.add(first);
  queue.add(placeOf(b));
  queue.take(1, Infinity);
  expect(queue.remove(first)).toEqual([
    { first: 1, count: 1 },
    { first: 2, count: 2 },
    { first: 4, count: 1 },
  ]);
  expect([queue.remove(first), queue.instances, callsOf(queue)]).toEqual([[], 2, [b]]);
  expect(shown(queue.take(9, Infinity))).toEqual([[b.id, 0, 2]]);
});

test('a request that was cut at the border of a block waits from the next block on', () => {
  const call = callOf([floats(1, 2), floats(3)]);
  const queue = new InstanceQueue(roomy);
  const waiting = placeOf(call);
  queue.add(waiting);
  queue.take(2, Infinity);
  expect(queue.remove(waiting)).toEqual([{ first: 2, count: 1 }]);
});

test('blocks without instances do not stand in the way', () => {
  const call = callOf([floats(), floats(1), floats(), floats(2)]);
  const queue = filled(call);
  expect([queue.instances, callsOf(queue)]).toEqual([2, [call]]);
  expect(shown(queue.take(9, Infinity))).toEqual([
    [call.id, 0, 1],
    [call.id, 1, 1],
  ]);
  expect(queue.instances).toBe(0);
});

const anyCall = fc
  .record({
    parts: fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 3,
    }),
    priority: fc.integer({ min: -2, max: 2 }),
  })
  .map(({ parts, priority }) => ({ sizes: parts, priority }));
const anyTake = fc.record({
  instances: fc.integer({ min: 1, max: 6 }),
  bytes: fc.integer({ min: 1, max: 80 }),
});

test('any order of adding, taking and removing gives every instance out once, by priority and then arrival', () => {
  const step = fc.oneof(anyCall, anyTake, fc.record({ remove: fc.nat(5) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = new InstanceQueue(roomy);
      /** What waits, in the order it must come out. */
      let waiting: { call: TestCall; position: number }[] = [];
      const seen = (entries: readonly BatchEntry[]) =>
        entries.flatMap((entry) =>
          Array.from({ length: entry.range.to - entry.range.from }, (_, i) => [
            entry.call.id,
            entry.first + i,
          ]),
        );
      const check = (instances: number, bytes: number) => {
        const taken = queue.take(instances, bytes).entries;
        const count = seen(taken).length;
        expect(seen(taken)).toEqual(waiting.slice(0, count).map(({ call, position }) => [call.id, position]));
        const payload = taken.reduce((sum, { range }) => sum + rangeBytes(range), 0);
        expect(count <= instances && (payload <= bytes || count === 1)).toBe(true);
        expect(count > 0 || waiting.length === 0).toBe(true);
        waiting = waiting.slice(count);
        // Nothing that would have fitted was left behind.
        const next = waiting[0];
        if (next !== undefined && count < instances) expect(payload + sizeAt(next)).toBeGreaterThan(bytes);
      };
      for (const given of steps) {
        if ('sizes' in given) {
          const call = callOf(
            given.sizes.map((sizes) => blobs(...sizes)),
            { priority: given.priority, retainedBytes: 1 },
          );
          queue.add(placeOf(call));
          waiting.push(...given.sizes.flat().map((_, position) => ({ call, position })));
          waiting = waiting.toSorted((a, b) => b.call.priority - a.call.priority);
        } else if ('remove' in given) {
          const removed = queue.places()[given.remove];
          if (removed === undefined) continue;
          const { call } = removed;
          const gone = queue
            .remove(removed)
            .flatMap((run) => Array.from({ length: run.count }, (_, i) => run.first + i));
          expect(gone).toEqual(waiting.filter((one) => one.call === call).map((one) => one.position));
          waiting = waiting.filter((one) => one.call !== call);
        } else {
          check(given.instances, given.bytes);
        }
        expect(queue.instances).toBe(waiting.length);
      }
      while (waiting.length > 0) check(4, 50);
      expect([queue.instances, callsOf(queue)]).toEqual([0, []]);
    }),
    { numRuns: 120 },
  );
});

function sizeAt({ call, position }: { call: TestCall; position: number }): number {
  const part = call.parts.findLast(({ first }) => first <= position)!;
  const from = position - part.first;
  return rangeBytes({ block: part.block, from, to: from + 1 });
}

const narrow = { maxBatchSize: 4, maxBatchBytes: 100 };

function narrowQueue(...calls: TestCall[]): InstanceQueue {
  const queue = new InstanceQueue(narrow);
  for (const call of calls) queue.add(placeOf(call));
  return queue;
}

test('requests of more than a batch and small ones begin batches in turn, and fill what is left of them', () => {
  const [big, other, a, b] = [callOfSize(10), callOfSize(5), callOfSize(1), callOfSize(4)];
  const queue = narrowQueue(big, other, a, b);
  const batches = Array.from({ length: 6 }, () => shown(queue.take(4, Infinity)));
  expect(batches).toEqual([
    [
      [a.id, 0, 1],
      [b.id, 0, 3],
    ],
    [[big.id, 0, 4]],
    [
      [b.id, 3, 1],
      [big.id, 4, 3],
    ],
    [
      [big.id, 7, 3],
      [other.id, 0, 1],
    ],
    [[other.id, 1, 4]],
    [],
  ]);
});

test('a request is large by the bytes it holds, too', () => {
  const [heavy, light] = [callOf([blobs(90, 90)], { retainedBytes: 101 }), callOf([blobs(1, 1)])];
  const queue = narrowQueue(heavy, light);
  expect(Array.from({ length: 3 }, () => shown(queue.take(2, 100)))).toEqual([
    [[light.id, 0, 2]],
    [[heavy.id, 0, 1]],
    [[heavy.id, 1, 1]],
  ]);
});

test('however much large requests bring, a small one waits for its elders and one batch of theirs for each batch of these', () => {
  const script = fc.array(fc.record({ large: fc.integer({ min: 0, max: 200 }), small: fc.nat(4) }), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(script, (arrivals) => {
      const queue = narrowQueue();
      let ahead = 0;
      for (const { large, small } of arrivals) {
        if (large > narrow.maxBatchSize) queue.add(placeOf(callOfSize(large)));
        if (small === 0) continue;
        queue.add(placeOf(callOfSize(small)));
        ahead += small;
      }
      // Each second batch at least begins with small ones and takes as many as fit.
      for (let batch = 0; batch < 2 * Math.ceil(ahead / narrow.maxBatchSize); batch++)
        queue.take(4, Infinity);
      expect(callsOf(queue).filter((call) => instancesOf(call) <= narrow.maxBatchSize)).toEqual([]);
    }),
  );
});
