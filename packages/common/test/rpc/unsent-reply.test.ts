/** What is on its way and does not get there, by a clock that tests move. */
import { expect, test } from '@jest/globals';
import { errorCode } from '../../src/http2/frames.js';
import { UnfinishedRequest, UnfinishedRequests } from '../../src/rpc/unfinished-requests.js';
import { UnsentReply } from '../../src/rpc/unsent-reply.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';

const graceMs = 60_000;

function sweeping() {
  const clock = new ManualClock();
  return { clock, all: new UnfinishedRequests({ maxBytes: 1_000_000, graceMs }, clock) };
}

/** A reply of so many bytes of which nothing is sent unless the test says so. */
function unsent(all: UnfinishedRequests, unsentBytes: number) {
  const resets: number[] = [];
  const stream = {
    unsentBytes,
    reset(code: number) {
      resets.push(code);
      reply.end();
    },
  };
  const reply = new UnsentReply(all, stream);
  return { stream, reply, resets };
}

test('a reply of which nothing is sent for the grace is cancelled, once', () => {
  const { clock, all } = sweeping();
  const { resets } = unsent(all, 1000);
  clock.advance(graceMs);
  expect(resets).toEqual([]);
  clock.advance(graceMs / 6);
  expect(resets).toEqual([errorCode.cancel]);
  clock.advance(10 * graceMs);
  expect([resets, clock.pending]).toEqual([[errorCode.cancel], 0]);
});

test('one of which a byte is sent within each grace may take its time', () => {
  const { clock, all } = sweeping();
  const { stream, resets } = unsent(all, 1000);
  for (let sent = 0; sent < 100; sent++) {
    clock.advance(graceMs * 0.9);
    stream.unsentBytes--;
  }
  expect(resets).toEqual([]);
  clock.advance(2 * graceMs);
  expect(resets).toEqual([errorCode.cancel]);
});

test('one that was sent is forgotten, and the sweep rests until the next', () => {
  const { clock, all } = sweeping();
  const { reply, resets } = unsent(all, 1000);
  reply.end();
  clock.advance(2 * graceMs);
  expect([resets, clock.pending]).toEqual([[], 0]);
  const next = unsent(all, 5);
  clock.advance(graceMs);
  expect(next.resets).toEqual([]);
  clock.advance(graceMs / 6);
  expect(next.resets).toEqual([errorCode.cancel]);
});

test('one timer does for any number of requests and replies', () => {
  const { clock, all } = sweeping();
  const refused: string[] = [];
  const call = { isIdle: false, refuse: (why: string) => refused.push(why) };
  for (let i = 0; i < 100; i++) {
    unsent(all, 1);
    void new UnfinishedRequest(all, call, 0);
  }
  expect(clock.pending).toBe(1);
  clock.advance(2 * graceMs);
  expect([refused.length, clock.pending, all.bytes]).toEqual([100, 0, 0]);
});

test('what is charged and discharged comes to nothing in the end, in whatever order a request ends', () => {
  const { all } = sweeping();
  const call = { isIdle: true, refuse: () => undefined };
  const [first, second] = [new UnfinishedRequest(all, call, 10), new UnfinishedRequest(all, call, 20)];
  first.charge(5000);
  second.charge(300);
  second.discharge(300);
  // A message that was on its way when its call ended, and goes on coming.
  first.release();
  first.discharge(5000);
  first.charge(7);
  first.release();
  second.release();
  expect(all.bytes).toBe(0);
});
