/** Batches that do not return in time: the request that is to blame is answered with it, and no other. */
import { expect, test } from '@jest/globals';
import { Fleet } from '../support/fleet.js';
import type { FakeReplica } from '../support/fake-replica.js';

const sent = (replica: FakeReplica) => replica.works.map((work) => work.texts);

/** A replica that has been sent one batch with all that these calls hold. */
function together(sizes: readonly number[], method: 'predict' | 'once' = 'predict') {
  const fleet = new Fleet(16);
  const replica = fleet.add();
  const calls = sizes.map((size) => fleet.call(size, {}, method));
  fleet.grant(replica);
  return { fleet, replica, calls };
}

test('the instance that was worked on is to blame; the others are sent again together', () => {
  const { fleet, replica, calls } = together([1, 2, 1]);
  replica.last.standStill(1, 1);
  fleet.grant(replica);
  const [first, second, third] = calls.map(({ texts }) => texts);
  expect(sent(replica)[1]).toEqual([...first!, second![1], ...third!]);
  replica.last.succeed();
  expect(calls.map((call) => call.sink.list)).toEqual([first, ['STAGE_FAILED', second![1]], third]);
});

test('when those are overdue as well, each request is sent by itself', () => {
  const { fleet, replica, calls } = together([1, 1, 2, 1]);
  replica.last.standStill(0, 1);
  fleet.grant(replica);
  replica.last.standStill(0, 1);
  fleet.grant(replica);
  replica.last.succeed();
  fleet.grant(replica);
  replica.last.succeed();
  expect(replica.sizes).toEqual([5, 4, 2, 1]);
  const [, , third, fourth] = calls.map(({ texts }) => texts);
  expect(calls.map((call) => call.sink.list)).toEqual([['STAGE_FAILED'], ['STAGE_FAILED'], third, fourth]);
});

test('when several requests were worked on at once, nobody is to blame before each was sent by itself', () => {
  const { fleet, replica, calls } = together([2, 2, 1]);
  replica.last.standStill(1, 2);
  expect(calls.map((call) => call.sink.list)).toEqual([[], [], []]);
  for (const [index, { count }] of [0, 1, 2].map((i) => [i, { count: calls[i]!.texts.length }] as const)) {
    fleet.grant(replica);
    expect(replica.last.texts).toEqual(calls[index]!.texts);
    if (index === 1) replica.last.standStill(0, count);
    else replica.last.succeed();
  }
  const [first, , third] = calls.map(({ texts }) => texts);
  expect(calls.map((call) => call.sink.list)).toEqual([first, ['STAGE_FAILED', 'STAGE_FAILED'], third]);
  expect(calls.flatMap((call) => call.sink.repeated)).toEqual([]);
});

test('a request that is by itself and overdue twice is not sent again', () => {
  const { fleet, replica, calls } = together([3]);
  replica.last.standStill(0, 1);
  fleet.grant(replica);
  replica.last.standStill(0, 1);
  expect([calls[0]!.sink.list, fleet.waiting]).toEqual([['STAGE_FAILED', 'STAGE_FAILED', 'STAGE_FAILED'], 0]);
});

test('four requests of a batch that are overdue by themselves are enough: the rest are refused', () => {
  const { fleet, replica, calls } = together([1, 1, 1, 1, 1, 1]);
  replica.last.standStill();
  for (let i = 0; i < 4; i++) {
    expect(fleet.waiting).toBe(6 - i);
    fleet.grant(replica);
    replica.last.standStill();
  }
  expect(replica.sizes).toEqual([6, 1, 1, 1, 1]);
  expect([fleet.waiting, calls.map((call) => call.sink.list)]).toEqual([
    0,
    calls.map(() => ['STAGE_FAILED']),
  ]);
});

test('a method that is not idempotent is not run again: all are told so at once', () => {
  const { fleet, replica, calls } = together([1, 2], 'once');
  replica.last.standStill(0, 2);
  expect(fleet.waiting).toBe(0);
  expect(calls.map((call) => call.sink.list)).toEqual([['STAGE_FAILED'], ['STAGE_FAILED', 'STAGE_FAILED']]);
});

test('an instance whose answer has begun is not sent again, whoever is to blame', () => {
  const { fleet, replica, calls } = together([1, 1, 1]);
  for (const instance of [0, 1]) replica.last.succeed(instance, 1, { last: false });
  replica.last.standStill(0, 1);
  fleet.grant(replica);
  expect(sent(replica)[1]).toEqual(calls[2]!.texts);
  replica.last.succeed();
  expect(calls.map((call) => call.sink.list)).toEqual([['STAGE_FAILED'], ['WORKER_LOST'], calls[2]!.texts]);
  expect(calls[1]!.sink.messages).toEqual([
    "Call method 'predict' Failed: the answer had begun, and was cut off: the batch did not return within 5 ms",
  ]);
});
