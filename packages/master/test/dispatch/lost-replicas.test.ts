import { expect, test } from '@jest/globals';
import { Deadline } from '@serving/common';
import { Fleet } from '../support/fleet.js';
import type { FakeReplica } from '../support/fake-replica.js';

/** What each batch of a replica holds. */
const sent = (replica: FakeReplica) => replica.works.map((work) => work.texts);

test('a lost batch goes to another replica as it was, and its callers get the answers', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  fleet.grant(a);
  const call = fleet.call(3);
  fleet.grant(b);
  fleet.kill(a);
  expect(sent(b)).toEqual([call.texts]);
  b.last.succeed();
  expect([call.sink.list, call.sink.repeated]).toEqual([call.texts, []]);
});

test('answers that came before the loss stand, and only the other instances run again', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  const first = fleet.call(2);
  const second = fleet.call(2);
  fleet.grant(a);
  a.last.fail(0, 1);
  a.last.succeed(2, 1);
  fleet.grant(b);
  fleet.kill(a);
  expect(sent(b)).toEqual([[first.texts[1], second.texts[1]]]);
  b.last.succeed();
  expect([first.sink.list, second.sink.list]).toEqual([['STAGE_FAILED', first.texts[1]], second.texts]);
  expect([...first.sink.repeated, ...second.sink.repeated]).toEqual([]);
});

test('whatever a replica says of a batch after its end is dropped', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  const call = fleet.call(2);
  fleet.grant(a);
  fleet.kill(a);
  a.last.succeed();
  a.last.lose();
  fleet.giveBack(a.last);
  expect([call.sink.list, fleet.waiting]).toEqual([[], 2]);
  fleet.grant(b, 3);
  b.last.succeed();
  a.last.fail();
  b.last.lose();
  b.last.giveBack();
  fleet.runDeferred();
  expect([call.sink.list, call.sink.repeated, b.sizes, fleet.waiting]).toEqual([call.texts, [], [2], 0]);
});

test('what was lost is sent before what is new, in order, and counts as waiting', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(2), fleet.add()];
  const [first, second] = [fleet.call(4), fleet.call(4)];
  fleet.grant(a, 2);
  const fresh = fleet.call(4);
  fleet.kill(a);
  expect(fleet.waiting).toBe(12);
  for (let i = 0; i < 3; i++) fleet.grant(b);
  expect(sent(b)).toEqual([first.texts, second.texts, fresh.texts]);
});

test('a lost replica can spend no credit it had granted, also if it comes back', () => {
  const fleet = new Fleet();
  const a = fleet.add();
  const b = fleet.add();
  fleet.grant(a, 3);
  const call = fleet.call(1);
  fleet.kill(a);
  fleet.dispatcher.addReplica(a);
  fleet.runDeferred();
  expect([a.works.length, fleet.waiting]).toEqual([1, 1]);
  fleet.grant(a);
  a.last.succeed();
  expect([call.sink.list, b.works]).toEqual([call.texts, []]);
});

test('a replica in service that lost a batch keeps its other credits, and may get the batch again', () => {
  const fleet = new Fleet();
  const a = fleet.add(2);
  fleet.grant(a, 2);
  const call = fleet.call(4);
  a.works[0]!.lose('its executor ended');
  fleet.runDeferred();
  a.last.succeed();
  expect([a.sizes, call.sink.list, call.sink.repeated]).toEqual([[4, 4], call.texts, []]);
});

test('a batch that was handed back runs again, as often as it takes, each time for a credit', () => {
  const fleet = new Fleet();
  const a = fleet.add();
  const call = fleet.call(2, {}, 'once');
  for (let i = 0; i < 5; i++) {
    fleet.grant(a);
    fleet.giveBack(a.last);
    expect([a.works.length, fleet.waiting]).toEqual([i + 1, 2]);
  }
  fleet.grant(a);
  a.last.succeed();
  expect([call.sink.list, call.sink.repeated]).toEqual([call.texts, []]);
});

test('a replica that hands a batch back from within send is not sent it without a credit', () => {
  const fleet = new Fleet();
  const a = fleet.add();
  a.onSend = (work) => work.giveBack();
  fleet.call(2);
  fleet.grant(a, 3);
  fleet.runDeferred();
  expect([a.sizes, fleet.waiting]).toEqual([[2, 2, 2], 2]);
});

test('a replica that is lost from within send has its batch run elsewhere, whatever else it throws', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  a.onSend = (work) => {
    fleet.withdraw(a);
    work.lose();
    throw new Error('broken pipe');
  };
  const call = fleet.call(2);
  fleet.grant(a, 2);
  fleet.grant(b);
  b.last.succeed();
  expect([a.sizes, call.sink.list, call.sink.repeated, fleet.internal.length]).toEqual([
    [2],
    call.texts,
    [],
    1,
  ]);
});

test('a method that is not idempotent is not run again: its unanswered instances are told so at once', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  const call = fleet.call(3, {}, 'once');
  fleet.grant(a);
  a.last.succeed(0, 1);
  fleet.kill(a, 'its lease expired');
  fleet.grant(b);
  expect(call.sink.list).toEqual([call.texts[0], 'WORKER_LOST', 'WORKER_LOST']);
  expect(call.sink.messages).toEqual([
    "Call method 'once' Failed: the worker was lost that had the instance, after 1 attempt, and the method is not idempotent (replica r0: its lease expired)",
  ]);
  expect([b.works, fleet.waiting]).toEqual([[], 0]);
});

test('with no replica left what was lost, handed back or waits to be sent again is refused at once', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(2), fleet.add(2)];
  const [waits, flies, back, once] = [fleet.call(4), fleet.call(4), fleet.call(4), fleet.call(4, {}, 'once')];
  fleet.grant(a);
  fleet.grant(b, 3);
  fleet.kill(a);
  expect([waits.sink.list, fleet.waiting]).toEqual([[], 4]);
  const returned = b.works.find((work) => work.texts[0] === back.texts[0])!;
  fleet.withdraw(b);
  expect(waits.sink.list).toEqual(Array.from({ length: 4 }, () => 'WORKER_LOST'));
  expect(new Set(waits.sink.messages)).toEqual(
    new Set([
      "Call method 'predict' Failed: in 1 attempt the worker was lost that had the instance, and no replica is left to try on",
    ]),
  );
  fleet.giveBack(returned);
  b.die();
  expect([flies, back, once].map((call) => new Set(call.sink.list))).toEqual([
    new Set(['WORKER_LOST']),
    new Set(['NO_REPLICA']),
    new Set(['WORKER_LOST']),
  ]);
  expect(back.sink.messages).toEqual([
    'Request servable(add) method(predict) , servable is not available; no replica of it is live',
  ]);
  expect(fleet.waiting).toBe(0);
});

test('a call that was cancelled is not sent again, and its neighbours are', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  const calls = [fleet.call(1), fleet.call(1), fleet.call(2)];
  fleet.grant(a);
  calls[0]!.signal.abort();
  fleet.kill(a);
  calls[1]!.signal.abort();
  expect(fleet.waiting).toBe(2);
  fleet.grant(b);
  expect(sent(b)).toEqual([calls[2]!.texts]);
  b.last.lose();
  calls[2]!.signal.abort();
  expect([fleet.waiting, calls.map((call) => call.sink.list)]).toEqual([
    0,
    [['CANCELLED'], ['CANCELLED'], ['CANCELLED', 'CANCELLED']],
  ]);
});

test('a call whose deadline passes before it can be sent again is told so, without a credit', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  const dated = fleet.call(1, { deadline: Deadline.after(50, fleet.clock) });
  const patient = fleet.call(1, { deadline: Deadline.after(90, fleet.clock) });
  const forever = fleet.call(1);
  fleet.grant(a);
  fleet.kill(a);
  fleet.clock.advance(49);
  expect(dated.sink.list).toEqual([]);
  fleet.clock.advance(1);
  expect([dated.sink.list, patient.sink.list, fleet.waiting]).toEqual([['DEADLINE_EXCEEDED'], [], 2]);
  fleet.grant(b);
  expect(sent(b)).toEqual([[...patient.texts, ...forever.texts]]);
  fleet.clock.advance(100);
  expect(fleet.clock.pending).toBe(0);
});

test('new work is not kept waiting by batches that are lost or handed back again and again', () => {
  const fleet = new Fleet();
  const replicas = Array.from({ length: 3 }, () => fleet.add());
  fleet.call(4);
  const fresh = [fleet.call(4), fleet.call(4)];
  fleet.grant(replicas[0]!);
  fleet.kill(replicas[0]!);
  fleet.grant(replicas[1]!);
  fleet.kill(replicas[1]!);
  for (let i = 0; i < 6; i++) {
    fleet.grant(replicas[2]!);
    replicas[2]!.last.succeed();
  }
  expect(fresh.map((call) => call.sink.list)).toEqual(fresh.map((call) => call.texts));
});

test('every loss is told once a batch, with its method, its unanswered instances and their attempts', () => {
  const fleet = new Fleet();
  const [a, b] = [fleet.add(), fleet.add()];
  const call = fleet.call(3);
  fleet.grant(a);
  a.last.succeed(0, 1);
  fleet.kill(a, 'it broke');
  fleet.grant(b);
  fleet.kill(b, 'it broke too');
  const loss = { servable: 'add', version: 1, method: 'predict', instances: 2 };
  expect(fleet.losses).toEqual([
    { ...loss, attempts: 1, what: 'replica r0: it broke' },
    { ...loss, attempts: 2, what: 'replica r1: it broke too' },
  ]);
  expect(call.sink.list).toEqual([call.texts[0], 'WORKER_LOST', 'WORKER_LOST']);
  expect(new Set(call.sink.messages)).toEqual(
    new Set([
      "Call method 'predict' Failed: in each of 2 attempts the worker was lost that had the instance, and no replica is left to try on",
    ]),
  );
});

test.each(['predict', 'once'] as const)(
  'an instance whose answer has begun is not run again; the others are (method %s)',
  (method) => {
    const fleet = new Fleet();
    const [a, b] = [fleet.add(), fleet.add()];
    const [begun, other] = [fleet.call(2, {}, method), fleet.call(1, {}, method)];
    fleet.grant(a);
    for (const sequence of [0, 1]) a.last.succeed(0, 1, { last: false, sequence });
    fleet.kill(a, 'its stream broke');
    expect(begun.sink.messages[0]).toBe(
      `Call method '${method}' Failed: the answer had begun, and was cut off: the worker that gave it was lost (replica r0: its stream broke)`,
    );
    fleet.grant(b);
    if (method === 'once') {
      expect([begun.sink.list, other.sink.list]).toEqual([['WORKER_LOST', 'WORKER_LOST'], ['WORKER_LOST']]);
      return;
    }
    expect(sent(b)).toEqual([[begun.texts[1], ...other.texts]]);
    a.last.succeed(0, 1, { last: false, sequence: 2 });
    b.last.succeed();
    expect([begun.sink.list, other.sink.list]).toEqual([['WORKER_LOST', begun.texts[1]], other.texts]);
    expect([begun.sink.pieces, begun.sink.repeated]).toEqual([[0, 1], []]);
    expect(fleet.losses).toEqual([expect.objectContaining({ instances: 3 })]);
  },
);
