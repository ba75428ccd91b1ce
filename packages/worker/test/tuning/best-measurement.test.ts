import { describe, expect, test } from '@jest/globals';
import { bestMeasurement, percentile, type Measurement } from '../../src/tuning/best-measurement.js';

const measurement = (more: Partial<Measurement>): Measurement => ({
  executors: 1,
  intraOpThreads: 1,
  batchSize: 1,
  batches: 10,
  instancesPerSecond: 100,
  p50Ms: 1,
  p99Ms: 2,
  memoryMib: 100,
  ...more,
});

describe('the best measurement', () => {
  const small = measurement({ batchSize: 8, executors: 2, instancesPerSecond: 980, p99Ms: 3 });
  const fast = measurement({ batchSize: 32, executors: 2, instancesPerSecond: 1000, p99Ms: 12 });
  const slow = measurement({ batchSize: 1, instancesPerSecond: 200, p99Ms: 1 });

  test('is the fastest', () => {
    const faster = { ...fast, instancesPerSecond: 1100 };
    expect(bestMeasurement([slow, small, faster])).toBe(faster);
  });

  test('is the one with smaller batches of two that are as fast, whatever their order', () => {
    expect(bestMeasurement([slow, small, fast])).toBe(small);
    expect(bestMeasurement([fast, small, slow])).toBe(small);
  });

  test('is the one with fewer executors, then threads, of those that are as fast with equal batches', () => {
    const one = measurement({ intraOpThreads: 4 });
    const two = measurement({ executors: 2 });
    const four = measurement({ intraOpThreads: 2 });
    expect(bestMeasurement([two, one, four])).toBe(four);
  });

  test('keeps within the latency, also where that is the slowest', () => {
    expect(bestMeasurement([slow, small, fast], 2.5)).toBe(slow);
    expect(bestMeasurement([slow, small, fast], 1)).toBe(slow);
  });

  test('is none when no plan keeps within the latency, or nothing was measured', () => {
    expect(bestMeasurement([slow, small, fast], 0.9)).toBeUndefined();
    expect(bestMeasurement([])).toBeUndefined();
  });
});

test('percentiles are by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0.5, 0.99, 1, 0].map((share) => percentile(hundred, share))).toEqual([50, 99, 100, 1]);
  expect(percentile([7], 0.99)).toBe(7);
});
