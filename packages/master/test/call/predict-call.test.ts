import { expect, test } from '@jest/globals';
import { instancesOf } from '../../src/call/predict-call.js';
import { callOf, floats } from '../support/calls.js';

test('the instances of a call are those of all its parts', () => {
  expect(instancesOf(callOf([floats(1, 2), floats(3), floats(4, 5, 6)]))).toBe(6);
  expect(instancesOf(callOf([]))).toBe(0);
});
