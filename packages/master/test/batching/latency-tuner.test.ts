import { expect, test } from '@jest/globals';
import { ServiceTime } from '@serving/common';
import { LatencyTuner } from '../../src/batching/latency-tuner.js';

/** A batch takes 2 ms for each of its instances. */
function twoEach(): ServiceTime {
  const service = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 10]) service.observe(n, 2 * n);
  return service;
}

function tunerOf(service: ServiceTime, maxQueueDelayMs = 1000): LatencyTuner {
  return new LatencyTuner({ latencyTargetMs: 40, maxBatchSize: 64, maxQueueDelayMs }, service);
}

test('while nothing is known, batches are as large as they may be and nothing is held back', () => {
  const tuner = tunerOf(new ServiceTime());
  expect([tuner.limit, tuner.delayMs]).toEqual([64, 0]);
});

test('a batch takes half of the target at most: who comes just too late waits for it and for the next', () => {
  expect(tunerOf(twoEach()).limit).toBe(10);
});

test('the delay that is allowed is cut to what two batches leave of the target', () => {
  const service = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 64]) service.observe(n, 10 + n / 64);
  expect(tunerOf(service).delayMs).toBeCloseTo(40 - 2 * 11);
  expect(tunerOf(service, 3).delayMs).toBe(3);
});

test('late answers make batches smaller at once, answers in time make them larger slowly, up to the target', () => {
  const tuner = tunerOf(twoEach());
  const limits = [41, 41, 41, 41].map((ms) => {
    tuner.observe(ms);
    return tuner.limit;
  });
  expect(limits).toEqual([9, 8, 7, 6]);
  for (let i = 0; i < 10; i++) tuner.observe(39);
  expect(tuner.limit).toBe(7);
  for (let i = 0; i < 100; i++) tuner.observe(39);
  expect(tuner.limit).toBe(10);
});

test('however late answers are, a batch may take twice what an instance alone takes, and a tenth of the target is used', () => {
  const tuner = tunerOf(twoEach());
  for (let i = 0; i < 1000; i++) tuner.observe(1e6);
  expect(tuner.limit).toBe(2);
  for (let i = 0; i < 91; i++) tuner.observe(1);
  expect(tuner.limit).toBe(10);
});
