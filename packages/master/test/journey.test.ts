import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Journey, type Arrival } from './support/journey.js';

type Step = (journey: Journey) => void;

/** One of the list, if there is any. */
function pick<T>(list: readonly T[], which: number): T | undefined {
  return list[which % Math.max(1, list.length)];
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  version: fc.constantFrom(0, 0, 1, 2),
  method: fc.constantFrom('a', 'b', 'c'),
  blocks: fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 4 }),
  priority: fc.integer({ min: -1, max: 1 }),
  deadlineMs: fc.option(fc.nat(15), { nil: undefined }),
  refused: fc.nat(2),
  retainedBytes: fc.nat(40),
  isDirect: fc.boolean(),
});
const arrive = arrival.map(
  (given): Step =>
    (journey) =>
      journey.arrive(given),
);
const endRound = fc.constant<Step>((journey) => journey.endRound());
const grant = fc
  .record({ which: fc.nat(9), count: fc.integer({ min: 1, max: 3 }), lifetime: fc.option(fc.nat(10)) })
  .map(({ which, count, lifetime }): Step => (journey) => {
    const expiresAt = lifetime === null ? Infinity : journey.plane.clock.now() + lifetime;
    pick(journey.replicas, which)?.grant(count, expiresAt);
  });
const recall = fc.tuple(fc.nat(9), fc.nat(9)).map(
  ([which, credit]): Step =>
    (journey) =>
      pick(journey.replicas, which)?.recallOne(credit),
);
/** Any range of any batch that was ever sent, answered or not. */
const reply = fc
  .record({
    replica: fc.nat(9),
    work: fc.nat(9),
    range: fc.option(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 7 }))),
    how: fc.constantFrom('succeed', 'fail', 'piece'),
  })
  .map(({ replica, work: which, range, how }): Step => (journey) => {
    const work = pick(pick(journey.replicas, replica)?.works.toReversed() ?? [], which);
    if (work === undefined) return;
    const first = Math.min(range?.[0] ?? 0, work.count - 1);
    const count = Math.min(range?.[1] ?? work.count, work.count - first);
    if (how === 'fail') journey.fail(work, first, count);
    else work.succeed(first, count, { last: how === 'succeed' });
  });
const advance = fc.integer({ min: 1, max: 8 }).map(
  (ms): Step =>
    (journey) =>
      journey.plane.clock.advance(ms),
);
const cancel = fc.nat(20).map(
  (which): Step =>
    (journey) =>
      pick(journey.calls.toReversed(), which)?.signal.abort(),
);
const remove = fc.constantFrom('a', 'b', 'c', 'd').map(
  (id): Step =>
    (journey) =>
      journey.remove(id),
);
const bringBack = fc.nat(9).map((which): Step => (journey) => {
  const replica = pick(journey.replicas, which);
  if (replica !== undefined) journey.bringBack(replica);
});
const replace = fc.constantFrom<[string, number]>(['a', 1], ['b', 1], ['c', 2], ['d', 2]).map(
  ([id, version]): Step =>
    (journey) =>
      journey.add(id, version),
);
const eager = fc.tuple(fc.nat(9), fc.boolean()).map(([which, isEager]): Step => (journey) => {
  const replica = pick(journey.replicas, which);
  if (replica !== undefined) replica.isEager = isEager;
});

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: arrive },
    { weight: 5, arbitrary: endRound },
    { weight: 8, arbitrary: grant },
    { weight: 2, arbitrary: recall },
    { weight: 12, arbitrary: reply },
    { weight: 2, arbitrary: advance },
    { weight: 3, arbitrary: cancel },
    { weight: 2, arbitrary: remove },
    { weight: 1, arbitrary: bringBack },
    { weight: 1, arbitrary: replace },
    { weight: 1, arbitrary: eager },
  ),
  { maxLength: 60, size: 'max' },
);

test('whatever arrives, is granted, answered, cancelled, lost or replaced, every instance gets its one outcome', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const journey = new Journey();
      for (const step of script) step(journey);
      await journey.finish();
      journey.checkOutcomes();
      for (const code of journey.outcomeCodes()) seen.set(code, (seen.get(code) ?? 0) + 1);
      await journey.checkNothingLeft();
    }),
    { numRuns: 100 },
  );
  // The scripts reach every kind of end, so that the property says something about each.
  const codes = [
    'ok',
    'STAGE_FAILED',
    'CANCELLED',
    'DEADLINE_EXCEEDED',
    'NO_REPLICA',
    'QUEUE_FULL',
    'INVALID_TENSOR',
  ];
  expect(codes.filter((code) => !seen.has(code))).toEqual([]);
  // That a request is beyond a limit by itself is seldom.
  seen.delete('BAD_REQUEST');
  expect([...seen.keys()].toSorted()).toEqual(codes.toSorted());
});
