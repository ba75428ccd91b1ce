import { expect } from '@jest/globals';
import type { ErrorCode } from '@serving/common';

/** Matches a ServingError of this code, for `toThrow`, `toEqual` and `rejects.toEqual`. */
export function servingError(code: ErrorCode, message: string | RegExp = /./): unknown {
  return expect.objectContaining({
    name: 'ServingError',
    code,
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown),
  });
}
