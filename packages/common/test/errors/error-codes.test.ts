import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { STATUS_CODES } from 'node:http';
import {
  errorTable,
  grpcStatus,
  isErrorCode,
  mindsporeCode,
  type ErrorRow,
} from '../../src/errors/error-codes.js';

const rows: readonly (readonly [string, ErrorRow])[] = Object.entries(errorTable);

/** googleapis, google/rpc/code.proto: the HTTP status of each gRPC status; both RESOURCE_EXHAUSTED and 429 say retry. */
const httpOf: Readonly<Record<string, number>> = {
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  UNIMPLEMENTED: 501,
};

test('gRPC status codes have the numbers gRPC gives them', () => {
  for (const [name, code] of Object.entries(grpcStatus)) {
    expect([name, status[name as keyof typeof status]]).toEqual([name, code]);
  }
});

test('no error is reported as OK or SUCCESS', () => {
  for (const [code, row] of rows) {
    expect([code, grpcStatus[row.grpc]]).not.toEqual([code, 0]);
    expect([code, row.mindspore]).not.toEqual([code, 'SUCCESS']);
  }
});

test('every code has a gRPC status that exists and a MindSpore Serving code from 1 to 5 or none', () => {
  for (const [code, row] of rows) {
    expect([code, grpcStatus[row.grpc]]).toEqual([code, expect.any(Number)]);
    const mindspore = row.mindspore === undefined ? 1 : mindsporeCode[row.mindspore];
    expect([1, 2, 3, 4, 5]).toContain(mindspore);
  }
});

/** What happens over HTTP alone has a status of its own there, and is worth a retry by what HTTP clients see. */
const overHttpOnly: Partial<Record<string, number>> = {
  BODY_TOO_LARGE: 413,
  BODY_TOO_SLOW: 408,
  WRONG_VERB: 405,
};

test('the HTTP status says the same as the gRPC status', () => {
  for (const [code, row] of rows.filter(([, each]) => each.http !== undefined)) {
    expect([code, row.http]).toEqual([code, overHttpOnly[code] ?? httpOf[row.grpc]]);
    expect(row.http === 499 || STATUS_CODES[row.http!] !== undefined).toBe(true);
  }
});

test('what never answers a request has neither an HTTP status nor a MindSpore Serving code', () => {
  for (const [code, row] of rows) {
    expect([code, row.http === undefined]).toEqual([code, row.mindspore === undefined]);
  }
  const silent = rows.filter(([, row]) => row.http === undefined).map(([code]) => code);
  expect(silent.toSorted()).toEqual([
    'ADDRESS_UNAVAILABLE',
    'CONFIG_INVALID',
    'EPOCH_ENDED',
    'LOAD_FAILED',
    'PROTOCOL_MISMATCH',
    'REPLICA_REFUSED',
    'SIGNATURE_CONFLICT',
    'WORKER_ID_TAKEN',
  ]);
});

test('nothing is worth a retry that gRPC clients do not see as temporary', () => {
  for (const [code, row] of rows.filter(([name, each]) => each.retryable && !(name in overHttpOnly))) {
    expect([code, ['UNAVAILABLE', 'RESOURCE_EXHAUSTED']]).toEqual([code, expect.arrayContaining([row.grpc])]);
  }
});

test('every code is in capitals and has a meaning of one line of its own', () => {
  for (const [code, row] of rows) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(row.meaning).toMatch(/^[a-z][^\n]+[^.\n]$/);
  }
  expect(new Set(rows.map(([, row]) => row.meaning)).size).toBe(rows.length);
});

test('codes are recognised exactly, and names of object members are not codes', () => {
  expect(rows.every(([code]) => isErrorCode(code))).toBe(true);
  expect(['queue_full', '', '__proto__', 'constructor', 'hasOwnProperty'].some(isErrorCode)).toBe(false);
});
