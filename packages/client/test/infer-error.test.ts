import { expect, test } from '@jest/globals';
import { InferError, serverError } from '../src/infer-error.js';

test('says what happened, whether it is worth a retry, and why', () => {
  const cause = new Error('why');
  const error = new InferError('UNAVAILABLE', 'gone', { grpcStatus: 14, cause });
  expect(error).toMatchObject({
    name: 'InferError',
    message: 'gone',
    grpcStatus: 14,
    retryable: true,
    cause,
  });
  expect('cause' in new InferError('FAILED', 'text')).toBe(false);
});

test.each([
  [1n, 'FAILED'],
  [2n, 'INVALID_INPUTS'],
  [3n, 'SYSTEM_ERROR'],
  [4n, 'WORKER_UNAVAILABLE'],
  [5n, 'SERVABLE_UNAVAILABLE'],
  [-1n, 'FAILED'],
  [2n ** 62n, 'FAILED'],
])('a server means by %p %s', (number, code) => {
  expect(serverError(number, 'text')).toMatchObject({ code, message: 'text', grpcStatus: 0 });
});
