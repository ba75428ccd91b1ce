import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Turns } from '../../src/dispatch/turns.js';
import { FakeSource } from '../support/fake-source.js';

/** Names of those that have the next turns, each with a batch of one instance. */
function turnsOf(turns: Turns, count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => {
    const source = turns.next(0);
    if (source === undefined) return undefined;
    turns.begin(source);
    turns.charge(source, 1);
    return source.method;
  });
}

test('methods with something to send take turns, and what waits is counted', () => {
  const turns = new Turns();
  expect([turns.next(0), turns.waiting]).toEqual([undefined, 0]);
  const [a, b, c] = [new FakeSource('a', 5), new FakeSource('b', 0), new FakeSource('c', 2)];
  for (const one of [a, b, c]) turns.add(one);
  expect(turnsOf(turns, 3)).toEqual(['a', 'c', 'a']);
  b.waiting = 1;
  expect([turnsOf(turns, 1), turns.waiting]).toEqual([['b'], 8]);
});

test('a method whose instances wait for a fuller batch has no turn', () => {
  const turns = new Turns();
  const waits = new FakeSource('waits', 3);
  waits.isReady = false;
  turns.add(waits);
  expect([turns.next(0), turns.waiting]).toEqual([undefined, 3]);
});

test("turns follow the weights, and what a method's batches take", () => {
  const turns = new Turns();
  const sources = [
    new FakeSource('heavy', 1, { weight: 3 }),
    new FakeSource('light', 1),
    new FakeSource('slow', 1, { batchMs: 4 }),
  ];
  for (const source of sources) turns.add(source);
  const had = turnsOf(turns, 170);
  const count = (name: string) => had.filter((one) => one === name).length;
  // 3 : 1 : 1 of the executors' time, a batch taking 1, 1 and 4 ms.
  expect([count('heavy'), count('light'), count('slow')]).toEqual([120, 40, 10]);
});

test('a method that was idle has saved up nothing', () => {
  const turns = new Turns();
  const [busy, idle] = [new FakeSource('busy', 1), new FakeSource('idle', 0)];
  for (const source of [busy, idle]) turns.add(source);
  turnsOf(turns, 100);
  idle.waiting = 1;
  expect(turnsOf(turns, 4)).toEqual(['idle', 'busy', 'idle', 'busy']);
});

test('what a method sends again is charged to it, and takes nothing from what the others are owed', () => {
  const turns = new Turns();
  const [again, other] = [new FakeSource('again', 1), new FakeSource('other', 1)];
  for (const source of [again, other]) turns.add(source);
  for (let i = 0; i < 3; i++) turns.charge(again, 1);
  expect(turnsOf(turns, 5)).toEqual(['other', 'other', 'other', 'again', 'other']);
});

test('over any time in which all have something to send, nobody is more than a batch behind its share', () => {
  const source = fc.record({
    weight: fc.integer({ min: 1, max: 10 }),
    batchMs: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(source, { minLength: 2, maxLength: 5 }), fc.nat(300), (given, count) => {
      const turns = new Turns();
      const sources = given.map((one, index) => new FakeSource(String(index), 1, one));
      for (const one of sources) turns.add(one);
      const had = turnsOf(turns, count);
      const normalised = sources.map(
        ({ method, batchMs, weight }) => (had.filter((name) => name === method).length * batchMs) / weight,
      );
      for (const [i, a] of sources.entries())
        for (const [j, b] of sources.entries())
          // The bound of start-time fair queueing, with a hair for rounding.
          expect(Math.abs(normalised[i]! - normalised[j]!)).toBeLessThanOrEqual(
            a.batchMs / a.weight + b.batchMs / b.weight + 1e-6,
          );
    }),
  );
});
