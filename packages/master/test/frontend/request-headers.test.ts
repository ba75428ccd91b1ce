import { expect, test } from '@jest/globals';
import { priorityOf } from '../../src/frontend/request-headers.js';

const callWith = (value: string | undefined) => ({
  metadata: (name: string) => (name === 'serving-priority' ? value : undefined),
});

test('the priority is a whole number of three digits, or not asked for', () => {
  expect([undefined, '0', '-1000', '1000', '-0'].map((value) => priorityOf(callWith(value)))).toEqual([
    undefined,
    0,
    -1000,
    1000,
    0,
  ]);
});

test('another one is refused with what was given', () => {
  for (const value of ['1001', '1.5', 'high', '', ' 1'])
    expect(() => priorityOf(callWith(value))).toThrow(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        message: `header serving-priority: expected a whole number from -1000 to 1000, given '${value}'`,
      }),
    );
});
