/** Methods whose batches hold one shape each: the shapes share executors, limits and turns as if they were one queue. */
import { expect, test } from '@jest/globals';
import { Block, numericColumn } from '@serving/common';
import { callOf, shaped } from '../support/calls.js';
import { SoloScheduler } from '../support/scheduler.js';

const sameShapes = { m: { sameShapes: true } };

test('a shape of normal priority is not starved by one in which an old request of a lower priority waits', () => {
  const scheduler = new SoloScheduler({ m: { sameShapes: true, maxBatchSize: 2 } });
  scheduler.enqueue('m', callOf([shaped(2)], { priority: -1 }));
  scheduler.pass(10);
  const call = scheduler.enqueue('m', callOf([shaped(3)], { arrivedAt: 10 }));
  let batches = 0;
  while (call.sink.outcomes.size === 0) {
    expect(++batches).toBeLessThanOrEqual(2);
    scheduler.pass(10);
    while (scheduler.batcher('m').waiting < 10)
      scheduler.enqueue('m', callOf([shaped(2)], { arrivedAt: scheduler.clock.now() }));
    scheduler.serve(() => 1);
  }
});

test('a small request does not wait for all of a large one of another shape', () => {
  const scheduler = new SoloScheduler(sameShapes);
  const large = new Block(10_000, [numericColumn('x', 'float32', [2], [new Uint8Array(80_000)])]);
  scheduler.enqueue('m', callOf([large]));
  scheduler.pass(1);
  const small = scheduler.enqueue('m', callOf([shaped(3)], { arrivedAt: 1 }));
  for (let batch = 0; batch < 2; batch++) scheduler.serve(() => 1);
  expect(small.sink.outcomes.size).toBe(1);
});

test('executors are shared by all that waits of the method, not by what waits of one shape', () => {
  const scheduler = new SoloScheduler(sameShapes, {}, 4);
  for (let shape = 1; shape <= 4; shape++)
    for (let i = 0; i < 64; i++) scheduler.enqueue('m', callOf([shaped(shape)]));
  scheduler.grant(4);
  expect(scheduler.replica.sizes).toEqual([64, 64, 64, 64]);
});

test('a request of many shapes is one request to the limits', () => {
  const scheduler = new SoloScheduler(sameShapes, { maxQueueRequests: 10 });
  scheduler.enqueue('m', callOf(Array.from({ length: 50 }, (_, i) => shaped(i + 1))));
  const others = Array.from({ length: 10 }, () => scheduler.enqueue('m', callOf([shaped(1)])));
  expect(others.map(({ sink }) => sink.outcomes.get(0))).toEqual([
    ...Array.from({ length: 9 }, () => undefined),
    'QUEUE_FULL',
  ]);
});

test('the bytes of a message count until the last of its shapes has gone', () => {
  const scheduler = new SoloScheduler(sameShapes, { maxQueueBytes: 100 });
  const ask = () => scheduler.enqueue('m', callOf([shaped(1)], { retainedBytes: 50 })).sink.list;
  scheduler.enqueue('m', callOf([shaped(1), shaped(2)], { retainedBytes: 100 }));
  scheduler.grant();
  expect([scheduler.replica.sizes, ask()]).toEqual([[1], ['QUEUE_FULL']]);
  scheduler.grant();
  expect([scheduler.replica.sizes, ask()]).toEqual([[1, 1], []]);
});
