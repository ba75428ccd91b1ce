import { expect, test } from '@jest/globals';
import { Block, bytesColumn, Deadline, ServiceTime, ServingError } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { Batch } from '../../src/call/batch.js';
import type { PredictCall } from '../../src/call/predict-call.js';
import { batcherOf } from '../support/batchers.js';
import { blobs, callOf, callOfSize, floats, type TestCall } from '../support/calls.js';

class FakeDispatcher {
  hasReplicas = true;
  executors = 1;
  demands = 0;
  readonly abandoned: PredictCall[] = [];

  demand(): void {
    this.demands++;
  }

  abandon(call: PredictCall): void {
    this.abandoned.push(call);
  }
}

const limits = {
  maxBatchSize: 8,
  maxBatchBytes: 1000,
  minShare: 2,
  maxQueueInstances: 20,
  maxQueueBytes: 100,
};

function setUp() {
  const clock = new ManualClock(1000);
  const dispatcher = new FakeDispatcher();
  return {
    clock,
    dispatcher,
    batcher: batcherOf({ limits, clock, dispatcher }),
  };
}

function inMs(clock: ManualClock, ms: number): { deadline: Deadline } {
  return { deadline: Deadline.after(ms, clock) };
}

/** A block of one instance with so many byte strings. */
function blobsOfShape(size: number): Block {
  const elements = Array.from({ length: size }, () => new Uint8Array(1));
  return new Block(1, [bytesColumn('x', 'bytes', [size], elements)]);
}

/** A batch as it has run. */
function batchOfOne(): Batch {
  const call = callOfSize(1);
  return new Batch([{ call, range: call.parts[0]!.block.all(), first: 0 }]);
}

/** Distinct outcomes of a call. */
function outcomesOf(call: TestCall): string[] {
  return [...new Set(call.sink.outcomes.values())];
}

test('what is enqueued waits, and the dispatcher hears of it', () => {
  const { batcher, dispatcher } = setUp();
  batcher.enqueue(callOfSize(3));
  batcher.enqueue(callOfSize(1));
  expect([batcher.waiting, dispatcher.demands]).toEqual([4, 2]);
});

test('a batch is an equal part for each executor, but at least minShare and at most maxBatchSize', () => {
  const { batcher, clock, dispatcher } = setUp();
  batcher.enqueue(callOfSize(20));
  const sizes = [7, 20, 1, 1].map((executors) => {
    dispatcher.executors = executors;
    return batcher.nextBatch(clock.now())?.count;
  });
  expect(sizes).toEqual([3, 2, 8, 7]);
  expect(batcher.nextBatch(clock.now())).toBeUndefined();
});

test('a batch is bounded by its bytes, and one larger instance travels alone', () => {
  const { batcher, clock } = setUp();
  batcher.enqueue(callOf([blobs(400, 600, 1, 1001, 1)]));
  expect(Array.from({ length: 5 }, () => batcher.nextBatch(clock.now())?.count)).toEqual([
    2,
    1,
    1,
    1,
    undefined,
  ]);
});

test('a full queue refuses all instances of a request at once, with both numbers in the text', () => {
  const { batcher, dispatcher } = setUp();
  batcher.enqueue(callOfSize(15));
  const refused = callOf([floats(1, 2, 3), floats(4, 5, 6)]);
  const heavy = callOfSize(1, { retainedBytes: 91 });
  for (const call of [refused, heavy]) batcher.enqueue(call);
  expect(refused.sink.list).toEqual(Array.from({ length: 6 }, () => 'QUEUE_FULL'));
  expect(refused.sink.messages[0]).toMatch(/exceeds the limit 20; 15 instances wait and 6 more are given/);
  expect(heavy.sink.messages[0]).toMatch(
    /exceeds the limit of 100 bytes; 10 bytes wait and 91 more are given/,
  );
  expect([batcher.waiting, dispatcher.demands]).toEqual([15, 1]);
});

test('a request whose caller has gone, whose deadline has passed or that no replica serves is refused', () => {
  const { batcher, clock, dispatcher } = setUp();
  const [gone, late, unserved] = [callOfSize(2), callOfSize(1, inMs(clock, 0)), callOfSize(1)];
  gone.signal.abort();
  batcher.enqueue(gone);
  batcher.enqueue(late);
  dispatcher.hasReplicas = false;
  batcher.enqueue(unserved);
  expect([gone, late, unserved].map(outcomesOf)).toEqual([
    ['CANCELLED'],
    ['DEADLINE_EXCEEDED'],
    ['NO_REPLICA'],
  ]);
  expect(unserved.sink.messages[0]).toMatch(
    /^Request servable\(add\) method\(predict\) , servable is not available/,
  );
  expect([batcher.waiting, clock.pending, dispatcher.demands]).toEqual([0, 0, 0]);
});

test('a cancelled request leaves the queue, makes room, and its replicas hear of it', () => {
  const { batcher, dispatcher, clock } = setUp();
  const [call, other] = [callOfSize(5, { retainedBytes: 100 }), callOfSize(1, { retainedBytes: 100 })];
  batcher.enqueue(call);
  dispatcher.executors = 3;
  expect(batcher.nextBatch(clock.now())?.count).toBe(2);
  call.signal.abort();
  expect(call.sink.list).toEqual(Array.from({ length: 5 }, () => 'CANCELLED'));
  expect([batcher.waiting, dispatcher.abandoned]).toEqual([0, [call]]);
  batcher.enqueue(other);
  expect([batcher.waiting, other.sink.list]).toEqual([1, []]);
});

test('a request that was cancelled while all of it was on its way is still made known to its replicas', () => {
  const { batcher, dispatcher, clock } = setUp();
  const call = callOfSize(2);
  batcher.enqueue(call);
  batcher.nextBatch(clock.now());
  call.signal.abort();
  expect([dispatcher.abandoned, outcomesOf(call)]).toEqual([[call], ['CANCELLED']]);
});

test('one timer ends every request at its own deadline', () => {
  const { batcher, clock, dispatcher } = setUp();
  const calls = [30, 10, 20, 10].map((ms) => callOfSize(1, inMs(clock, ms)));
  const forever = callOfSize(1);
  for (const call of [...calls, forever]) batcher.enqueue(call);
  expect(clock.pending).toBe(1);
  clock.advance(9);
  expect(calls.map(outcomesOf)).toEqual([[], [], [], []]);
  clock.advance(1);
  const passed = ['DEADLINE_EXCEEDED'];
  expect([calls.map(outcomesOf), clock.pending]).toEqual([[[], passed, [], passed], 1]);
  clock.advance(20);
  expect(calls.map(outcomesOf)).toEqual([passed, passed, passed, passed]);
  expect([batcher.waiting, clock.pending, outcomesOf(forever)]).toEqual([1, 0, []]);
  // Nothing of them had been sent.
  expect(dispatcher.abandoned).toEqual([]);
  expect(calls[0]!.sink.messages).toEqual(["the caller's deadline passed while the request was waiting"]);
});

test('the deadline of a request that has been sent on leaves the others alone', () => {
  const { batcher, clock } = setUp();
  const [sent, waits] = [callOfSize(2, inMs(clock, 10)), callOfSize(1, inMs(clock, 15))];
  batcher.enqueue(sent);
  batcher.nextBatch(clock.now());
  batcher.enqueue(waits);
  clock.advance(14);
  expect([outcomesOf(sent), outcomesOf(waits)]).toEqual([[], []]);
  clock.advance(1);
  expect(outcomesOf(waits)).toEqual(['DEADLINE_EXCEEDED']);
});

test('a request whose deadline has passed is not started, even when the timer is late', () => {
  const { dispatcher } = setUp();
  const clock = new ManualClock();
  // Time goes on without the timers having run, as when the event loop was held up.
  let lateBy = 0;
  const stalled = {
    now: () => clock.now() + lateBy,
    after: (ms: number, run: () => void) => clock.after(ms, run),
  };
  const batcher = batcherOf({ limits, clock: stalled, dispatcher });
  const [late, alive] = [callOfSize(2, inMs(clock, 10)), callOfSize(1, inMs(clock, 30))];
  batcher.enqueue(late);
  batcher.enqueue(alive);
  lateBy = 10;
  expect(batcher.nextBatch(stalled.now())?.entries.map((entry) => entry.call)).toEqual([alive]);
  expect([outcomesOf(late), clock.pending]).toEqual([['DEADLINE_EXCEEDED'], 1]);
});

test('a batcher whose requests have all expired has no batch to give', () => {
  const { batcher, clock } = setUp();
  batcher.enqueue(callOfSize(2, inMs(clock, 10)));
  clock.advance(10);
  expect([batcher.nextBatch(clock.now()), clock.pending]).toEqual([undefined, 0]);
});

test('losing the last replica answers waiting instances only: those on their way get their own outcome', () => {
  const { batcher, clock, dispatcher } = setUp();
  const [begun, waits] = [callOfSize(4), callOfSize(1)];
  dispatcher.executors = 2;
  batcher.enqueue(begun);
  batcher.enqueue(waits);
  const batch = batcher.nextBatch(clock.now())!;
  batcher.enqueue(callOfSize(1));
  batcher.refuseAll();
  expect(begun.sink.list).toEqual([undefined, undefined, undefined, 'NO_REPLICA']);
  expect([waits.sink.list, batcher.waiting]).toEqual([['NO_REPLICA'], 0]);
  batch.failRest(new ServingError('WORKER_LOST', 'lost'));
  expect(begun.sink.list).toEqual(['WORKER_LOST', 'WORKER_LOST', 'WORKER_LOST', 'NO_REPLICA']);
});

test('a refusal for want of room says when to try again, as far as it is known', () => {
  const service = new ServiceTime();
  const clock = new ManualClock();
  const batcher = batcherOf({ limits, service, clock, dispatcher: new FakeDispatcher() });
  batcher.enqueue(callOfSize(16));
  const refused = () => {
    const call = callOfSize(5);
    batcher.enqueue(call);
    return call.sink.messages[0];
  };
  expect(refused()).toMatch(/try again in about 1000 ms$/);
  service.observe(8, 400);
  // Half of what waits is a batch, and a batch takes 400 ms.
  expect(refused()).toMatch(/try again in about 400 ms$/);
});

test('with a delay nothing is ready before the first has waited, and the dispatcher is woken then', () => {
  const { clock, dispatcher } = setUp();
  const batcher = batcherOf({ limits, clock, dispatcher, batching: { maxQueueDelayMs: 5 } });
  batcher.enqueue(callOfSize(2, { arrivedAt: clock.now() }));
  clock.advance(3);
  batcher.enqueue(callOfSize(1, { arrivedAt: clock.now() }));
  expect([batcher.ready(clock.now()), batcher.nextBatch(clock.now()), dispatcher.demands]).toEqual([
    0,
    undefined,
    2,
  ]);
  clock.advance(2);
  expect([batcher.ready(clock.now()), dispatcher.demands]).toEqual([3, 3]);
  expect(batcher.nextBatch(clock.now())?.count).toBe(3);
  expect([batcher.waiting, clock.pending]).toEqual([0, 0]);
});

test('with a delay a full batch is ready at once, and so is the rest of a request that has begun', () => {
  const { clock, dispatcher } = setUp();
  const batcher = batcherOf({ limits, clock, dispatcher, batching: { maxQueueDelayMs: 5 } });
  batcher.enqueue(callOfSize(9, { arrivedAt: clock.now() }));
  expect([1, 2].map(() => batcher.nextBatch(clock.now())?.count)).toEqual([8, 1]);
});

test('work that is predicted to end after its deadline is refused when that is asked for, when it comes and while it waits', () => {
  const { clock, dispatcher } = setUp();
  const batcher = batcherOf({ limits, clock, dispatcher, batching: { refuseLate: true } });
  const early = callOfSize(1, inMs(clock, 20));
  batcher.enqueue(early);
  batcher.learn({ batch: batchOfOne(), serviceMs: 30, sentAt: 900, answeredAt: 1000 });
  const late = callOfSize(1, inMs(clock, 29));
  const waits = callOfSize(1, inMs(clock, 40));
  for (const call of [late, waits]) batcher.enqueue(call);
  expect([early, late, waits].map(outcomesOf)).toEqual([[], ['DEADLINE_EXCEEDED'], []]);
  expect(late.sink.messages[0]).toBe(
    "the caller's deadline leaves 29 ms, but an instance of this method takes about 30 ms: it was not started",
  );
  expect(batcher.nextBatch(clock.now())?.entries.map(({ call }) => call)).toEqual([waits]);
  expect(outcomesOf(early)).toEqual(['DEADLINE_EXCEEDED']);
});

test('what of late work runs already is not given up', () => {
  const { clock, dispatcher } = setUp();
  const batcher = batcherOf({ limits, clock, dispatcher, batching: { refuseLate: true } });
  const call = callOfSize(9, inMs(clock, 20));
  batcher.enqueue(call);
  batcher.nextBatch(clock.now());
  batcher.learn({ batch: batchOfOne(), serviceMs: 30, sentAt: 900, answeredAt: 1000 });
  expect(batcher.nextBatch(clock.now())).toBeUndefined();
  expect([call.sink.list.filter(Boolean), dispatcher.abandoned]).toEqual([['DEADLINE_EXCEEDED'], []]);
});

test('when nothing has run for long, work is let through, so that it can be learnt that it is faster now', () => {
  const { clock, dispatcher } = setUp();
  const batcher = batcherOf({ limits, clock, dispatcher, batching: { refuseLate: true } });
  batcher.learn({ batch: batchOfOne(), serviceMs: 30, sentAt: 900, answeredAt: 1000 });
  const outcomes = [300, 1].map((ms) => {
    clock.advance(ms);
    const call = callOfSize(1, inMs(clock, 10));
    batcher.enqueue(call);
    return outcomesOf(call);
  });
  expect(outcomes).toEqual([['DEADLINE_EXCEEDED'], []]);
});

test('a batch holds one shape where that is asked for; the first that came goes first, whatever its shape', () => {
  const { clock, dispatcher } = setUp();
  const batcher = batcherOf({ limits, clock, dispatcher, batching: { sameShapes: true } });
  const texts = (...sizes: number[]) =>
    callOf(
      sizes.map((size) => blobsOfShape(size)),
      { arrivedAt: clock.now(), retainedBytes: 1 },
    );
  const first = texts(1, 2, 1);
  batcher.enqueue(first);
  clock.advance(1);
  const second = texts(3, 2);
  batcher.enqueue(second);
  expect(batcher.ready(clock.now())).toBe(5);
  const batches = Array.from({ length: 4 }, () =>
    batcher.nextBatch(clock.now())?.entries.map(({ call, first: position }) => [call.id, position]),
  );
  expect(batches).toEqual([
    [
      [first.id, 0],
      [first.id, 2],
    ],
    [
      [first.id, 1],
      [second.id, 1],
    ],
    [[second.id, 0]],
    undefined,
  ]);
});

test('a request that waits in several lanes is cancelled, expires and is counted as one', () => {
  const { clock, dispatcher } = setUp();
  const narrow = { ...limits, maxQueueRequests: 2 };
  const batcher = batcherOf({ limits: narrow, clock, dispatcher, batching: { sameShapes: true } });
  const both = () => callOf([blobsOfShape(1), blobsOfShape(2)], inMs(clock, 5));
  const [cancelledOne, expiredOne] = [both(), both()];
  batcher.enqueue(cancelledOne);
  cancelledOne.signal.abort();
  batcher.enqueue(expiredOne);
  clock.advance(5);
  expect([cancelledOne, expiredOne].map((call) => call.sink.list)).toEqual([
    ['CANCELLED', 'CANCELLED'],
    ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
  ]);
  expect([batcher.waiting, dispatcher.abandoned, clock.pending]).toEqual([0, [], 0]);
  const last = both();
  batcher.enqueue(last);
  expect(outcomesOf(last)).toEqual([]);
});
