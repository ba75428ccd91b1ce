import { expect, test } from '@jest/globals';
import { formatDuration, parseDuration } from '../../src/config/duration.js';

test('a duration is a number with one of four units, and a whole number of milliseconds', () => {
  expect(['250ms', '30s', '5m', '1h', '0s', '1.5s', '0.6ms', '2.01s'].map(parseDuration)).toEqual([
    250, 30_000, 300_000, 3_600_000, 0, 1500, 1, 2010,
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

test('it is shown in the largest unit that needs no fraction', () => {
  const shown = ['100ms', '90s', '5m', '24h'];
  expect(shown.map(parseDuration).map(formatDuration)).toEqual(shown);
});
