import { expect, test } from '@jest/globals';
import { Deadline } from '@serving/common';
import { Batch } from '../../src/call/batch.js';
import { Quarantine } from '../../src/dispatch/quarantine.js';
import { Flight, Seat } from '../../src/dispatch/seat.js';
import { FakeSource } from '../support/fake-source.js';
import { FakeReplica } from '../support/fake-replica.js';
import { Fleet, type FleetCall } from '../support/fleet.js';

const sent = (replica: FakeReplica) => replica.works.map((work) => work.texts);

/** A fleet in which a batch of these calls has been lost twice. Nobody has a credit. */
function afterTwoLosses(sizes: readonly number[], survivors: readonly number[]) {
  const fleet = new Fleet();
  const doomed = [fleet.add(), fleet.add()];
  const replicas = survivors.map((executors) => fleet.add(executors));
  const calls = sizes.map((size) => fleet.call(size));
  for (const replica of doomed) {
    fleet.grant(replica);
    fleet.kill(replica);
  }
  return { fleet, calls, replicas };
}

function flight(): Flight {
  return new Flight(new FakeSource(), new Batch([]), 0);
}

test('the states follow from the replica, what it has in flight, and the suspect', () => {
  const quarantine = new Quarantine();
  const seat = new Seat(new FakeReplica());
  const [other, trial] = [flight(), flight()];
  const states = [quarantine.state];
  const after = (change: () => unknown) => {
    change();
    states.push(quarantine.state);
  };
  seat.flights.add(other);
  after(() => quarantine.enter(seat));
  after(() => seat.flights.delete(other));
  after(() => quarantine.began(trial));
  after(() => quarantine.ended(other));
  after(() => quarantine.release());
  after(() => quarantine.ended(trial));
  expect(states).toEqual(['free', 'emptying', 'ready', 'trying', 'trying', 'trying', 'free']);
});

test('instances that were lost twice run one by one on one replica, while others serve', () => {
  const { fleet, calls, replicas } = afterTwoLosses([2, 1], [2, 2]);
  const [suspect, busy] = replicas as [FakeReplica, FakeReplica];
  fleet.grant(suspect, 2);
  const fresh = fleet.call(4);
  expect([sent(suspect), fleet.waiting]).toEqual([[[calls[0]!.texts[0]]], 6]);
  fleet.grant(busy, 2);
  expect(sent(busy)).toEqual([fresh.texts]);
  suspect.last.succeed();
  expect(suspect.sizes).toEqual([1, 1]);
  suspect.last.succeed();
  fleet.grant(suspect);
  suspect.last.succeed();
  expect(calls.map((call) => call.sink.list)).toEqual(calls.map((call) => call.texts));
});

test('the replica finishes what it has in flight before the first suspect, and takes nothing else meanwhile', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  const survivor = fleet.add(3);
  const lost = fleet.call(2);
  fleet.grant(a);
  fleet.kill(a);
  fleet.grant(b);
  const [one, two] = [fleet.call(4), fleet.call(4)];
  fleet.grant(survivor, 2);
  fleet.kill(b);
  fleet.grant(survivor, 3);
  const fresh = fleet.call(1);
  expect(sent(survivor)).toEqual([one.texts, two.texts]);
  survivor.works[0]!.succeed();
  expect(survivor.works.length).toBe(2);
  survivor.works[1]!.succeed();
  expect(sent(survivor).slice(2)).toEqual([[lost.texts[0]]]);
  survivor.last.succeed();
  survivor.last.succeed();
  expect(sent(survivor).slice(3)).toEqual([[lost.texts[1]], fresh.texts]);
});

test('a poisonous instance costs one more replica and is told so; the other suspects go on elsewhere', () => {
  const { fleet, calls, replicas } = afterTwoLosses([1, 2], [1, 1]);
  const [third, fourth] = replicas as [FakeReplica, FakeReplica];
  fleet.grant(third);
  fleet.grant(fourth);
  expect(fourth.works).toEqual([]);
  fleet.kill(third, 'exit code 139');
  expect([calls[0]!.sink.list, calls[1]!.sink.list]).toEqual([['WORKER_LOST'], []]);
  expect(calls[0]!.sink.messages).toEqual([
    "Call method 'predict' Failed: in each of 3 attempts, the last of them alone, the worker was lost that had the instance (replica r2: exit code 139)",
  ]);
  expect(sent(fourth)).toEqual([[calls[1]!.texts[0]]]);
  fourth.last.succeed();
  fleet.grant(fourth);
  fourth.last.succeed();
  expect([calls[1]!.sink.list, fleet.waiting]).toEqual([calls[1]!.texts, 0]);
});

test('a suspect that is handed back has not had its last attempt, and may go to another replica', () => {
  const { fleet, calls, replicas } = afterTwoLosses([1], [1, 1]);
  const [third, fourth] = replicas as [FakeReplica, FakeReplica];
  fleet.grant(third);
  fleet.giveBack(third.last);
  expect([fleet.waiting, calls[0]!.sink.list]).toEqual([1, []]);
  fleet.grant(fourth);
  fourth.last.succeed();
  expect([calls[0]!.sink.list, third.works.length]).toEqual([calls[0]!.texts, 1]);
});

test('no second suspect starts while the first is in flight, even if its replica was taken out of service', () => {
  const { fleet, calls, replicas } = afterTwoLosses([2], [1, 1]);
  const [third, fourth] = replicas as [FakeReplica, FakeReplica];
  fleet.grant(third);
  fleet.withdraw(third);
  fleet.grant(fourth);
  expect(fourth.works).toEqual([]);
  third.last.succeed();
  fourth.last.succeed();
  expect(calls[0]!.sink.list).toEqual(calls[0]!.texts);
});

test('a replica whose suspects have all been cancelled returns to service', () => {
  const { fleet, calls, replicas } = afterTwoLosses([3], [2]);
  const survivor = replicas[0]!;
  fleet.grant(survivor, 2);
  const fresh = fleet.call(1);
  calls[0]!.signal.abort();
  fleet.runDeferred();
  expect([survivor.cancelled, survivor.sizes]).toEqual([[survivor.works[0]!.batchId], [1]]);
  survivor.works[0]!.fail();
  expect(sent(survivor).slice(1)).toEqual([fresh.texts]);
});

test('a replica that empties for suspects which are cancelled or expire meanwhile takes new work at once', () => {
  const late = (fleet: Fleet) => fleet.clock.advance(50);
  const cancelled = (_: Fleet, call: FleetCall) => call.signal.abort();
  for (const end of [late, cancelled]) {
    const fleet = new Fleet();
    const [a, b] = [fleet.add(), fleet.add()];
    const lost = fleet.call(2, { deadline: Deadline.after(50, fleet.clock) });
    fleet.grant(a);
    fleet.kill(a);
    fleet.grant(b);
    const survivor = fleet.add(2);
    fleet.call(4);
    fleet.grant(survivor);
    fleet.kill(b);
    fleet.grant(survivor);
    const fresh = fleet.call(4);
    expect(survivor.works.length).toBe(1);
    end(fleet, lost);
    fleet.runDeferred();
    expect([sent(survivor).slice(1), fleet.waiting]).toEqual([[fresh.texts], 0]);
  }
});

test('with no replica left suspects are refused, and not for trying again', () => {
  const { fleet, calls, replicas } = afterTwoLosses([2], [1]);
  fleet.grant(replicas[0]!);
  fleet.kill(replicas[0]!);
  expect([calls[0]!.sink.list, fleet.waiting]).toEqual([['WORKER_LOST', 'WORKER_LOST'], 0]);
});
