import { expect, test } from '@jest/globals';
import { Deadline } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { RedispatchQueue } from '../../src/dispatch/redispatch-queue.js';
import { callOfSize, type TestCall } from '../support/calls.js';
import { FakeSource } from '../support/fake-source.js';

const source = new FakeSource('m');

const tried = (losses: number, ...calls: TestCall[]) => ({
  source,
  losses,
  entries: calls.map((call) => ({ call, range: call.parts[0]!.block.all(), first: 0 })),
});

test('it gives back what it was given, in order, and counts instances', () => {
  const queue = new RedispatchQueue();
  const items = [tried(1, callOfSize(2), callOfSize(3)), tried(0, callOfSize(1))];
  for (const item of items) queue.add(item);
  expect(queue.instances).toBe(6);
  expect(queue.next()).toBe(items[0]);
  expect(queue.instances).toBe(1);
  expect([queue.next(), queue.next(), queue.instances]).toEqual([items[1], undefined, 0]);
});

test('what belongs to a call is taken out wherever it is, and the rest keeps its place', () => {
  const queue = new RedispatchQueue();
  const [a, b, c] = [callOfSize(2), callOfSize(3), callOfSize(1)];
  for (const item of [tried(1, a, b), tried(1, b), tried(1, c, b)]) queue.add(item);
  expect(queue.take((call) => call === b)).toEqual([tried(1, b), tried(1, b), tried(1, b)]);
  expect(queue.instances).toBe(3);
  expect([queue.next(), queue.next(), queue.next()]).toEqual([tried(1, a), tried(1, c), undefined]);
  expect(queue.take(() => true)).toEqual([]);
});

test('the earliest deadline is that of all entries of all batches', () => {
  const queue = new RedispatchQueue();
  const clock = new ManualClock();
  expect(queue.earliestDeadline).toBe(Infinity);
  const dated = (ms: number) => callOfSize(1, { deadline: Deadline.after(ms, clock) });
  queue.add(tried(1, callOfSize(1), dated(30)));
  queue.add(tried(1, dated(50), dated(20)));
  expect(queue.earliestDeadline).toBe(20);
});
