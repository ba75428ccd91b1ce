import { expect, jest, test } from '@jest/globals';
import { AbortListeners } from '../src/abort-listeners.js';

test('keeps one listener on a signal while anyone waits, and none after', () => {
  const { signal } = new AbortController();
  const added = jest.spyOn(signal, 'addEventListener');
  const removed = jest.spyOn(signal, 'removeEventListener');
  const listeners = new AbortListeners();
  const removals = Array.from({ length: 20 }, () => listeners.add(signal, () => undefined));
  expect(added).toHaveBeenCalledTimes(1);
  for (const remove of removals) {
    expect(removed).not.toHaveBeenCalled();
    remove();
  }
  expect(removed).toHaveBeenCalledTimes(1);
  removals[0]!();
  expect(removed).toHaveBeenCalledTimes(1);
});

test('calls back those that wait, not those that have stopped', () => {
  const controller = new AbortController();
  const listeners = new AbortListeners();
  const waiting = jest.fn();
  const stopped = jest.fn();
  listeners.add(controller.signal, waiting);
  listeners.add(controller.signal, stopped)();
  controller.abort();
  expect(waiting).toHaveBeenCalledTimes(1);
  expect(stopped).not.toHaveBeenCalled();
});

test('signals do not disturb each other', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const listeners = new AbortListeners();
  const callback = jest.fn();
  listeners.add(first.signal, () => undefined);
  listeners.add(second.signal, callback);
  first.abort();
  expect(callback).not.toHaveBeenCalled();
});
