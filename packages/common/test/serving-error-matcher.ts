import { expect } from '@jest/globals';
import type { ErrorCode } from '../src/errors/error-codes.js';

/** Matches a ServingError of this code, for `toThrow` and `rejects.toEqual`. */
export function servingError(code: ErrorCode, message: RegExp = /./): unknown {
  return expect.objectContaining({
    name: 'ServingError',
    code,
    message: expect.stringMatching(message) as unknown,
  });
}
