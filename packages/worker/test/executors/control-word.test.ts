import { expect, test } from '@jest/globals';
import { ThreadControl, ThreadControlView } from '../../src/executors/control-word.js';

function pair() {
  const control = new ThreadControl();
  return { control, view: new ThreadControlView(control.shared) };
}

test('a cancellation is seen until the next batch', () => {
  const { control, view } = pair();
  expect(view.isCancelled()).toBe(false);
  control.cancel();
  expect(view.isCancelled()).toBe(true);
  control.reset();
  expect(view.isCancelled()).toBe(false);
});

test('termination cannot be claimed before the thread has loaded its libraries', () => {
  const control = new ThreadControl();
  expect(control.claimTermination()).toBe(false);
  const view = new ThreadControlView(control.shared);
  expect(view.isCancelled()).toBe(false);
  expect(control.claimTermination()).toBe(true);
});

test('termination can be claimed while the thread runs JavaScript, any number of times', () => {
  const { control } = pair();
  expect(control.claimTermination()).toBe(true);
  expect(control.claimTermination()).toBe(true);
});

test('termination cannot be claimed in native code, but again afterwards', () => {
  const { control, view } = pair();
  view.enter();
  expect(control.claimTermination()).toBe(false);
  expect(control.claimTermination()).toBe(false);
  view.leave();
  expect(control.claimTermination()).toBe(true);
});

test('native code entered twice is left when both have left', () => {
  const { control, view } = pair();
  view.enter();
  view.enter();
  view.leave();
  expect(control.claimTermination()).toBe(false);
  view.leave();
  expect(control.claimTermination()).toBe(true);
});

test('cancelling and native code do not disturb each other', () => {
  const { control, view } = pair();
  view.enter();
  control.cancel();
  expect(control.claimTermination()).toBe(false);
  expect(view.isCancelled()).toBe(true);
  control.reset();
  expect(control.claimTermination()).toBe(false);
});

test('what the thread works on is known with its stage, until the next batch', () => {
  const { control, view } = pair();
  expect(control.working.count).toBe(0);
  view.workOn(3, 2, 1);
  expect(control.working).toEqual({ first: 3, count: 2, stage: 1 });
  control.reset();
  expect(control.working.count).toBe(0);
});

test('whether the batch was taken up is known until the next one', () => {
  const { control, view } = pair();
  expect(control.hasBegun).toBe(false);
  view.begin();
  expect(control.hasBegun).toBe(true);
  control.reset();
  expect(control.hasBegun).toBe(false);
});

test('a thread sees how many messages have been posted that it should read', () => {
  const { control, view } = pair();
  expect(view.posted).toBe(0);
  control.posted();
  control.posted();
  control.reset();
  expect(view.posted).toBe(2);
});
