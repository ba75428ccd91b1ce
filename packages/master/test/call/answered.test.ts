import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Answered } from '../../src/call/answered.js';

test('gives the unanswered parts of a range and marks them answered when final', () => {
  const answered = new Answered(10);
  expect(answered.take(2, 3, true)).toEqual([{ first: 2, count: 3 }]);
  expect(answered.take(0, 10, true)).toEqual([
    { first: 0, count: 2 },
    { first: 5, count: 5 },
  ]);
  expect([answered.left, answered.take(0, 10, true)]).toEqual([0, []]);
});

test('a piece that is not final leaves its instances unanswered', () => {
  const answered = new Answered(3);
  expect(answered.take(0, 2, false)).toEqual([{ first: 0, count: 2 }]);
  expect(answered.left).toBe(3);
  expect(answered.take(0, 2, true)).toEqual([{ first: 0, count: 2 }]);
  expect([answered.left, answered.take(0, 3, false)]).toEqual([1, [{ first: 2, count: 1 }]]);
});

test('ranges that stick out on either side are cut, and empty ones give nothing', () => {
  const answered = new Answered(4);
  expect(answered.take(-2, 3, true)).toEqual([{ first: 0, count: 1 }]);
  expect(answered.take(3, 100, true)).toEqual([{ first: 3, count: 1 }]);
  expect([...answered.take(1, 0, true), ...answered.take(9, 2, true), ...answered.take(2, -1, true)]).toEqual(
    [],
  );
  expect(answered.left).toBe(2);
});

test('however ranges overlap, each instance is taken once by a final range', () => {
  const range = fc.record({
    first: fc.integer({ min: -3, max: 25 }),
    count: fc.integer({ min: 0, max: 25 }),
    final: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.array(range, { maxLength: 12 }), (size, ranges) => {
      const answered = new Answered(size);
      const done = new Set<number>();
      for (const { first, count, final } of ranges) {
        const expected = Array.from({ length: size }, (_, i) => i).filter(
          (i) => i >= first && i < first + count && !done.has(i),
        );
        const taken = answered
          .take(first, count, final)
          .flatMap((run) => Array.from({ length: run.count }, (_, i) => run.first + i));
        expect(taken).toEqual(expected);
        if (final) for (const i of expected) done.add(i);
        expect(answered.left).toBe(size - done.size);
      }
    }),
  );
});
