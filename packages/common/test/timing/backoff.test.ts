import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs } from '../../src/timing/backoff.js';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the window doubles with each attempt from 100 ms up to ten seconds, and the upper half of it is used', () => {
  const windows = Array.from({ length: 9 }, (_, attempt) => [
    backoffMs(attempt, 0),
    backoffMs(attempt, 1 - 2 ** -53),
  ]);
  expect(windows).toEqual([
    [50, 100],
    [100, 200],
    [200, 400],
    [400, 800],
    [800, 1600],
    [1600, 3200],
    [3200, 6400],
    [5000, 10_000],
    [5000, 10_000],
  ]);
});

test('every delay lies between half of its window and the window, for any options and any attempt', () => {
  const options = fc.record({ initialMs: fc.nat({ max: 5000 }), maximumMs: fc.nat({ max: 100_000 }) });
  fc.assert(
    fc.property(fc.nat({ max: 5000 }), random, options, (attempt, picked, { initialMs, maximumMs }) => {
      const delay = backoffMs(attempt, picked, { initialMs, maximumMs });
      const window = initialMs === 0 ? 0 : Math.min(maximumMs, initialMs * 2 ** attempt);
      expect(delay).toBeGreaterThanOrEqual(Math.floor(window / 2));
      expect(delay).toBeLessThanOrEqual(window);
      expect(Number.isInteger(delay)).toBe(true);
    }),
  );
});
