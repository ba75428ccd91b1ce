import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { CreditPurse, type Credit } from '../../src/credit/credit.js';

function credit(creditId: number, expiresAt: number): Credit {
  return { replicaId: 'replica', creditId, expiresAt };
}

function purseWith(...credits: readonly Credit[]): CreditPurse {
  const purse = new CreditPurse();
  for (const each of credits) purse.grant(each);
  return purse;
}

function spendAll(purse: CreditPurse, now: number): (number | undefined)[] {
  return Array.from({ length: purse.available(now) }, () => purse.spend(now)?.creditId);
}

test('an empty purse has nothing to spend', () => {
  expect(new CreditPurse().spend(0)).toBeUndefined();
  expect(new CreditPurse().available(0)).toBe(0);
});

test('a credit is spent once', () => {
  const granted = credit(1, 100);
  const purse = purseWith(granted);
  expect(purse.spend(0)).toBe(granted);
  expect(purse.spend(0)).toBeUndefined();
});

test('the credit that lapses first is spent first, and of two equal ones the older', () => {
  const purse = purseWith(credit(1, Infinity), credit(2, 300), credit(3, 100), credit(4, 300));
  expect(spendAll(purse, 0)).toEqual([3, 2, 4, 1]);
});

test('a credit lapses at its moment, not before', () => {
  const clock = new ManualClock();
  const purse = purseWith(credit(1, 100), credit(2, 200));
  clock.advance(99);
  expect(purse.available(clock.now())).toBe(2);
  clock.advance(1);
  expect(purse.available(clock.now())).toBe(1);
  clock.advance(100);
  expect(purse.spend(clock.now())).toBeUndefined();
});

test('a credit without an end never lapses', () => {
  expect(purseWith(credit(1, Infinity)).spend(Number.MAX_VALUE)?.creditId).toBe(1);
});

test('a credit granted again before it lapses has its new end and still counts once', () => {
  const clock = new ManualClock();
  const purse = purseWith(credit(1, 100));
  clock.advance(90);
  purse.grant(credit(1, 190));
  expect(purse.available(clock.now())).toBe(1);
  clock.advance(99);
  expect(purse.spend(clock.now())).toEqual(credit(1, 190));
});

test('of two without an end the one granted first is spent first, though it was granted again', () => {
  const purse = purseWith(credit(1, Infinity), credit(2, Infinity));
  purse.grant(credit(1, Infinity));
  expect(spendAll(purse, 0)).toEqual([1, 2]);
});

test('a renewal may also bring the end nearer', () => {
  const purse = purseWith(credit(1, 1000));
  purse.grant(credit(1, 50));
  expect(purse.available(50)).toBe(0);
});

test('a recalled credit cannot be spent, and recalling tells whether it was still there', () => {
  const purse = purseWith(credit(1, 100), credit(2, 100));
  expect(purse.recall(1)).toBe(true);
  expect(purse.recall(1)).toBe(false);
  expect(purse.spend(0)?.creditId).toBe(2);
  expect(purse.recall(2)).toBe(false);
});

test('a credit that was seen to lapse can no longer be recalled', () => {
  const purse = purseWith(credit(1, 100));
  purse.available(100);
  expect(purse.recall(1)).toBe(false);
});

test('over any course of grants, recalls and time a purse spends exactly what a plain list would', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('grant' as const), id: fc.nat({ max: 5 }), forMs: fc.nat({ max: 30 }) }),
    fc.record({ kind: fc.constant('recall' as const), id: fc.nat({ max: 5 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 20 }) }),
    fc.record({ kind: fc.constant('spend' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const purse = new CreditPurse();
      const clock = new ManualClock();
      let model: Credit[] = [];
      const without = (id: number) => model.filter((each) => each.creditId !== id);
      for (const each of steps) {
        if (each.kind === 'grant') {
          const granted = credit(each.id, clock.now() + each.forMs);
          purse.grant(granted);
          const held = model.findIndex(({ creditId }) => creditId === each.id);
          model = held === -1 ? [...model, granted] : model.with(held, granted);
        } else if (each.kind === 'recall') {
          purse.recall(each.id);
          model = without(each.id);
        } else if (each.kind === 'wait') {
          clock.advance(each.ms);
        } else {
          model = model.filter(({ expiresAt }) => expiresAt > clock.now());
          const [first] = model.toSorted((a, b) => a.expiresAt - b.expiresAt);
          expect(purse.spend(clock.now())).toBe(first);
          if (first !== undefined) model = without(first.creditId);
        }
      }
    }),
    { numRuns: 300 },
  );
});
