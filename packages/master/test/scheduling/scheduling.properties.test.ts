import { expect, test } from '@jest/globals';
import type { Batching } from '@serving/common';
import fc from 'fast-check';
import type { FakeReplica, FakeWork } from '../support/fake-replica.js';
import { SchedulingPlay, type PlayedArrival } from '../support/scheduling-play.js';

type Step = (play: SchedulingPlay) => void;

/** Which of what there is: taken modulo its number. */
const which = fc.nat(50);

/** One of the list, if there is any. */
function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(1, list.length)];
}

const policy: fc.Arbitrary<Batching> = fc.record(
  {
    maxQueueDelayMs: fc.constantFrom(0, 0.3, 5, 20),
    preferredBatchSizes: fc.constantFrom([2], [3, 5]),
    maxBatchTimeMs: fc.constantFrom(5, 50),
    latencyTargetMs: fc.constantFrom(10, 100),
    refuseLate: fc.boolean(),
    weight: fc.constantFrom(0.001, 1, 5),
    sameShapes: fc.boolean(),
  },
  { requiredKeys: [] },
);

const arrival: fc.Arbitrary<PlayedArrival> = fc.record({
  method: fc.constantFrom('a', 'b'),
  blocks: fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(9)), { maxLength: 4 }),
  priority: fc.integer({ min: -1, max: 1 }),
  deadlineMs: fc.option(fc.nat(40), { nil: undefined }),
  retainedBytes: fc.nat(200),
});
const arrive = arrival.map(
  (given): Step =>
    (play) =>
      play.arrive(given),
);
const grant = fc.tuple(which, fc.option(fc.nat(20))).map(([index, lifetime]): Step => (play) => {
  const expiresAt = lifetime === null ? Infinity : play.scheduler.clock.now() + lifetime;
  pick(play.live, index)?.grant(1, expiresAt);
});

/** Of a batch that was sent lately, ended or not. */
function toWork(change: (play: SchedulingPlay, work: FakeWork, part: number) => void): fc.Arbitrary<Step> {
  return fc.tuple(fc.nat(5), fc.nat(30), fc.nat(5)).map(([index, tookMs, part]): Step => (play) => {
    const work = pick(play.works.toReversed(), index);
    if (work === undefined) return;
    work.tookMs = tookMs;
    change(play, work, part % work.count);
  });
}
const succeed = toWork((_, work) => work.succeed());
const succeedInPart = toWork((_, work, part) => work.succeed(part, 1 + ((work.count - part) >> 1)));
const fail = toWork((play, work, part) => play.fail(work, part, work.count - part));
const giveBack = toWork((_, work) => work.giveBack());
const standStill = toWork((play, work, part) => play.standStill(work, part));

const cancel = which.map(
  (index): Step =>
    (play) =>
      pick(play.calls.toReversed(), index)?.call.signal.abort(),
);
const add = fc.constant<Step>((play) => play.add());
const kill = which.map((index): Step => (play) => {
  const replica: FakeReplica | undefined = pick(play.live, index);
  if (replica !== undefined) play.kill(replica);
});
const pass = fc.nat(20).map(
  (ms): Step =>
    (play) =>
      play.scheduler.pass(ms),
);

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: arrive },
    { weight: 8, arbitrary: grant },
    { weight: 6, arbitrary: succeed },
    { weight: 3, arbitrary: succeedInPart },
    { weight: 2, arbitrary: fail },
    { weight: 3, arbitrary: giveBack },
    { weight: 1, arbitrary: standStill },
    { weight: 3, arbitrary: cancel },
    { weight: 2, arbitrary: add },
    { weight: 1, arbitrary: kill },
    { weight: 5, arbitrary: pass },
  ),
  { maxLength: 80, size: 'max' },
);

test('under any policies and whatever happens, every instance gets its one answer and nothing stays behind', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(policy, policy, steps, (a, b, script) => {
      const play = new SchedulingPlay(a, b);
      for (const step of script) {
        step(play);
        play.scheduler.endRound();
      }
      play.finish();
      play.checkOutcomes();
      play.checkNothingLeft();
      for (const { call } of play.calls)
        for (const outcome of call.sink.outcomes.values()) seen.add(/^[A-Z_]+$/.exec(outcome)?.[0] ?? 'ok');
    }),
    { numRuns: 400 },
  );
  // The scripts reach every kind of end, so that the property says something about each.
  expect([...seen].toSorted()).toEqual(
    [
      'ok',
      'CANCELLED',
      'DEADLINE_EXCEEDED',
      'NO_REPLICA',
      'QUEUE_FULL',
      'STAGE_FAILED',
      'WORKER_LOST',
    ].toSorted(),
  );
});
