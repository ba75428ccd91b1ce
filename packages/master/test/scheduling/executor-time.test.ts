/** Methods share executor time by what their batches took, whatever was predicted, told or lost. */
import { expect, test } from '@jest/globals';
import { SoloScheduler } from '../support/scheduler.js';

/** Batches of `other` that go before one of `method` does, `other` having something to send at any time. */
function batchesBefore(scheduler: SoloScheduler, method: string, other: string, most: number): number {
  for (let batches = 0; batches <= most; batches++) {
    scheduler.ask(other);
    if (scheduler.serve(() => 10).method === method) return batches;
  }
  return Infinity;
}

test('a prediction that was far too long does not cost a method its turns', () => {
  const scheduler = new SoloScheduler({ a: {}, b: {} });
  scheduler.ask('b');
  scheduler.serve(() => 2000); // a cold start
  scheduler.ask('a');
  scheduler.serve(() => 10);
  // Of 64 instances it is predicted to take 128 s, and takes 20 ms.
  scheduler.ask('b', 64);
  expect(scheduler.serve(() => 20).method).toBe('b');
  scheduler.ask('b', 64);
  expect(batchesBefore(scheduler, 'b', 'a', 2)).toBeLessThanOrEqual(2);
});

test('an absurd duration in a reply counts as no more than the time that the batch was away', () => {
  const scheduler = new SoloScheduler({ a: {}, b: {} });
  scheduler.ask('b');
  const work = scheduler.grant();
  scheduler.clock.advance(1);
  work.tookMs = 9e12;
  work.succeed();
  for (const method of ['a', 'b']) {
    scheduler.ask(method);
    scheduler.serve(() => 1);
  }
  scheduler.ask('b');
  expect(batchesBefore(scheduler, 'b', 'a', 9)).toBeLessThanOrEqual(9);
  // A second more than the millisecond may be the clocks'.
  expect(scheduler.predictMs('b', 1)).toBeLessThanOrEqual(1001);
});

test('a method whose batches never return in time pays for the time it held an executor', () => {
  const scheduler = new SoloScheduler({ a: {}, hangs: {} }, { maxBatchSize: 8 });
  const held = { a: 0, hangs: 0 };
  for (let i = 0; i < 1200; i++) {
    for (const method of ['a', 'hangs']) while (scheduler.batcher(method).waiting < 8) scheduler.ask(method);
    const work = scheduler.grant();
    if (work.method === 'a') {
      scheduler.finish(work, 10);
      held.a += 10;
    } else {
      scheduler.clock.advance(1000);
      work.standStill();
      held.hangs += 1000;
    }
  }
  expect(held.hangs).toBeGreaterThan(0);
  // A batch that hangs, and four of its requests by themselves, which go before all others.
  expect(Math.abs(held.a - held.hangs)).toBeLessThanOrEqual(5 * 1000 + 10);
});

test('what batches take is not learnt from those that failed or whose callers gave up', () => {
  const scheduler = new SoloScheduler({ m: {} });
  scheduler.teach('m', [1], () => 100);
  for (let i = 0; i < 60; i++) {
    const call = scheduler.ask('m');
    const work = scheduler.grant();
    work.tookMs = 0.1;
    if (i % 2 === 0) work.fail();
    else {
      call.signal.abort();
      work.succeed();
    }
  }
  expect(scheduler.predictMs('m', 1)).toBeCloseTo(100);
});
