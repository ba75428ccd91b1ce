/** Long work in slices: how much of the event loop it takes, in which order, and what ends it. */
import { expect, test } from '@jest/globals';
import { ServingError, type CancelSignal } from '@serving/common';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { SliceLoop } from '../../src/slices/slice-loop.js';
import type { Slices } from '../../src/slices/slices.js';

const stays: CancelSignal = { aborted: false, onAbort: () => undefined };

/** Work of so many parts, each of which takes as long. */
class Parts {
  readonly clock = new ManualClock();
  readonly loop = new SliceLoop(this.clock);
  readonly log: string[] = [];

  *work(name: string, parts: number, partMs: number): Slices<string> {
    try {
      for (let part = 0; part < parts; part++) {
        if (part > 0) yield;
        this.log.push(`${name}${part}`);
        this.clock.advance(partMs);
      }
      return name;
    } finally {
      this.log.push(`${name} over`);
    }
  }
}

/** Turns of the event loop until it settles. */
async function turnsOf(promise: Promise<unknown>): Promise<number> {
  const progress = { isOver: false };
  void promise.finally(() => (progress.isOver = true));
  let turns = 0;
  for (; !progress.isOver; turns++) await turn();
  return turns;
}

test('work that never pauses, or pauses but is quick, has its result at once', () => {
  const { loop, work } = bound();
  expect(loop.run(work('a', 1, 1000), stays)).toBe('a');
  expect(loop.run(work('b', 100, 0), stays)).toBe('b');
});

test('long work lets the event loop have a turn after each slice', async () => {
  const { loop, work } = bound();
  const result = loop.run(work('a', 20, 5), stays);
  expect(result).toBeInstanceOf(Promise);
  expect(await turnsOf(result as Promise<string>)).toBeGreaterThan(10);
  expect(await result).toBe('a');
});

test('a slice is as long as several parts that are short', async () => {
  const { loop, work, log } = bound();
  const result = loop.run(work('a', 10, 1), stays);
  expect(log).toHaveLength(5);
  await result;
  expect(log).toHaveLength(11);
});

test('several works take turns, a slice each', async () => {
  const { loop, work, log } = bound();
  const results = ['a', 'b', 'c'].map((name) => loop.run(work(name, 6, 3), stays));
  for (const result of results) await result;
  expect(log.join(' ')).toBe('a0 a1 a2 b0 b1 b2 c0 c1 c2 a3 a4 b3 b4 c3 c4 a5 a over b5 b over c5 c over');
});

test('what work throws, at once or later, is thrown or rejected with', async () => {
  const { loop, clock } = bound();
  const failing = function* (parts: number): Slices<void> {
    for (let part = 0; part < parts; part++) {
      clock.advance(5);
      yield;
    }
    throw new Error('no more');
  };
  expect(() => loop.run(failing(0), stays)).toThrow('no more');
  await expect(loop.run(failing(9), stays)).rejects.toThrow('no more');
  expect(loop.run(bound().work('a', 1, 1), stays)).toBe('a');
});

test('work whose caller goes away is not gone on with', async () => {
  const { loop, work, log } = bound();
  const signal = { aborted: false, onAbort: () => undefined };
  const result = loop.run(work('a', 100, 5), signal) as Promise<string>;
  const other = loop.run(work('b', 3, 5), stays);
  await turn();
  signal.aborted = true;
  const done = log.filter((entry) => entry.startsWith('a')).length;
  expect(ServingError.from(await result.catch((thrown: unknown) => thrown)).code).toBe('CANCELLED');
  expect(log.filter((entry) => entry.startsWith('a')).slice(done)).toEqual(['a over']);
  expect(await other).toBe('b');
});

function bound() {
  const parts = new Parts();
  return { loop: parts.loop, clock: parts.clock, log: parts.log, work: parts.work.bind(parts) };
}
