/** The batch that waits for the one that an executor runs. */
import { expect, test } from '@jest/globals';
import type { BatchWork } from '../../src/executors/batch-work.js';
import { leadMs, leastMs } from '../../src/executors/end-forecast.js';
import { PoolUnderTest, times, turn } from './pool-under-test.js';

/** A pool of one executor that has learnt how long a batch of two instances takes, and one of one. */
async function learnt(tookMs: number, aloneMs = tookMs / 2): Promise<PoolUnderTest> {
  const under = await new PoolUnderTest().started();
  under.run({ count: 1 });
  await under.pass(aloneMs);
  under.last.done(1);
  under.news();
  under.run();
  await under.pass(tookMs);
  under.last.done(2);
  expect(under.news()).toEqual(['free 0']);
  return under;
}

/** One whose batch runs and is near its end. */
async function nearEnd() {
  const under = await learnt(100);
  const running = under.run();
  await under.pass(100 - leadMs);
  under.news();
  return { under, running };
}

const batchesOf = (under: PoolUnderTest) =>
  under.last.received.flatMap((message) => (message.kind === 'batch' ? [message] : []));

test('before anything is known of its method, the next batch is asked for when the running one has ended', async () => {
  const under = await new PoolUnderTest().started();
  under.run();
  await under.pass(times.execution - 1);
  expect(under.news()).toEqual([]);
  under.last.done(2);
  expect(under.news()).toEqual(['free 0']);
});

test('then it is asked for a little before its predicted end, once', async () => {
  const under = await learnt(100);
  under.run();
  await under.pass(100 - leadMs - 1);
  expect(under.news()).toEqual([]);
  await under.pass(1);
  expect(under.news()).toEqual(['free 0']);
  await under.pass(500);
  expect(under.news()).toEqual([]);
});

test('a batch that is over sooner than it is worth is waited for', async () => {
  const under = await learnt(leastMs - 1);
  under.run();
  await under.pass(times.execution / 2);
  expect(under.news()).toEqual([]);
});

test('a batch of a method whose batches take their time however few instances they have is waited for', async () => {
  const under = await learnt(100, 99);
  under.run();
  await under.pass(100);
  expect(under.news()).toEqual([]);
  under.last.done(2);
  expect(under.news()).toEqual(['free 0']);
  // Of a single instance nothing could be split off.
  under.run({ count: 1 });
  await under.pass(99);
  expect(under.news()).toEqual(['free 0']);
});

test('a batch that ends before its time is asked for no more', async () => {
  const under = await learnt(100);
  under.run();
  await under.pass(10);
  under.last.done(2);
  expect(under.news()).toEqual(['free 0']);
  await under.pass(200);
  expect(under.news()).toEqual([]);
});

test('one that was cut short says nothing of the time that batches take', async () => {
  const under = await learnt(100);
  under.run();
  under.last.done(2, false);
  under.news();
  under.run();
  await under.pass(100 - leadMs);
  expect(under.news()).toEqual(['free 0']);
});

test('what arrives early waits, and runs before the replies of the one before it are given', async () => {
  const { under, running } = await nearEnd();
  const next = under.run();
  expect(batchesOf(under)).toHaveLength(3);
  await under.pass(leadMs);
  under.last.done(2);
  expect(batchesOf(under).map(({ waitedMs }) => waitedMs)).toEqual([0, 0, 0, leadMs]);
  expect([running, next, under.news(), under.pool.busy]).toEqual([['done'], [], [], 1]);
  await under.pass(100 - leadMs);
  expect(under.news()).toEqual(['free 0']);
  under.last.done(2);
  expect([next, under.news()]).toEqual([['done'], ['free 0']]);
});

test('only one waits: a second is returned', async () => {
  const { under } = await nearEnd();
  under.run();
  const second = under.runAt(0);
  await turn();
  expect(second).toEqual(['returned']);
});

test('one that waits is returned when the thread ends, and the running one alone is lost', async () => {
  const { under, running } = await nearEnd();
  const next = under.run();
  under.last.exit(7);
  await turn();
  expect([running, next]).toEqual([[expect.stringMatching(/^lost: /)], ['returned']]);
  expect(under.news()).toEqual(['gone 0']);
});

test('it is returned when the running one is overdue, and nothing is asked for until that is back', async () => {
  const { under, running } = await nearEnd();
  const next = under.run();
  under.last.control.enter();
  await under.pass(times.execution);
  expect([running.length, next]).toEqual([2, ['returned']]);
  expect(under.news()).toEqual(['gone 0', 'unavailable']);
  const third = under.runAt(0);
  await turn();
  expect(third).toEqual(['returned']);
  under.last.control.leave();
  under.last.done(2);
  expect([next, under.news()]).toEqual([['returned'], ['available', 'free 0']]);
});

test('it is returned when the pool stops', async () => {
  const { under, running } = await nearEnd();
  const next = under.run();
  const stopped = under.pool.stop(1000);
  await turn();
  under.last.done(2);
  under.last.exit(0);
  expect([await stopped, running, next]).toEqual([true, ['done'], ['returned']]);
});

test('it is dropped when nobody waits for it any more, and another is asked for', async () => {
  const { under, running } = await nearEnd();
  let given: BatchWork | undefined;
  const next = under.run({}, (work) => (given = work));
  under.pool.cancel(given!);
  expect([next, under.news()]).toEqual([[], ['free 0']]);
  await turn();
  expect(next).toEqual(['the request was cancelled before it was started', 'done']);
  under.last.done(2);
  expect([running, batchesOf(under).length, under.news()]).toEqual([['done'], 3, ['free 0']]);
});

test('a cancellation of the running one leaves that which waits alone, and the other way round', async () => {
  const under = await learnt(100);
  const given: BatchWork[] = [];
  under.run({}, (work) => given.push(work));
  await under.pass(100 - leadMs);
  under.run({}, (work) => given.push(work));
  under.pool.cancel(given[0]!);
  expect(under.last.control.isCancelled()).toBe(true);
  under.last.done(2, false);
  expect([under.last.control.isCancelled(), batchesOf(under).length]).toEqual([false, 4]);
});
