import { expect, test } from '@jest/globals';
import { createPowerOfTwo } from '../../../src/dispatch/pickers/power-of-two.js';
import { pickerNames, pickers } from '../../../src/dispatch/pickers/pickers.js';
import { createRoundRobin } from '../../../src/dispatch/pickers/round-robin.js';

const candidates = (...inFlight: number[]) =>
  inFlight.map((count, index) => ({ replicaId: 'abcdef'[index]!, inFlight: count, executors: 1 }));

test('round robin gives each its turn, whatever it has to do, also when some have no credit for a while', () => {
  const pick = createRoundRobin();
  const all = candidates(9, 0, 5);
  const names = Array.from({ length: 5 }, () => pick(all).replicaId);
  expect(names).toEqual(['a', 'b', 'c', 'a', 'b']);
  expect([pick(all.slice(0, 2)), pick(all), pick(all)].map(({ replicaId }) => replicaId)).toEqual([
    'a',
    'c',
    'b',
  ]);
});

test('power of two takes the less busy of two different ones, the first of equals', () => {
  const draws = (numbers: readonly number[]) => {
    const left = [...numbers];
    return createPowerOfTwo(() => left.shift()!);
  };
  const all = candidates(3, 1, 2);
  expect(draws([0, 0])(all).replicaId).toBe('b');
  expect(draws([0, 0.99])(all).replicaId).toBe('c');
  expect(draws([0.99, 0.99])(all).replicaId).toBe('b');
  expect(draws([0.5, 0])(candidates(1, 1, 1)).replicaId).toBe('b');
});

test('one candidate is picked by every policy', () => {
  const [only] = candidates(7);
  expect(pickerNames.map((name) => pickers[name]()([only!]))).toEqual(pickerNames.map(() => only));
});

test('no policy forgets a replica: with all idle, each is picked sooner or later', () => {
  for (const name of pickerNames) {
    const pick = pickers[name]();
    const load = new Map(['a', 'b', 'c'].map((id) => [id, 0]));
    for (let round = 0; round < 200; round++) {
      const { replicaId } = pick(
        [...load].map(([id, inFlight]) => ({ replicaId: id, inFlight, executors: 1 })),
      );
      load.set(replicaId, load.get(replicaId)! + 1);
    }
    expect(Math.min(...load.values())).toBeGreaterThan(20);
  }
});
