import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pickFewestInFlight } from '../../../src/dispatch/pickers/fewest-in-flight.js';

test('picks the replica with the fewest batches per executor', () => {
  const small = { replicaId: 'small', inFlight: 1, executors: 1 };
  const large = { replicaId: 'large', inFlight: 3, executors: 4 };
  expect(pickFewestInFlight([small, large])).toBe(large);
  expect(pickFewestInFlight([{ ...small, inFlight: 0 }, large]).replicaId).toBe('small');
});

test('picks the first of equals', () => {
  const candidates = ['a', 'b', 'c'].map((replicaId) => ({ replicaId, inFlight: 2, executors: 2 }));
  expect(pickFewestInFlight(candidates).replicaId).toBe('a');
});

test('nobody else is less busy than the one picked', () => {
  const candidate = fc.record({
    replicaId: fc.string(),
    inFlight: fc.nat(20),
    executors: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(fc.array(candidate, { minLength: 1, maxLength: 6 }), (candidates) => {
      const picked = pickFewestInFlight(candidates);
      expect(candidates).toContain(picked);
      for (const other of candidates)
        expect(picked.inFlight * other.executors).toBeLessThanOrEqual(other.inFlight * picked.executors);
    }),
  );
});
