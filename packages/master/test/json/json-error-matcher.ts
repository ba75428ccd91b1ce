/** Matchers for what reading JSON throws: a string must be in the message as it is. */
import { expect } from '@jest/globals';

export function jsonError(at: number, message: string): Error {
  return expect.objectContaining({
    name: 'JsonError',
    at,
    message: expect.stringContaining(message),
  }) as unknown as Error;
}

export function tensorError(fault: object): Error {
  return expect.objectContaining({ name: 'JsonTensorError', fault }) as unknown as Error;
}
