import { expect, test } from '@jest/globals';
import { parseDuration } from '../../src/config/duration.js';

test('a duration is a number with one of four units', () => {
  expect(['250ms', '30s', '5m', '1h', '0s', '1.5s', '0.5ms'].map(parseDuration)).toEqual([
    250, 30_000, 300_000, 3_600_000, 0, 1500, 0.5,
  ]);
});

test('anything else is refused with what was expected', () => {
  const wrong = [
    '',
    '30',
    's',
    '30 s',
    ' 30s',
    '30s ',
    '-1s',
    '+1s',
    '1e3s',
    '.5s',
    '1.s',
    '1d',
    '1S',
    '1h30m',
    '٣s',
  ];
  for (const given of wrong)
    expect(() => parseDuration(given)).toThrow(/a number with a unit, ms, s, m or h/);
});

test('a duration without end is refused, however many digits it has', () => {
  expect(() => parseDuration(`${'9'.repeat(400)}h`)).toThrow(/a number with a unit/);
});
