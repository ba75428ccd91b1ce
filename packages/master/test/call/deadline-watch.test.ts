import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { DeadlineWatch } from '../../src/call/deadline-watch.js';

function watching(clock: ManualClock) {
  const waiting = new Set<number>();
  const expired: [at: number, now: number][] = [];
  const watch = new DeadlineWatch(clock, (now) => {
    for (const at of waiting) {
      if (at > now) continue;
      waiting.delete(at);
      expired.push([at, now]);
    }
    return Math.min(...waiting);
  });
  const add = (...moments: number[]) => {
    for (const at of moments) {
      waiting.add(at);
      watch.add(at);
    }
  };
  return { watch, expired, add };
}

test('one timer, for the earliest, ends each at its own time', () => {
  const clock = new ManualClock();
  const { expired, add } = watching(clock);
  add(30, 10, 20, Infinity);
  expect(clock.pending).toBe(1);
  clock.advance(9);
  expect(expired).toEqual([]);
  clock.advance(11);
  expect(expired).toEqual([
    [10, 10],
    [20, 20],
  ]);
  clock.advance(100);
  expect([expired.at(-1), clock.pending]).toEqual([[30, 30], 0]);
});

test('what is late already ends with the next turn, or when somebody asks', () => {
  const clock = new ManualClock(100);
  const { watch, expired, add } = watching(clock);
  add(40);
  expect(expired).toEqual([]);
  watch.expireIfDue();
  expect(expired).toEqual([[40, 100]]);
  add(50);
  clock.advance(0);
  expect([expired.at(-1), clock.pending]).toEqual([[50, 100], 0]);
});

test('asking before the time changes nothing', () => {
  const clock = new ManualClock();
  const { watch, expired, add } = watching(clock);
  watch.expireIfDue();
  add(10);
  watch.expireIfDue();
  expect([expired, clock.pending]).toEqual([[], 1]);
});
