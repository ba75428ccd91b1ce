import { expect, test } from '@jest/globals';
import { Durations, durationBoundsMs } from '../../src/statistics/tally.js';

test('a duration is counted at the first bound that it does not exceed', () => {
  const durations = new Durations();
  for (const ms of [0, 0.1, 0.100001, 1, 60_000, 60_001, 1e9]) durations.add(ms);
  const counted = [...durations.within].flatMap((count, place) =>
    count === 0 ? [] : [[durationBoundsMs[place] ?? Infinity, count]],
  );
  expect(counted).toEqual([
    [0.1, 2],
    [0.25, 1],
    [1, 1],
    [60_000, 1],
    [Infinity, 2],
  ]);
  expect(durations.count).toBe(7);
  expect(durations.ms).toBeCloseTo(0.200001 + 1 + 120_001 + 1e9);
});
