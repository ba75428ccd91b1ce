import { expect, test } from '@jest/globals';
import { Turns, type BatchSource } from '../../src/dispatch/turns.js';

const source = (method: string, waiting: number): BatchSource & { waiting: number } => ({
  method,
  idempotent: true,
  waiting,
  nextBatch: () => undefined,
});

test('methods of which something waits take turns, and what waits is counted', () => {
  const turns = new Turns();
  expect([turns.take(), turns.waiting]).toEqual([undefined, 0]);
  const [a, b, c] = [source('a', 5), source('b', 0), source('c', 2)];
  for (const one of [a, b, c]) turns.add(one);
  expect([1, 2, 3].map(() => turns.take()?.method)).toEqual(['a', 'c', 'a']);
  b.waiting = 1;
  expect([turns.take()?.method, turns.waiting]).toEqual(['b', 8]);
});
