/** How large batches are under targets and limits of time, with a backlog and without. */
import { expect, test } from '@jest/globals';
import { SoloScheduler } from '../support/scheduler.js';

test('bursts that take longer than the latency target do not make batches smaller: that would only add to them', () => {
  const scheduler = new SoloScheduler({ m: { latencyTargetMs: 40 } });
  const takes = (count: number) => 10 + count / 64;
  scheduler.teach('m', [1, 64], takes);
  for (let burst = 0; burst < 40; burst++) {
    for (let i = 0; i < 640; i++) scheduler.ask('m');
    while (scheduler.batcher('m').waiting > 0) scheduler.serve(takes);
    scheduler.pass(1000);
  }
  expect(scheduler.replica.sizes).toEqual(Array.from({ length: 400 }, () => 64));
});

test('a method that cannot meet its latency target even alone still has large batches under load', () => {
  const scheduler = new SoloScheduler({ m: { latencyTargetMs: 30 } });
  const takes = (count: number) => 16 + count * 0.05;
  for (let i = 0; i < 5; i++) {
    scheduler.ask('m');
    scheduler.serve(takes);
  }
  for (let i = 0; i < 6400; i++) scheduler.ask('m');
  // One more than the fewest batches: the first tells what an instance more takes.
  for (let batch = 0; batch < 101; batch++) scheduler.serve(takes);
  expect(scheduler.batcher('m').waiting).toBe(0);
});

test('a method whose batches always take longer than their limit of time still has large ones', () => {
  const scheduler = new SoloScheduler({ m: { maxBatchTimeMs: 10 } });
  const takes = (count: number) => 20 + count * 0.1;
  for (let i = 0; i < 640; i++) scheduler.ask('m');
  for (let batch = 0; batch < 12; batch++) scheduler.serve(takes);
  expect(scheduler.batcher('m').waiting).toBe(0);
});

test('answers that were late because a replica returned the batch say nothing against its size', () => {
  const scheduler = new SoloScheduler({ m: { latencyTargetMs: 40 } });
  scheduler.teach('m', [1, 10], (count) => 2 * count);
  for (let i = 0; i < 20; i++) {
    scheduler.ask('m');
    const returned = scheduler.grant();
    scheduler.clock.advance(50);
    returned.giveBack();
    scheduler.endRound();
    scheduler.serve((count) => 2 * count);
  }
  for (let i = 0; i < 20; i++) scheduler.ask('m');
  // A batch takes half of the target.
  expect(scheduler.grant().count).toBe(10);
});

test('beside requests that a limit of time cuts to many batches a small one waits for one of them at most', () => {
  const scheduler = new SoloScheduler({ m: { maxBatchTimeMs: 10 } });
  scheduler.teach('m', [1, 4], (count) => 5 * count);
  for (let i = 0; i < 5; i++) scheduler.ask('m', 64);
  const small = scheduler.ask('m');
  for (let batch = 0; batch < 2; batch++) scheduler.serve((count) => 5 * count);
  expect([small.sink.outcomes.size, scheduler.replica.sizes]).toEqual([1, [2, 2]]);
});
