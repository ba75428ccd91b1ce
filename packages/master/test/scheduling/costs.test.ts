/** What scheduling looks at, counted in reads of what is known of the requests: it must not grow with all that waits. */
import { expect, test } from '@jest/globals';
import { callOf, callOfSize, shaped, type TestCall } from '../support/calls.js';
import { SoloScheduler } from '../support/scheduler.js';

class Reads {
  count = 0;

  /** The call, whose every read is counted. */
  of(call: TestCall): TestCall {
    return new Proxy(call, {
      get: (target, name) => {
        this.count++;
        return Reflect.get(target, name) as unknown;
      },
    });
  }

  during(action: () => void): number {
    const before = this.count;
    action();
    return this.count - before;
  }
}

const many = 4096;
/** Shapes that have queues of their own, and the one that the others share. */
const mostQueues = 33;
/** Depth of a heap of so many. */
const depth = Math.log2(many);

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

test('requests with one deadline expire without each being looked at for each of the others', () => {
  const scheduler = new SoloScheduler({ m: {} });
  const reads = new Reads();
  const calls = indices(many).map(() => reads.of(callOfSize(1, scheduler.inMs(1000))));
  for (const call of calls) scheduler.enqueue('m', call);
  const perCall = reads.during(() => scheduler.pass(1000)) / many;
  expect(calls.every(({ sink }) => sink.outcomes.get(0) === 'DEADLINE_EXCEEDED')).toBe(true);
  expect(perCall).toBeLessThanOrEqual(20 + 4 * depth);
});

test('one request that expires costs no look at all that wait', () => {
  const scheduler = new SoloScheduler({ m: {} });
  const reads = new Reads();
  for (const i of indices(many)) {
    const call = callOfSize(1, scheduler.inMs(1000 + i));
    scheduler.enqueue('m', reads.of(call));
  }
  const perExpiry = reads.during(() => scheduler.pass(1000 + 99)) / 100;
  expect(scheduler.batcher('m').waiting).toBe(many - 100);
  expect(perExpiry).toBeLessThanOrEqual(20 + 4 * depth);
});

test('a request of a shape of its own is cancelled without a look at the other shapes', () => {
  const scheduler = new SoloScheduler({ m: { sameShapes: true } });
  const reads = new Reads();
  const calls = indices(many).map((i) => reads.of(callOf([shaped(1 + i, 0)])));
  for (const call of calls) scheduler.enqueue('m', call);
  const { signal } = calls[many / 2]!;
  expect(reads.during(() => signal.abort())).toBeLessThanOrEqual(20);
  expect(scheduler.batcher('m').waiting).toBe(many - 1);
});

test.each([
  ['without a delay', {}],
  ['with a delay', { maxQueueDelayMs: 5 }],
])('%s a batch of a method with many shapes looks at a bounded number of queues', (_, delay) => {
  const scheduler = new SoloScheduler({ m: { sameShapes: true, ...delay } });
  const reads = new Reads();
  for (const i of indices(many)) scheduler.enqueue('m', reads.of(callOf([shaped(1 + i, 0)])));
  scheduler.pass(10);
  const perBatch = indices(10).map(() => reads.during(() => scheduler.grant()));
  expect(scheduler.replica.sizes).toHaveLength(10);
  expect(Math.max(...perBatch)).toBeLessThanOrEqual(10 * mostQueues);
});

test('a batch looks at the highest priority, not at all there are', () => {
  const scheduler = new SoloScheduler({ m: { maxQueueDelayMs: 5, maxBatchSize: 1 } });
  const reads = new Reads();
  for (const priority of indices(many)) scheduler.enqueue('m', reads.of(callOfSize(1, { priority })));
  scheduler.pass(10);
  expect(reads.during(() => scheduler.grant())).toBeLessThanOrEqual(20);
});
