import { expect, test } from '@jest/globals';
import { Block, bytesColumn, failure, ServingError, type Reply } from '@serving/common';
import { Batch } from '../../src/call/batch.js';
import { callOf, callOfSize, floats } from '../support/calls.js';

/** A reply whose outputs begin in the middle of their block, as a view of a larger one does. */
function answer(first: number, ...texts: string[]): Reply {
  const elements = ['not this one', ...texts, 'nor this'].map((text) => Buffer.from(text));
  const block = new Block(elements.length, [bytesColumn('y', 'string', [], elements)]);
  const outputs = { block, from: 1, to: 1 + texts.length };
  return { first, count: texts.length, sequence: 0, last: true, outcome: { ok: true, outputs } };
}

const lost = new ServingError('WORKER_LOST', 'lost');

/** Instances 1 and 2 of one call, then 4 of another whose block begins at position 3. */
function twoCalls() {
  const a = callOf([floats(0, 1, 2)]);
  const b = callOf([floats(0, 1, 2), floats(3, 4)]);
  const batch = new Batch([
    { call: a, range: { block: a.parts[0]!.block, from: 1, to: 3 }, first: 1 },
    { call: b, range: { block: b.parts[1]!.block, from: 1, to: 2 }, first: 4 },
  ]);
  return { a, b, batch };
}

test('one reply for the whole batch reaches every call in its own positions', () => {
  const { a, b, batch } = twoCalls();
  expect([batch.count, batch.isSettled, batch.entries.map((entry) => entry.offset)]).toEqual([
    3,
    false,
    [0, 2],
  ]);
  batch.reply(answer(0, 'a1', 'a2', 'b4'));
  expect([...a.sink.outcomes]).toEqual([
    [1, 'a1'],
    [2, 'a2'],
  ]);
  expect([...b.sink.outcomes]).toEqual([[4, 'b4']]);
  expect(batch.isSettled).toBe(true);
});

test('replies in pieces, out of order, twice and too many leave each instance its first outcome', () => {
  const { a, b, batch } = twoCalls();
  batch.reply(answer(1, 'a2', 'b4'));
  batch.reply(answer(2, 'other'));
  batch.reply(failure(0, 99, lost));
  batch.reply(answer(0, 'x', 'y', 'z'));
  expect(a.sink.list).toEqual([undefined, 'WORKER_LOST', 'a2']);
  expect(b.sink.list[4]).toBe('b4');
  expect(batch.isSettled).toBe(true);
});

test('pieces of a stream pass through until the last one, and none after it', () => {
  const { a, batch } = twoCalls();
  for (const sequence of [0, 1]) batch.reply({ ...answer(0, 'piece'), sequence, last: false });
  batch.reply({ ...answer(0, 'end'), sequence: 2 });
  batch.reply({ ...answer(0, 'late'), sequence: 3, last: false });
  expect([a.sink.pieces, a.sink.outcomes.get(1), batch.isSettled]).toEqual([[0, 1], 'end', false]);
});

test('failing the rest spares what has been answered', () => {
  const { a, b, batch } = twoCalls();
  batch.reply(answer(0, 'a1'));
  batch.failRest(lost);
  expect([a.sink.list, b.sink.list[4]]).toEqual([[undefined, 'a1', 'WORKER_LOST'], 'WORKER_LOST']);
  expect(batch.isSettled).toBe(true);
});

test('nobody waits for a batch once all of its calls are abandoned, in either order', () => {
  for (const reverse of [false, true]) {
    const { a, b, batch } = twoCalls();
    const [first, second] = reverse ? [b, a] : [a, b];
    expect(batch.abandon(first)).toBe(false);
    expect(batch.abandon(callOfSize(1))).toBe(false);
    expect(batch.abandon(second)).toBe(true);
  }
});

test('a call that is in the batch more than once is abandoned once for all', () => {
  const call = callOf([floats(0), floats(1)]);
  const entries = call.parts.map(({ first, block }) => ({ call, range: block.all(), first }));
  expect(new Batch(entries).abandon(call)).toBe(true);
});

test('what is unanswered is what has no final reply and is still waited for, in the words of its call', () => {
  const { a, b, batch } = twoCalls();
  expect(batch.unanswered().map(({ call, range, first }) => [call.id, range.from, range.to, first])).toEqual([
    [a.id, 1, 3, 1],
    [b.id, 1, 2, 4],
  ]);
  batch.reply({ ...answer(1, 'a piece'), last: false });
  batch.reply(answer(0, 'a1'));
  expect(batch.unanswered().map(({ range, first }) => [range.from, range.to, first])).toEqual([
    [2, 3, 2],
    [1, 2, 4],
  ]);
  batch.abandon(a);
  expect(batch.unanswered()).toEqual([
    { call: b, range: { block: b.parts[1]!.block, from: 1, to: 2 }, first: 4 },
  ]);
  batch.failRest(lost);
  expect(batch.unanswered()).toEqual([]);
});

test('a range with an answer in its middle leaves two behind', () => {
  const call = callOfSize(5);
  const block = call.parts[0]!.block;
  const batch = new Batch([{ call, range: block.all(), first: 0 }]);
  batch.reply(answer(2, 'two'));
  expect(batch.unanswered()).toEqual([
    { call, range: { block, from: 0, to: 2 }, first: 0 },
    { call, range: { block, from: 3, to: 5 }, first: 3 },
  ]);
});

test('failing what has begun spares what has not, and what has ended', () => {
  const { a, b, batch } = twoCalls();
  batch.reply({ ...answer(0, 'a1', 'a2'), last: false });
  batch.reply({ ...answer(0, 'a1'), sequence: 1 });
  batch.failBegun(lost);
  batch.failBegun(lost);
  expect([a.sink.list, b.sink.list]).toEqual([[undefined, 'a1', 'WORKER_LOST'], []]);
  expect([a.sink.repeated, batch.unanswered().map(({ call }) => call.id)]).toEqual([[], [b.id]]);
});
