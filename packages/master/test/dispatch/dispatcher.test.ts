import { expect, test } from '@jest/globals';
import type { Batching, ServingError } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { Dispatcher } from '../../src/dispatch/dispatcher.js';
import { DispatchCounts } from '../../src/statistics/dispatch-counts.js';
import { pickFewestInFlight } from '../../src/dispatch/pickers/fewest-in-flight.js';
import type { Candidate } from '../../src/dispatch/pickers/replica-picker.js';
import { batcherOf } from '../support/batchers.js';
import { callOfSize, floatText } from '../support/calls.js';
import { FakeReplica } from '../support/fake-replica.js';

const roomy = {
  maxBatchSize: 8,
  maxBatchBytes: 1e6,
  minShare: 2,
  maxQueueInstances: 1e6,
  maxQueueBytes: 1e9,
};

function setUp(
  methods: readonly string[] = ['predict'],
  limits = roomy,
  clock = new ManualClock(),
  batching: Batching = {},
) {
  const deferred: (() => void)[] = [];
  const internal: ServingError[] = [];
  const asked: (readonly Candidate[])[] = [];
  const dispatcher = new Dispatcher({
    servable: 'add',
    version: 3,
    clock,
    counts: new DispatchCounts(),
    picker: (candidates) => {
      const all = [...candidates];
      asked.push(all.map(({ replicaId, inFlight, executors }) => ({ replicaId, inFlight, executors })));
      return pickFewestInFlight(all);
    },
    defer: (callback) => deferred.push(callback),
    onBatchLost: () => undefined,
    onInternalError: (error) => internal.push(error),
  });
  const batchers = methods.map((method) => batcherOf({ method, limits, batching, clock, dispatcher }));
  for (const batcher of batchers) dispatcher.addSource(batcher);
  const runDeferred = () => deferred.splice(0).forEach((callback) => callback());
  return { dispatcher, batchers, queue: batchers[0]!, clock, deferred, internal, asked, runDeferred };
}

function seated(dispatcher: Dispatcher, id: string, executors = 1): FakeReplica {
  const replica = new FakeReplica({ id, executors });
  dispatcher.addReplica(replica);
  return replica;
}

test('requests that arrive in one round of I/O share a batch', () => {
  const { dispatcher, queue, deferred, runDeferred } = setUp();
  const replica = seated(dispatcher, 'a');
  replica.grant();
  for (let i = 0; i < 3; i++) queue.enqueue(callOfSize(1));
  expect([deferred.length, replica.works.length]).toEqual([1, 0]);
  runDeferred();
  expect([replica.sizes, replica.last.contents.calls.length]).toEqual([[3], 3]);
});

test('the batch is formed when a credit comes: what arrived while the replica was busy goes together', () => {
  const { dispatcher, queue, runDeferred } = setUp();
  const replica = seated(dispatcher, 'a');
  replica.grant();
  queue.enqueue(callOfSize(1));
  runDeferred();
  for (let i = 0; i < 3; i++) queue.enqueue(callOfSize(2));
  runDeferred();
  expect(replica.sizes).toEqual([1]);
  replica.grant();
  expect(replica.sizes).toEqual([1, 6]);
});

test('the frame names the batch, its servable, version and method, and what is known of each call', () => {
  const { dispatcher, queue, clock } = setUp();
  const replica = seated(dispatcher, 'a');
  const call = callOfSize(2, { priority: 5, traceparent: '00-ab-cd-01' });
  queue.enqueue(call);
  replica.grant();
  expect(replica.last.contents).toMatchObject({
    batchId: replica.last.batchId,
    servable: 'add',
    version: 3,
    method: 'predict',
    count: 2,
    calls: [{ callId: call.id, count: 2, priority: 5, traceparent: '00-ab-cd-01', remainingMs: undefined }],
  });
  expect([replica.last.count, replica.last.texts, clock.pending]).toEqual([
    2,
    [floatText(0), floatText(1)],
    0,
  ]);
});

test('a big request is split over the replicas and comes back in its order', () => {
  const { dispatcher, queue } = setUp();
  const replicas = ['a', 'b'].map((id) => seated(dispatcher, id));
  const call = callOfSize(20);
  queue.enqueue(call);
  for (const replica of [...replicas, replicas[0]!]) replica.grant();
  expect(replicas.map((replica) => replica.sizes)).toEqual([[8, 4], [8]]);
  for (const work of replicas.flatMap((replica) => replica.works).toReversed()) work.succeed();
  expect(call.sink.list).toEqual(Array.from({ length: 20 }, (_, i) => floatText(i)));
});

test('what waits is spread over the executors, but in batches of at least minShare', () => {
  const { dispatcher, queue, runDeferred } = setUp();
  const replica = seated(dispatcher, 'a', 4);
  replica.grant(4);
  queue.enqueue(callOfSize(9));
  runDeferred();
  expect(replica.sizes).toEqual([3, 3, 3]);
  for (const work of replica.works) work.succeed();
  replica.grant(3);
  queue.enqueue(callOfSize(5));
  runDeferred();
  expect(replica.sizes.slice(3)).toEqual([2, 2, 1]);
});

test('methods take turns, one batch each, however few credits there are at a time', () => {
  for (const names of [
    ['a', 'b'],
    ['a', 'b', 'c', 'd'],
    ['a', 'b', 'c'],
  ]) {
    const { dispatcher, batchers } = setUp(names, { ...roomy, maxBatchSize: 1, minShare: 1 });
    const replica = seated(dispatcher, 'r');
    for (const batcher of batchers) batcher.enqueue(callOfSize(3));
    for (let i = 0; i < 3 * names.length; i++) replica.grant();
    expect(replica.works.map((work) => work.method)).toEqual([...names, ...names, ...names]);
  }
});

test('demand that finds no credit does not cost a method its turn', () => {
  const { dispatcher, batchers, runDeferred } = setUp(['a', 'b'], { ...roomy, maxBatchSize: 1, minShare: 1 });
  const replica = seated(dispatcher, 'r');
  for (let round = 0; round < 4; round++) {
    batchers[0]!.enqueue(callOfSize(1));
    batchers[1]!.enqueue(callOfSize(1));
    runDeferred();
    replica.grant();
  }
  expect(replica.works.map((work) => work.method)).toEqual(['a', 'b', 'a', 'b']);
});

test('a method that is alone gets every credit', () => {
  const { dispatcher, batchers } = setUp(['a', 'b'], { ...roomy, maxBatchSize: 1, minShare: 1 });
  const replica = seated(dispatcher, 'r');
  batchers[1]!.enqueue(callOfSize(3));
  replica.grant(3);
  expect(replica.works.map((work) => work.method)).toEqual(['b', 'b', 'b']);
});

test('the picker sees the replicas with credits and how many batches each has in flight', () => {
  const { dispatcher, queue, asked } = setUp(['predict'], { ...roomy, maxBatchSize: 1, minShare: 1 });
  const [a, b, c] = [seated(dispatcher, 'a'), seated(dispatcher, 'b', 2), seated(dispatcher, 'c')];
  a.grant(2);
  b.grant(2);
  queue.enqueue(callOfSize(4));
  dispatcher.demand();
  c.grant();
  expect([a.sizes.length, b.sizes.length, c.sizes.length]).toEqual([1, 2, 1]);
  expect(asked[0]!.map(({ replicaId }) => replicaId)).toEqual(['a', 'b', 'c']);
  expect(asked.at(-1)!.find(({ replicaId }) => replicaId === 'b')).toEqual({
    replicaId: 'b',
    inFlight: 1,
    executors: 2,
  });
});

test('a batch is in flight until its last instance is answered', () => {
  const { dispatcher, queue, asked } = setUp();
  const replica = seated(dispatcher, 'a');
  const inFlightNow = () => {
    replica.grant();
    queue.enqueue(callOfSize(1));
    dispatcher.addReplica(replica);
    const seen = asked.at(-1)![0]!.inFlight;
    replica.last.succeed();
    return seen;
  };
  expect(inFlightNow()).toBe(0);
  queue.enqueue(callOfSize(4));
  replica.grant();
  const work = replica.last;
  work.succeed(0, 3);
  expect(inFlightNow()).toBe(1);
  work.succeed(3, 1, { last: false });
  expect(inFlightNow()).toBe(1);
  work.succeed(3, 1);
  work.succeed(3, 1);
  expect(inFlightNow()).toBe(0);
});

test('expired credits are not spent, and a renewed one is', () => {
  const { dispatcher, queue, clock, runDeferred } = setUp();
  const replica = seated(dispatcher, 'a');
  replica.grant(1, 50);
  const renewed = replica.grant(1, 50);
  clock.advance(10);
  replica.grantCredit({ replicaId: 'a', creditId: renewed, expiresAt: 100 });
  clock.advance(40);
  queue.enqueue(callOfSize(1));
  runDeferred();
  expect(replica.sizes).toEqual([1]);
  queue.enqueue(callOfSize(1));
  runDeferred();
  clock.advance(100);
  expect([replica.sizes, queue.waiting]).toEqual([[1], 1]);
});

test('a recalled credit is not spent', () => {
  const { dispatcher, queue, runDeferred } = setUp();
  const replica = seated(dispatcher, 'a');
  replica.recall(replica.grant());
  queue.enqueue(callOfSize(1));
  runDeferred();
  expect([replica.works, queue.waiting]).toEqual([[], 1]);
});

test('a credit that lapses while its batch is being encoded still carries it', () => {
  class BusyClock extends ManualClock {
    /** Each look at the clock costs a millisecond. */
    override now(): number {
      this.advance(1);
      return super.now();
    }
  }
  for (let lifetime = 1; lifetime < 12; lifetime++) {
    const { dispatcher, queue } = setUp(['predict'], roomy, new BusyClock());
    const replica = seated(dispatcher, 'a');
    const call = callOfSize(1);
    queue.enqueue(call);
    replica.grant(1, 2 + lifetime);
    replica.works[0]?.succeed();
    expect([replica.works.length, call.sink.list.length]).toEqual(queue.waiting === 0 ? [1, 1] : [0, 0]);
  }
});

test('a batch that cannot be encoded is answered, keeps the credit, and its cause is reported once', () => {
  const { dispatcher, queue, internal } = setUp();
  const replica = seated(dispatcher, 'a');
  const unwritable = callOfSize(2, { priority: 2 ** 40 });
  queue.enqueue(unwritable);
  replica.grant();
  expect(unwritable.sink.list).toEqual(['INTERNAL', 'INTERNAL']);
  expect(unwritable.sink.messages).toEqual([`internal error, id ${internal[0]?.errorId}`]);
  expect([internal.length, internal[0]?.cause]).toEqual([1, expect.any(Error)]);
  const next = callOfSize(1);
  queue.enqueue(next);
  dispatcher.addReplica(replica);
  replica.last.succeed();
  expect([replica.sizes, next.sink.list]).toEqual([[1], [floatText(0)]]);
});

test('a replica that throws on sending answers its batch, and the next one goes out', () => {
  const { dispatcher, queue, internal } = setUp();
  const replica = seated(dispatcher, 'a');
  replica.onSend = () => {
    throw new Error('cannot be cloned');
  };
  const [first, second] = [callOfSize(1), callOfSize(1)];
  queue.enqueue(first);
  replica.grant();
  replica.onSend = (work) => work.succeed();
  queue.enqueue(second);
  replica.grant();
  expect([first.sink.list, second.sink.list]).toEqual([['INTERNAL'], [floatText(0)]]);
  expect(internal).toEqual([expect.objectContaining({ cause: new Error('cannot be cloned') })]);
});

test('a replica that answers and grants from within send is served to the end, however much waits', () => {
  const { dispatcher, queue } = setUp(['predict'], { ...roomy, maxBatchSize: 1, minShare: 1 });
  const replica = seated(dispatcher, 'a');
  replica.onSend = (work) => {
    work.succeed();
    replica.grant();
  };
  const call = callOfSize(2000);
  queue.enqueue(call);
  replica.grant();
  expect([queue.waiting, call.sink.outcomes.size, replica.works.length]).toEqual([0, 2000, 2000]);
  expect(call.sink.outcomes.get(1999)).toBe(floatText(1999));
});

test('the remaining time travels with each call, never below 1 while it lives', () => {
  const { dispatcher, queue, clock } = setUp();
  const replica = seated(dispatcher, 'a');
  const deadline = { at: 10.5, isPassed: () => false, remainingMs: () => Math.ceil(10.5 - clock.now()) };
  queue.enqueue(callOfSize(1, { deadline }));
  clock.advance(10);
  replica.grant();
  expect(replica.last.contents.calls[0]?.remainingMs).toBe(1);
});

test('a credit that finds only instances that wait for a fuller batch is spent when they have waited', () => {
  const clock = new ManualClock();
  const { dispatcher, queue, runDeferred } = setUp(['predict'], roomy, clock, { maxQueueDelayMs: 5 });
  const replica = seated(dispatcher, 'a');
  replica.grant();
  queue.enqueue(callOfSize(2));
  runDeferred();
  clock.advance(4);
  runDeferred();
  expect([replica.sizes, clock.pending]).toEqual([[], 1]);
  queue.enqueue(callOfSize(1, { arrivedAt: 4 }));
  clock.advance(1);
  runDeferred();
  expect([replica.sizes, clock.pending]).toEqual([[3], 0]);
});

test('what batches take is learnt from their replies, and keeps the next ones within the time', () => {
  const clock = new ManualClock();
  const { dispatcher, queue } = setUp(['predict'], roomy, clock, { maxBatchTimeMs: 30 });
  const replica = seated(dispatcher, 'a');
  queue.enqueue(callOfSize(20));
  replica.grant();
  replica.last.tookMs = 80;
  replica.last.succeed();
  replica.grant();
  expect(replica.sizes).toEqual([8, 3]);
});

test("methods share a replica by their weights over their batches' times", () => {
  const clock = new ManualClock();
  const { dispatcher, batchers } = setUp(['slow', 'fast'], roomy, clock);
  const replica = seated(dispatcher, 'a');
  for (const batcher of batchers) batcher.enqueue(callOfSize(800));
  for (let i = 0; i < 55; i++) {
    replica.grant();
    replica.last.tookMs = replica.last.method === 'slow' ? 10 : 1;
    replica.last.succeed();
  }
  const slow = replica.works.filter(({ method }) => method === 'slow').length;
  expect([slow, replica.works.length]).toEqual([5, 55]);
});
