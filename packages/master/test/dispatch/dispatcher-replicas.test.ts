import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { Dispatcher } from '../../src/dispatch/dispatcher.js';
import { DispatchCounts } from '../../src/statistics/dispatch-counts.js';
import { pickFewestInFlight } from '../../src/dispatch/pickers/fewest-in-flight.js';
import { batcherOf } from '../support/batchers.js';
import { callOfSize, floatText } from '../support/calls.js';
import { FakeReplica } from '../support/fake-replica.js';

const limits = {
  maxBatchSize: 2,
  maxBatchBytes: 1e6,
  minShare: 1,
  maxQueueInstances: 100,
  maxQueueBytes: 1e6,
};

function setUp(replica = new FakeReplica()) {
  const clock = new ManualClock();
  const dispatcher = new Dispatcher({
    servable: 'add',
    version: 1,
    clock,
    counts: new DispatchCounts(),
    picker: pickFewestInFlight,
    defer: (callback) => callback(),
    onBatchLost: () => undefined,
    onInternalError: () => undefined,
  });
  const queue = batcherOf({ limits, clock, dispatcher });
  dispatcher.addSource(queue);
  dispatcher.addReplica(replica);
  return { dispatcher, queue, replica };
}

test('a batch of one call is cancelled with it, and still gets its replies', () => {
  const { queue, replica } = setUp();
  const call = callOfSize(2);
  replica.grant();
  queue.enqueue(call);
  call.signal.abort();
  expect([replica.cancelled, call.sink.list]).toEqual([[replica.last.batchId], ['CANCELLED', 'CANCELLED']]);
  replica.last.succeed();
  expect(call.sink.list).toEqual(['CANCELLED', 'CANCELLED']);
});

test('a batch that another call waits for runs on until that is abandoned too', () => {
  const { queue, replica } = setUp();
  const [a, b] = [callOfSize(1), callOfSize(1)];
  queue.enqueue(a);
  queue.enqueue(b);
  replica.grant();
  a.signal.abort();
  expect(replica.cancelled).toEqual([]);
  b.signal.abort();
  expect(replica.cancelled).toEqual([replica.last.batchId]);
});

test('a replica learns of each call of a batch that nobody waits for, and of the batch with the last one', () => {
  const { queue, replica } = setUp();
  const [a, b] = [callOfSize(1), callOfSize(1)];
  queue.enqueue(a);
  queue.enqueue(b);
  replica.grant();
  const { batchId } = replica.last;
  b.signal.abort();
  expect([replica.cancelled, replica.cancelledParts]).toEqual([[], [[batchId, { first: 1, count: 1 }]]]);
  a.signal.abort();
  expect([replica.cancelled, replica.cancelledParts.length]).toEqual([[batchId], 1]);
});

test('every batch that carries a part of the cancelled call alone is cancelled, settled ones are not', () => {
  const { queue, replica } = setUp();
  const [big, small] = [callOfSize(7), callOfSize(1)];
  queue.enqueue(big);
  queue.enqueue(small);
  replica.grant(4);
  const [mixed, first, second, third] = replica.works;
  expect(replica.sizes).toEqual([2, 2, 2, 2]);
  second!.succeed();
  big.signal.abort();
  expect(replica.cancelled).toEqual([first!.batchId, third!.batchId]);
  mixed!.succeed();
  expect(small.sink.list).toEqual([floatText(0)]);
  expect(big.sink.list).toEqual([
    'CANCELLED',
    'CANCELLED',
    'CANCELLED',
    floatText(3),
    floatText(4),
    'CANCELLED',
    'CANCELLED',
  ]);
});

test('a removed replica gets no more, and what it has in flight ends by its own replies', () => {
  const { dispatcher, queue, replica } = setUp();
  const [sent, waits] = [callOfSize(1), callOfSize(1)];
  replica.grant(2);
  queue.enqueue(sent);
  dispatcher.removeReplica(replica.id);
  queue.enqueue(waits);
  expect([replica.works.length, dispatcher.hasReplicas]).toEqual([1, false]);
  replica.last.succeed();
  expect(sent.sink.list).toEqual([floatText(0)]);
});

test('a cancellation reaches a replica that was removed with the batch in flight, but not after its reply', () => {
  const { dispatcher, queue, replica } = setUp();
  const [call, answered] = [callOfSize(1), callOfSize(1)];
  replica.grant();
  queue.enqueue(call);
  replica.grant();
  queue.enqueue(answered);
  const [first, second] = replica.works;
  dispatcher.removeReplica(replica.id);
  second!.succeed();
  answered.signal.abort();
  call.signal.abort();
  expect(replica.cancelled).toEqual([first!.batchId]);
  first!.fail();
  call.signal.abort();
  expect(replica.cancelled).toEqual([first!.batchId]);
});

test('a replica that comes back can be used with the credits it had granted before and meanwhile', () => {
  const { dispatcher, queue, replica } = setUp();
  replica.grant();
  dispatcher.removeReplica(replica.id);
  const recalled = replica.grant(2);
  replica.recall(recalled);
  dispatcher.addReplica(replica);
  const call = callOfSize(6);
  queue.enqueue(call);
  expect([replica.sizes, queue.waiting]).toEqual([[2, 2], 2]);
});

test('a new replica under an old id starts without credits, and the old one still ends its batches', () => {
  const { dispatcher, queue, replica } = setUp();
  replica.grant(2);
  const old = callOfSize(1);
  queue.enqueue(old);
  dispatcher.removeReplica(replica.id);
  const heir = new FakeReplica({ id: replica.id });
  dispatcher.addReplica(heir);
  const call = callOfSize(1);
  queue.enqueue(call);
  expect([heir.works, replica.works.length]).toEqual([[], 1]);
  heir.grant();
  heir.last.succeed();
  replica.last.fail(0, 1);
  expect([old.sink.list, call.sink.list]).toEqual([['STAGE_FAILED'], [floatText(0)]]);
});

test('removing a replica that is unknown changes nothing', () => {
  const { dispatcher, queue, replica } = setUp();
  dispatcher.removeReplica('another');
  replica.grant();
  queue.enqueue(callOfSize(1));
  expect([dispatcher.hasReplicas, replica.sizes]).toEqual([true, [1]]);
});
