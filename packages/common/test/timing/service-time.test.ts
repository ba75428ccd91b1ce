import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ServiceTime } from '../../src/timing/service-time.js';

type Observation = readonly [count: number, ms: number];

function learnt(observations: readonly Observation[]): ServiceTime {
  const time = new ServiceTime();
  for (const [count, ms] of observations) time.observe(count, ms);
  return time;
}

const observation = fc.tuple(fc.integer({ min: 1, max: 4096 }), fc.double({ min: 0, max: 1e6, noNaN: true }));
const observations = fc.array(observation, { minLength: 1, maxLength: 200 });

test('before the first batch nothing is predicted', () => {
  expect(new ServiceTime().predict(1)).toBeUndefined();
  expect(new ServiceTime().largestWithin(1000)).toBeUndefined();
});

test('of one size of batch all time is taken to be for its instances', () => {
  const time = learnt([
    [8, 4],
    [8, 4],
  ]);
  expect(time.predict(8)).toBeCloseTo(4, 9);
  expect(time.predict(16)).toBeCloseTo(8, 9);
  expect(time.largestWithin(2)).toBe(4);
});

test('two sizes tell the fixed part from that of each instance', () => {
  const time = learnt([
    [1, 12],
    [11, 32],
  ]);
  expect(time.predict(21)).toBeCloseTo(52, 9);
  expect(time.largestWithin(51)).toBe(20);
  expect(time.largestWithin(11)).toBe(0);
});

test('sizes that hardly differ are taken as one, however their times differ', () => {
  const time = learnt([
    [100, 10],
    [101, 20],
  ]);
  expect(time.predict(200)! / time.predict(100)!).toBeCloseTo(2, 9);
});

test('larger batches that took less time do not make it fall: the mean is predicted for all sizes', () => {
  const time = learnt([
    [1, 200],
    [8, 5],
    [8, 5],
  ]);
  expect(time.predict(1000)).toBe(time.predict(1));
  expect(time.largestWithin(time.predict(1)!)).toBe(Infinity);
  expect(time.largestWithin(time.predict(1)! - 1)).toBe(0);
});

test('a line that would begin below nothing begins at nothing', () => {
  const time = learnt([
    [10, 10],
    [20, 30],
  ]);
  expect(time.predict(1)).toBeGreaterThan(0);
  expect(time.predict(2)! / time.predict(1)!).toBeCloseTo(2, 9);
});

test('a slow first batch is forgotten', () => {
  const time = learnt([[8, 2000], ...Array.from({ length: 200 }, (): Observation => [8, 4])]);
  expect(time.predict(8)).toBeCloseTo(4, 1);
});

test('it follows a method that becomes slower, and remembers what a second size has taught', () => {
  const before = [1, 16, 1, 16].map((count): Observation => [count, 2 + count]);
  const after = Array.from({ length: 100 }, (_, i): Observation => [1 + (i % 16), 2 * (2 + 1 + (i % 16))]);
  expect(learnt([...before, ...after]).predict(32)).toBeCloseTo(68, 0);
});

test('what lies on a line is predicted exactly, for any line, sizes and number of batches', () => {
  const line = fc.record({ fixed: fc.nat({ max: 1000 }), each: fc.nat({ max: 1000 }) });
  const counts = fc.array(fc.integer({ min: 1, max: 512 }), { maxLength: 60 });
  fc.assert(
    fc.property(line, counts, fc.integer({ min: 1, max: 4096 }), ({ fixed, each }, others, asked) => {
      const time = learnt([1, 64, ...others].map((count) => [count, fixed + each * count]));
      const exact = fixed + each * asked;
      // After many batches of nearly one size, the two that tell the slope are forgotten; never within sixty.
      expect(Math.abs(time.predict(asked)! - exact)).toBeLessThanOrEqual(1e-6 * (1 + exact) * asked);
    }),
  );
});

test('whatever was observed, predictions are finite, never below nothing, and never fall with the size', () => {
  fc.assert(
    fc.property(
      observations,
      fc.integer({ min: 1, max: 4096 }),
      fc.nat({ max: 4096 }),
      (seen, count, more) => {
        const time = learnt(seen);
        const predicted = time.predict(count)!;
        expect(Number.isFinite(predicted)).toBe(true);
        expect(predicted).toBeGreaterThanOrEqual(0);
        expect(time.predict(count + more)!).toBeGreaterThanOrEqual(predicted);
      },
    ),
  );
});

test('whatever was observed, what is said to fit fits, and one more than that would not, but for rounding', () => {
  const time = fc.double({ min: 0, max: 2e6, noNaN: true });
  fc.assert(
    fc.property(observations, time, (seen, ms) => {
      const learned = learnt(seen);
      const largest = learned.largestWithin(ms)!;
      expect(largest).toBeGreaterThanOrEqual(0);
      if (largest >= 1 && largest < Number.MAX_SAFE_INTEGER)
        expect(learned.predict(largest)!).toBeLessThanOrEqual(ms);
      if (largest === Infinity) expect(learned.predict(Number.MAX_VALUE)!).toBeLessThanOrEqual(ms);
      else expect(learned.predict(largest + 1)!).toBeGreaterThan(ms * (1 - 1e-9));
    }),
    { numRuns: 500 },
  );
});

test('what a batch takes however few instances it has is told by batches of different sizes', () => {
  const service = new ServiceTime();
  const told = [service.fixedMs];
  for (const count of [4, 4, 8]) {
    service.observe(count, 10 + count);
    told.push(service.fixedMs);
  }
  expect(told.slice(0, 3)).toEqual([undefined, undefined, undefined]);
  expect(told[3]).toBeCloseTo(10);
});
