import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planCores, type PlanRequest } from '../../src/executors/core-plan.js';

const count = fc.integer({ min: 1, max: 4096 });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const request: fc.Arbitrary<PlanRequest & { readonly memoryBytes: number }> = fc.record({
  available: fc
    .record({ offered: count, fraction: fc.double({ min: 0.01, max: 1, noNaN: true }) })
    .map(({ offered, fraction }) => ({
      offered,
      cores: Math.max(1, Math.floor(offered * fraction)),
      quota: fraction === 1 ? undefined : offered * fraction,
    })),
  cores: optional(count),
  executors: optional(count),
  weightBytes: fc.oneof(fc.constant(0), fc.nat(), fc.maxSafeNat()),
  memoryBytes: fc.integer({ min: 1, max: 2 ** 45 }),
});

test('there is an executor and a thread whatever is asked for, and what is asked for is what there is', () => {
  fc.assert(
    fc.property(request, (given) => {
      const { executors, intraOpThreads, cores } = planCores(given);
      expect(executors).toBeGreaterThanOrEqual(1);
      expect(intraOpThreads).toBeGreaterThanOrEqual(1);
      expect([executors, intraOpThreads, cores].every(Number.isSafeInteger)).toBe(true);
      expect(cores).toBe(given.cores ?? given.available.cores);
      if (given.executors !== undefined) expect(executors).toBe(given.executors);
    }),
  );
});

test('threads take no more cores than planned with, and leave fewer idle than there are executors', () => {
  fc.assert(
    fc.property(request, (given) => {
      const { executors, intraOpThreads, cores } = planCores(given);
      // Only who asks for more executors than cores gets more threads than cores: one each.
      if (executors > cores) expect([given.executors, intraOpThreads]).toEqual([executors, 1]);
      else {
        expect(executors * intraOpThreads).toBeLessThanOrEqual(cores);
        expect(cores - executors * intraOpThreads).toBeLessThan(executors);
      }
    }),
  );
});

test('weights fill half of the memory at most, unless one executor is too many or so many were asked for', () => {
  fc.assert(
    fc.property(request, (given) => {
      const { weightBytes, memoryBytes } = given;
      const { executors, cores, summary } = planCores(given);
      if (given.executors !== undefined) return expect(summary).not.toContain('limited');
      const fits = (some: number) => some * weightBytes <= memoryBytes / 2;
      expect(executors === 1 || fits(executors)).toBe(true);
      // As many as there is room for, and the summary says what stopped it.
      expect(executors === cores || !fits(executors + 1)).toBe(true);
      expect(summary.includes('limited by memory')).toBe(executors < cores);
    }),
  );
});

test('more memory or lighter models never make for fewer executors', () => {
  fc.assert(
    fc.property(request, fc.maxSafeNat(), fc.maxSafeNat(), (given, more, less) => {
      const { executors } = planCores(given);
      const roomier = { ...given, memoryBytes: given.memoryBytes + more };
      const lighter = { ...given, weightBytes: Math.max(0, given.weightBytes - less) };
      expect(planCores(roomier).executors).toBeGreaterThanOrEqual(executors);
      expect(planCores(lighter).executors).toBeGreaterThanOrEqual(executors);
    }),
  );
});
