import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { resolveLimits } from '../../src/batching/batch-limits.js';
import { QueueBudget } from '../../src/batching/queue-budget.js';
import { pickFewestInFlight } from '../../src/dispatch/pickers/fewest-in-flight.js';
import { createVersionEntry } from '../../src/routing/version-entry.js';
import { StatisticsBook } from '../../src/statistics/statistics-book.js';
import { callOfSize, floatText } from '../support/calls.js';
import { FakeReplica, signature } from '../support/fake-replica.js';

function entryOf(first: FakeReplica) {
  const limits = resolveLimits({ maxBatchSize: 4, minShare: 1 });
  return createVersionEntry(first, {
    limits,
    batching: limits,
    budget: QueueBudget.ofAll(limits),
    clock: new ManualClock(),
    createPicker: () => pickFewestInFlight,
    statistics: new StatisticsBook(),
    defer: (callback) => callback(),
    onBatchLost: () => undefined,
    onInternalError: () => undefined,
  });
}

test('there is a route per method, and its queue leads to the replicas', () => {
  const replica = new FakeReplica({ version: 3, methods: [signature('a'), signature('b')] });
  const entry = entryOf(replica);
  entry.setReplicas([replica]);
  replica.grant(2);
  const call = callOfSize(1);
  entry.methods.get('b')!.queue.enqueue(call);
  replica.last.succeed();
  expect([entry.version, [...entry.methods.keys()], call.sink.list]).toEqual([3, ['a', 'b'], [floatText(0)]]);
  expect(replica.last.contents).toMatchObject({ servable: 'add', version: 3, method: 'b' });
  expect(entry.methods.get('b')).toMatchObject({ servable: 'add', version: 3, method: { name: 'b' } });
});

test('it is available while it has a replica', () => {
  const replica = new FakeReplica();
  const entry = entryOf(replica);
  const seen = [entry.isAvailable];
  for (const replicas of [[replica], [], [replica]]) {
    entry.setReplicas(replicas);
    seen.push(entry.isAvailable);
  }
  expect(seen).toEqual([false, true, false, true]);
});

test('a model that takes more at a time raises the batch size of its method, a smaller one does not lower it', () => {
  const replica = new FakeReplica({ methods: [signature('large', ['x'], 6), signature('small', ['x'], 2)] });
  const entry = entryOf(replica);
  entry.setReplicas([replica]);
  for (const name of ['large', 'small']) entry.methods.get(name)!.queue.enqueue(callOfSize(10));
  for (let i = 0; i < 4; i++) replica.grant();
  expect(replica.works.map((work) => [work.method, work.count])).toEqual([
    ['large', 6],
    ['small', 4],
    ['large', 4],
    ['small', 4],
  ]);
});

test('what waits for the last replica alone is answered when it goes, on every method', () => {
  const replica = new FakeReplica({ methods: [signature('a'), signature('b')] });
  const other = new FakeReplica({ id: 'other', methods: replica.methods });
  const entry = entryOf(replica);
  entry.setReplicas([replica, other]);
  const calls = ['a', 'b'].map((name) => {
    const call = callOfSize(2);
    entry.methods.get(name)!.queue.enqueue(call);
    return call;
  });
  entry.setReplicas([other]);
  expect(calls.map((call) => call.sink.list)).toEqual([[], []]);
  entry.setReplicas([]);
  expect(calls.map((call) => call.sink.list)).toEqual([
    ['NO_REPLICA', 'NO_REPLICA'],
    ['NO_REPLICA', 'NO_REPLICA'],
  ]);
  expect(calls[1]!.sink.messages[0]).toMatch(
    /^Request servable\(add\) method\(b\) , servable is not available/,
  );
});

test('instances that the last replica has in flight get their own outcome after it was removed', () => {
  const replica = new FakeReplica();
  const entry = entryOf(replica);
  entry.setReplicas([replica]);
  const call = callOfSize(6);
  replica.grant();
  entry.methods.get('predict')!.queue.enqueue(call);
  entry.setReplicas([]);
  replica.last.succeed();
  expect(call.sink.list).toEqual([...[0, 1, 2, 3].map(floatText), 'NO_REPLICA', 'NO_REPLICA']);
});

test('a replica is seated once, however often the snapshot names it', () => {
  const replica = new FakeReplica();
  const entry = entryOf(replica);
  entry.setReplicas([replica]);
  replica.grant();
  entry.setReplicas([replica, new FakeReplica({ id: 'other' })]);
  entry.methods.get('predict')!.queue.enqueue(callOfSize(1));
  expect(replica.sizes).toEqual([1]);
});

test('a replica that was taken out is sent nothing more, whatever credits it has granted', () => {
  const [gone, stays] = [new FakeReplica({ id: 'gone' }), new FakeReplica({ id: 'stays' })];
  const entry = entryOf(gone);
  entry.setReplicas([gone, stays]);
  gone.grant();
  entry.setReplicas([stays]);
  const call = callOfSize(1);
  entry.methods.get('predict')!.queue.enqueue(call);
  expect([gone.works, stays.works]).toEqual([[], []]);
  stays.grant();
  expect([gone.sizes, stays.sizes]).toEqual([[], [1]]);
});

test('what a lost replica had is answered at once when it was the last, and not run again unless it may be', () => {
  const methods = [signature('predict'), signature('once', ['x'], 0, false)];
  const [a, b] = [new FakeReplica({ id: 'a', methods }), new FakeReplica({ id: 'b', methods })];
  const entry = entryOf(a);
  entry.setReplicas([a, b]);
  const [again, once] = ['predict', 'once'].map((name) => {
    const call = callOfSize(1);
    entry.methods.get(name)!.queue.enqueue(call);
    return call;
  });
  a.grant(2);
  entry.setReplicas([b]);
  a.die();
  expect([again!.sink.list, once!.sink.list]).toEqual([[], ['WORKER_LOST']]);
  entry.setReplicas([]);
  expect(again!.sink.list).toEqual(['WORKER_LOST']);
});
