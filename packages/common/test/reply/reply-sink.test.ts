import { expect, test } from '@jest/globals';
import { ServingError } from '../../src/errors/serving-error.js';
import { failure } from '../../src/reply/reply-sink.js';

test('a failure is the last word for every instance of its range', () => {
  const error = new ServingError('WORKER_LOST', 'the worker was lost');
  expect(failure(3, 5, error)).toEqual({
    first: 3,
    count: 5,
    sequence: 0,
    last: true,
    outcome: { ok: false, error },
  });
});
