import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { Deadline } from '../../src/timing/deadline.js';

test('a deadline passes at its moment, not before', () => {
  const clock = new ManualClock(1000);
  const deadline = Deadline.after(50, clock);
  clock.advance(49.9);
  expect(deadline.isPassed(clock)).toBe(false);
  clock.advance(0.1);
  expect(deadline.isPassed(clock)).toBe(true);
});

test('the remaining time is rounded up, so a live deadline never reads 0, and a passed one does', () => {
  const clock = new ManualClock();
  const deadline = Deadline.after(10, clock);
  expect(deadline.remainingMs(clock)).toBe(10);
  clock.advance(0.5);
  expect(deadline.remainingMs(clock)).toBe(10);
  clock.advance(9.25);
  expect(deadline.isPassed(clock)).toBe(false);
  expect(deadline.remainingMs(clock)).toBe(1);
  clock.advance(0.25);
  expect(deadline.remainingMs(clock)).toBe(0);
  clock.advance(1000);
  expect(deadline.remainingMs(clock)).toBe(0);
});

test('no deadline never passes and has no remaining time to tell', () => {
  const clock = new ManualClock(Number.MAX_VALUE);
  expect(Deadline.none.isPassed(clock)).toBe(false);
  expect(Deadline.none.remainingMs(clock)).toBeUndefined();
  expect(Deadline.after(Infinity, clock).remainingMs(clock)).toBeUndefined();
});

test('a deadline that is over when it is made has passed', () => {
  const clock = new ManualClock(5);
  for (const remaining of [0, -1, -Infinity]) {
    expect(Deadline.after(remaining, clock).isPassed(clock)).toBe(true);
    expect(Deadline.after(remaining, clock).remainingMs(clock)).toBe(0);
  }
});
