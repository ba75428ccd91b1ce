import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { systemClock } from '../../src/timing/clock.js';

const longestTimeout = 2 ** 31 - 1;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});

afterEach(() => {
  jest.useRealTimers();
});

test('the system clock runs a callback once its delay is over, not before', () => {
  const callback = jest.fn();
  systemClock.after(20, callback);
  jest.advanceTimersByTime(19);
  expect(callback).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  jest.advanceTimersByTime(1000);
  expect(callback).toHaveBeenCalledTimes(1);
});

test('when the callback runs, the whole delay has passed on the same clock, fractions included', () => {
  const start = systemClock.now();
  let passed = Number.NaN;
  systemClock.after(1.75, () => (passed = systemClock.now() - start));
  jest.advanceTimersByTime(10);
  expect(passed).toBeGreaterThanOrEqual(1.75);
});

test('a timer that the runtime fires early waits for the rest', () => {
  const callback = jest.fn();
  const now = jest.spyOn(performance, 'now');
  now.mockReturnValue(0);
  systemClock.after(10, callback);
  now.mockReturnValue(9.4);
  jest.advanceTimersByTime(10);
  expect(callback).not.toHaveBeenCalled();
  now.mockReturnValue(10);
  jest.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledTimes(1);
  now.mockRestore();
});

test('a delay beyond what the runtime can count is kept in full, and an endless one never ends', () => {
  const late = jest.fn();
  const never = jest.fn();
  systemClock.after(longestTimeout + 1000, late);
  const cancelNever = systemClock.after(Infinity, never);
  jest.advanceTimersByTime(longestTimeout);
  expect([late.mock.calls.length, never.mock.calls.length]).toEqual([0, 0]);
  jest.advanceTimersByTime(1000);
  expect(late).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(3 * longestTimeout);
  expect(never).not.toHaveBeenCalled();
  cancelNever();
  expect(jest.getTimerCount()).toBe(0);
});

test('a cancelled callback does not run, even when its timer had to be set again', () => {
  const callback = jest.fn();
  const cancelSoon = systemClock.after(5, callback);
  const cancelLate = systemClock.after(longestTimeout + 5, callback);
  cancelSoon();
  jest.advanceTimersByTime(longestTimeout);
  cancelLate();
  jest.advanceTimersByTime(1000);
  expect(callback).not.toHaveBeenCalled();
  expect(jest.getTimerCount()).toBe(0);
});

test('delays of nothing or less run as soon as possible', () => {
  const callback = jest.fn();
  for (const delay of [0, -5, -Infinity]) systemClock.after(delay, callback);
  expect(callback).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledTimes(3);
});

test('the manual clock runs timers when they fall due, in order, and each sees its own moment', () => {
  const clock = new ManualClock(100);
  const seen: [string, number][] = [];
  const note = (name: string) => () => void seen.push([name, clock.now()]);
  clock.after(30, note('late'));
  clock.after(10, note('early'));
  clock.after(10, note('early too'));
  clock.after(10, () => clock.after(5, note('set on the way')));
  const cancel = clock.after(20, note('cancelled'));
  cancel();
  clock.advance(29);
  expect(seen).toEqual([
    ['early', 110],
    ['early too', 110],
    ['set on the way', 115],
  ]);
  expect([clock.now(), clock.pending]).toEqual([129, 1]);
  clock.advance(1);
  expect(seen.at(-1)).toEqual(['late', 130]);
  expect(clock.pending).toBe(0);
});
