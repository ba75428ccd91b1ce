/** Deadlines: what is refused for want of time, and what may not be. */
import { expect, test } from '@jest/globals';
import { SoloScheduler } from '../support/scheduler.js';

test('after one slow batch callers with a usual deadline are refused for a while only, not for ever', () => {
  const scheduler = new SoloScheduler({ m: { refuseLate: true } });
  scheduler.ask('m', 1, scheduler.inMs(5000));
  scheduler.serve(() => 1000); // a cold start
  const { works } = scheduler.replica;
  let refused = 0;
  for (; refused < 100; refused++) {
    const call = scheduler.ask('m', 1, scheduler.inMs(500));
    scheduler.grant();
    if (works.length > 1) break;
    expect(call.sink.list).toEqual(['DEADLINE_EXCEEDED']);
    scheduler.pass(1000);
  }
  // A prediction holds for ten times as long as it says.
  expect(refused).toBe(11);
});

test('what waits is refused once it is measured that the time left is too short for it', () => {
  const scheduler = new SoloScheduler({ m: { refuseLate: true, maxBatchSize: 1 } });
  scheduler.ask('m', 1, scheduler.inMs(5000));
  const second = scheduler.ask('m', 1, scheduler.inMs(1500));
  scheduler.serve(() => 1000);
  scheduler.grant();
  expect(second.sink.list).toEqual(['DEADLINE_EXCEEDED']);
  expect(second.sink.messages[0]).toMatch(/leaves 500 ms, but .* takes about 1000 ms/);
  expect(scheduler.replica.sizes).toEqual([1]);
});

test('of work that is late only what waits is refused: what runs already is answered', () => {
  const scheduler = new SoloScheduler({ m: { refuseLate: true, maxBatchSize: 2 } });
  scheduler.teach('m', [1], () => 100);
  const call = scheduler.ask('m', 4, scheduler.inMs(300));
  const work = scheduler.grant();
  scheduler.pass(200);
  // There is an executor for the rest, but not the time; the batch in flight comes within the deadline.
  scheduler.grant();
  expect(call.sink.list).toEqual([undefined, undefined, 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
  scheduler.finish(work, 50);
  expect(call.sink.list).toEqual([...work.texts, 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
  expect([scheduler.replica.sizes, scheduler.replica.cancelled]).toEqual([[2], []]);
});

test('a deadline behind a request without one ends the delay for a fuller batch in time', () => {
  const scheduler = new SoloScheduler({ m: { maxQueueDelayMs: 50 } });
  scheduler.replica.grant();
  scheduler.ask('m');
  scheduler.endRound();
  const dated = scheduler.ask('m', 1, scheduler.inMs(10));
  scheduler.endRound();
  for (let ms = 1; ms < 10; ms++) scheduler.pass(1);
  expect([scheduler.replica.sizes, dated.sink.list]).toEqual([[2], []]);
});

test.each([
  ['a deadline that leaves no time ends the wait for callers that were just answered', 1.5, 0],
  ['an executor that falls idle ends the wait for callers that were just answered', Infinity, 0.9],
  ['a deadline that leaves time for it does not', 8, 0.9],
])('%s', (_, deadlineMs, sentAt) => {
  const scheduler = new SoloScheduler({ m: {} }, {}, 2);
  // However few instances a batch has, it takes its time: such batches wait for who may come back.
  scheduler.teach('m', [1, 8], () => 3);
  scheduler.replica.grant(2);
  for (let i = 0; i < 2; i++) scheduler.ask('m', 40);
  scheduler.endRound();
  const { works } = scheduler.replica;
  for (const work of works) work.tookMs = 3;
  const [first, second] = works;
  let at: number | undefined;
  scheduler.replica.onSend = () => (at = scheduler.clock.now());
  first!.succeed();
  scheduler.replica.grant();
  const call = scheduler.ask('m', 1, deadlineMs === Infinity ? {} : scheduler.inMs(deadlineMs));
  scheduler.endRound();
  scheduler.pass(0.9);
  second!.succeed();
  scheduler.endRound();
  expect([at, call.sink.list]).toEqual([sentAt, []]);
});

test('when the sink of one expired request throws, the others are still told', () => {
  const scheduler = new SoloScheduler({ m: {} });
  const bad = scheduler.ask('m', 1, scheduler.inMs(10));
  bad.sink.reply = () => {
    throw new Error('a sink that is broken');
  };
  const good = scheduler.ask('m', 1, scheduler.inMs(10));
  expect(() => scheduler.pass(10)).toThrow('a sink that is broken');
  scheduler.pass(0);
  expect([good.sink.list, scheduler.dispatcher.waiting]).toEqual([['DEADLINE_EXCEEDED'], 0]);
});
