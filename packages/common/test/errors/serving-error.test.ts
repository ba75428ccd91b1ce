import { expect, test } from '@jest/globals';
import { errorTable, grpcStatus, mindsporeCode, type ErrorCode } from '../../src/errors/error-codes.js';
import { ServingError } from '../../src/errors/serving-error.js';

const secret = 'password hunter2';
const withoutPrototype = Object.assign(Object.create(null) as object, { secret });
const refusesText = {
  toString() {
    throw new Error('no text');
  },
};

test('an error carries its code, message, cause and id', () => {
  const cause = new Error('why');
  const error = new ServingError('QUEUE_FULL', 'too many', { cause, errorId: 'id' });
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code, error.message, error.errorId]).toEqual([
    'ServingError',
    'QUEUE_FULL',
    'too many',
    'id',
  ]);
  expect(error.cause).toBe(cause);
  expect(Object.hasOwn(new ServingError('QUEUE_FULL', 'too many'), 'cause')).toBe(false);
});

test('the statuses of an error are those of its row, and a code outside MindSpore Serving counts as FAILED', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const error = new ServingError(code, 'text');
    expect(error.grpcStatus).toBe(grpcStatus[errorTable[code].grpc]);
    expect(error.retryable).toBe(errorTable[code].retryable);
  }
  expect(new ServingError('INPUT_MISMATCH', '').mindsporeCode).toBe(mindsporeCode.INVALID_INPUTS);
  expect(new ServingError('LOAD_FAILED', '').mindsporeCode).toBe(mindsporeCode.FAILED);
});

test('a ServingError passes the funnel as it is', () => {
  const error = new ServingError('CANCELLED', 'gone');
  expect(ServingError.from(error)).toBe(error);
});

test('anything else becomes INTERNAL with a fresh id and without a word of its own', () => {
  const thrown = [
    new Error(secret),
    new TypeError(secret, { cause: secret }),
    secret,
    { message: secret, code: 'QUEUE_FULL', errorId: secret },
    withoutPrototype,
    refusesText,
    undefined,
    null,
    42n,
    Symbol(secret),
  ];
  const ids = new Set<string>();
  for (const each of thrown) {
    const error = ServingError.from(each);
    expect(error.code).toBe('INTERNAL');
    expect(error.message).toBe(`internal error, id ${error.errorId}`);
    expect(error.cause).toBe(each);
    expect(String(error.stack)).not.toContain('hunter2');
    ids.add(error.errorId ?? '');
  }
  expect(ids.size).toBe(thrown.length);
});
