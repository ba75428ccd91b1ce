/** Replies that an executor's thread sends while its batch runs. */
import { Block, encodeReply } from '@serving/common';
import { expect, test } from '@jest/globals';
import type { BatchWork } from '../../src/executors/batch-work.js';
import { replyWeight } from '../../src/executors/control-word.js';
import { PoolUnderTest, times } from './pool-under-test.js';

/** A reply to one of the batch's two instances. */
function reply(batchId: number, sequence: number, last = false) {
  const outputs = new Block(1, []).all();
  const frame = encodeReply({
    batchId,
    durations: [],
    reply: { first: 0, count: 1, sequence, last, outcome: { ok: true, outputs } },
  });
  return { kind: 'reply', batchId, frame } as const;
}

test('replies are handed on as they come, and count when the batch is done', async () => {
  const under = await new PoolUnderTest().started();
  const told = under.run();
  under.last.send(reply(1, 0));
  expect(told).toEqual(['reply']);
  under.last.send(reply(1, 1, true));
  under.last.done(2);
  expect(told).toEqual(['reply', 'reply', 'done']);
});

test('those of another batch than the one that runs are dropped', async () => {
  const under = await new PoolUnderTest().started();
  const told = under.run();
  under.last.send(reply(2, 0));
  under.last.done(2);
  under.last.send(reply(1, 0));
  expect(told).toEqual(['done']);
});

test('those of a batch that is overdue are dropped', async () => {
  const under = await new PoolUnderTest().started();
  const told = under.run();
  under.last.control.workOn(0, 1, 0);
  under.last.enterNative();
  await under.pass(times.execution);
  expect(told).toEqual([expect.stringMatching(/^lost: did not return/)]);
  under.last.send(reply(1, 0));
  expect(told).toHaveLength(1);
});

test('a thread has room for replies as long as not too many, or too large ones, wait to be taken', async () => {
  const under = await new PoolUnderTest().started();
  const taken: (() => void)[] = [];
  under.run({ onFrame: (_, onTaken) => void taken.push(onTaken!) });
  const { control } = under.last;
  const { byteLength } = reply(1, 0).frame;
  let sent = 0;
  for (; control.hasRoom(sent); sent += replyWeight(byteLength)) under.last.send(reply(1, 0));
  expect(taken).toHaveLength(64);
  taken[0]!();
  expect([control.hasRoom(sent), control.hasRoom(sent + 1)]).toEqual([true, false]);
  under.last.done(2);
  under.run();
  // What is taken late is of a batch that is over.
  taken[1]!();
  expect([control.hasRoom(63), control.hasRoom(64), replyWeight(2 ** 22)]).toEqual([true, false, 65]);
});

test('the thread learns of instances that nobody waits for, also when their batch had to wait', async () => {
  const under = await new PoolUnderTest().started();
  const works: BatchWork[] = [];
  const given = (work: BatchWork) => void works.push(work);
  under.runAt(0, {}, given);
  under.runAt(0, { batchId: 2 }, given);
  under.pool.cancel(works[1]!, { first: 1, count: 1 });
  under.pool.cancel(works[0]!, { first: 0, count: 1 });
  under.last.done(2);
  under.pool.cancel(works[0]!, { first: 1, count: 1 });
  const told = under.last.received.map((message) =>
    message.kind === 'stop'
      ? 'stop'
      : [message.kind, message.batchId, 'instances' in message && message.instances],
  );
  expect(told).toEqual([
    ['batch', 1, false],
    ['cancel', 1, { first: 0, count: 1 }],
    ['batch', 2, false],
    ['cancel', 2, { first: 1, count: 1 }],
  ]);
});
