/** When a batch waits although a replica could run it, and when it does not. */
import { expect, test } from '@jest/globals';
import { SoloScheduler } from '../support/scheduler.js';

test('with a delay of 0 what comes goes at once while there are credits, however brief its batches are', () => {
  const scheduler = new SoloScheduler({ m: { maxQueueDelayMs: 0 } }, {}, 2);
  scheduler.teach('m', [1], () => 0.2);
  scheduler.replica.grant(2);
  for (let i = 0; i < 2; i++) {
    scheduler.ask('m');
    scheduler.endRound();
  }
  expect(scheduler.replica.sizes).toEqual([1, 1]);
});

test('a batch that is full by its bytes does not wait for the delay', () => {
  const scheduler = new SoloScheduler({ m: { maxQueueDelayMs: 1000, maxBatchBytes: 40 } });
  for (let i = 0; i < 30; i++) scheduler.ask('m');
  scheduler.grant();
  expect(scheduler.replica.sizes).toEqual([10]);
});

test('what has waited for a fuller batch goes as one, be it of the only size that was ever seen or of others', () => {
  for (const seen of [[1], [1, 8]]) {
    const scheduler = new SoloScheduler({ m: { maxQueueDelayMs: 5 } }, {}, 4);
    scheduler.teach('m', seen, (count) => 20 + count);
    scheduler.replica.grant(4);
    for (let i = 0; i < 8; i++) scheduler.ask('m');
    scheduler.pass(4);
    expect(scheduler.replica.sizes).toEqual([]);
    scheduler.pass(1);
    expect(scheduler.replica.sizes).toEqual([8]);
  }
});

test.each([
  ['without a delay', {}],
  ['with a delay of 0', { maxQueueDelayMs: 0 }],
])('%s nothing waits while executors are idle, however many there are and however often one ends', (_, m) => {
  for (const [executors, gapMs] of [
    [64, 0.5],
    [64, 2],
    [256, 0.3],
  ] as const) {
    const scheduler = new SoloScheduler({ m }, {}, executors);
    const { replica, clock } = scheduler;
    scheduler.teach('m', [1, 2, 4, 8], (count) => 20 + count / 100);
    replica.onSend = (work) => {
      const ms = 20 + work.count / 100;
      work.tookMs = ms;
      clock.after(ms, () => {
        work.succeed();
        replica.grant();
        scheduler.endRound();
      });
    };
    replica.grant(executors);
    for (let i = 0; i < 500; i++) {
      scheduler.ask('m', 1 + ((i * 7) % 8));
      scheduler.endRound();
      expect([replica.works.length, scheduler.batcher('m').waiting]).toEqual([i + 1, 0]);
      scheduler.pass(gapMs);
    }
  }
});
