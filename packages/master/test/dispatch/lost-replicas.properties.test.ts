/** Execution is at least once, replies are exactly once: whatever replicas do, and however many of them die. */
import { expect, test } from '@jest/globals';
import { Deadline } from '@serving/common';
import fc from 'fast-check';
import type { FakeReplica, FakeWork } from '../support/fake-replica.js';
import { Fleet, type FleetCall } from '../support/fleet.js';

/** Which of what there is: taken modulo its number. */
const which = fc.nat(50);

const step = fc.oneof(
  fc.record({
    kind: fc.constant('call' as const),
    count: fc.integer({ min: 1, max: 9 }),
    once: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('dated' as const), count: fc.integer({ min: 1, max: 3 }), ms: fc.nat(30) }),
  fc.record({ kind: fc.constant('add' as const), executors: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('grant' as const), which, count: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ kind: fc.constant('answer' as const), which, first: fc.nat(4), count: fc.nat(4) }),
  fc.record({ kind: fc.constant('piece' as const), which, first: fc.nat(4), count: fc.nat(4) }),
  fc.record({ kind: fc.constantFrom('finish' as const, 'return' as const), which }),
  fc.record({ kind: fc.constantFrom('kill' as const, 'withdraw' as const, 'cancel' as const), which }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(20) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Plays the steps on the fleet. Replicas speak of batches that have ended, too. */
class Play {
  readonly fleet = new Fleet();
  /** Calls that nobody waits for, or not for ever. */
  readonly excused = new Set<FleetCall>();
  readonly #begun = new Set<FakeWork>();
  readonly #over = new Set<FakeWork>();
  /** How many pieces each instance of a batch has been given. */
  readonly #pieces = new Map<FakeWork, number[]>();

  run(steps: readonly Step[]): void {
    this.fleet.add();
    for (const one of steps) this.#run(one);
  }

  #run(one: Step): void {
    const { fleet } = this;
    switch (one.kind) {
      case 'call':
        fleet.call(one.count, {}, one.once ? 'once' : 'predict');
        return;
      case 'dated':
        this.excused.add(fleet.call(one.count, { deadline: Deadline.after(one.ms, fleet.clock) }));
        return;
      case 'add':
        fleet.add(one.executors);
        return;
      case 'grant':
        pick(fleet.live, one.which, (replica) => fleet.grant(replica, one.count));
        return;
      case 'wait':
        fleet.clock.advance(one.ms);
        fleet.runDeferred();
        return;
      case 'cancel':
        pick(fleet.calls, one.which, (call) => {
          this.excused.add(call);
          call.signal.abort();
        });
        fleet.runDeferred();
        return;
      case 'kill':
        // Also one that was taken out of routing before, or that is dead already.
        pick(fleet.replicas, one.which, (replica) => this.kill(replica));
        return;
      case 'withdraw':
        pick(fleet.live, one.which, (replica) => fleet.withdraw(replica));
        return;
      case 'answer':
      case 'piece':
      case 'finish':
      case 'return':
        pick(fleet.works, one.which, (work) => this.#speak(one, work));
    }
  }

  #speak(
    one: Extract<Step, { kind: 'answer' } | { kind: 'piece' } | { kind: 'finish' | 'return' }>,
    work: FakeWork,
  ): void {
    if (one.kind === 'finish') {
      work.succeed();
      this.#over.add(work);
    } else if (one.kind === 'answer') {
      const first = Math.min(one.first, work.count - 1);
      work.succeed(first, Math.min(one.count + 1, work.count - first));
      this.#begun.add(work);
    } else if (one.kind === 'piece') {
      for (let at = one.first; at <= one.first + one.count; at++) this.#giveNext(work, at % work.count);
      this.#begun.add(work);
    } else if (!this.#over.has(work) && !this.#begun.has(work)) {
      this.#over.add(work);
      this.fleet.giveBack(work);
    }
    this.fleet.runDeferred();
  }

  /** The next piece of an instance's answer, also when the batch has ended. */
  #giveNext(work: FakeWork, instance: number): void {
    const pieces = this.#pieces.get(work) ?? Array.from({ length: work.count }, () => 0);
    this.#pieces.set(work, pieces);
    work.succeed(instance, 1, { last: false, sequence: pieces[instance]!++ });
  }

  kill(replica: FakeReplica): void {
    for (const work of replica.works) this.#over.add(work);
    this.fleet.kill(replica);
  }

  /** Everything in flight is answered, and replicas take what waits. */
  finish(): void {
    const { fleet } = this;
    const healthy = fleet.add();
    while (fleet.waiting > 0 || fleet.works.some((work) => !this.#over.has(work))) {
      for (const work of fleet.works) if (!this.#over.has(work)) this.#finish(work);
      fleet.grant(healthy);
      // A quarantined replica takes nothing else until it has granted for its suspects.
      for (const replica of fleet.live) if (replica !== healthy) fleet.grant(replica);
    }
  }

  #finish(work: FakeWork): void {
    this.#over.add(work);
    work.succeed();
    this.fleet.runDeferred();
  }
}

function pick<T>(all: readonly T[], index: number, use: (one: T) => void): void {
  if (all.length > 0) use(all[index % all.length]!);
}

test('every instance gets exactly one answer, its own, within three attempts, behind its pieces in their order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const play = new Play();
      play.run(steps);
      play.finish();
      const { fleet } = play;
      for (const call of fleet.calls) {
        if (!play.excused.has(call)) expect(call.sink.repeated).toEqual([]);
        expect(call.sink.outcomes.size).toBe(call.texts.length);
        for (const [position, outcome] of call.sink.outcomes)
          expect(legalOutcomes(play, call, position)).toContain(outcome);
        for (const pieces of call.sink.piecesOf.values())
          expect(pieces).toEqual(Array.from(pieces, (_, index) => index));
      }
      for (const attempts of fleet.attempts.values()) expect(attempts).toBeLessThanOrEqual(3);
      expect([fleet.waiting, fleet.internal]).toEqual([0, []]);
      fleet.clock.advance(100);
      expect(fleet.clock.pending).toBe(0);
    }),
    { numRuns: 400 },
  );
});

function legalOutcomes({ fleet, excused }: Play, call: FleetCall, position: number): string[] {
  const text = call.texts[position]!;
  const attempts = fleet.attempts.get(text) ?? 0;
  const wasBegun = call.sink.piecesOf.has(position);
  const wasGivenUp = wasBegun || (call.method === 'once' ? attempts === 1 : attempts === 3);
  return [
    text,
    ...(wasGivenUp || (fleet.wasDeserted && attempts > 0) ? ['WORKER_LOST'] : []),
    ...(fleet.wasDeserted && attempts === 0 ? ['NO_REPLICA'] : []),
    ...(excused.has(call) ? ['CANCELLED', 'DEADLINE_EXCEEDED'] : []),
  ];
}

test('an instance of a method that is not idempotent is run once at most', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const play = new Play();
      play.run(steps.map((one) => (one.kind === 'call' ? { ...one, once: true } : one)));
      play.finish();
      const { attempts, calls } = play.fleet;
      for (const call of calls)
        if (!play.excused.has(call))
          for (const text of call.texts) expect(attempts.get(text) ?? 0).toBeLessThanOrEqual(1);
    }),
    { numRuns: 200 },
  );
});

/** Replicas work through what they are sent, in any order, and die of poison. */
function workThrough(fleet: Fleet, poison: ReadonlySet<string>, order: () => number): void {
  const todo = new Map<FakeWork, FakeReplica>();
  const serve = (replica: FakeReplica, credits: number) => {
    replica.onSend = (work) => void todo.set(work, replica);
    fleet.grant(replica, credits);
  };
  for (const replica of fleet.live) serve(replica, replica.executors);
  while (todo.size > 0) {
    const [work, replica] = [...todo][order() % todo.size]!;
    if (work.texts.some((text) => poison.has(text))) {
      for (const [other, where] of todo) if (where === replica) todo.delete(other);
      const heir = fleet.add(replica.executors);
      fleet.kill(replica);
      serve(heir, heir.executors);
    } else {
      todo.delete(work);
      work.succeed();
      fleet.grant(replica);
    }
  }
}

test('a poisonous instance costs three replicas, and everybody else is answered', () => {
  const scenario = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
    executors: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    poisons: fc.array(which, { minLength: 1, maxLength: 3 }),
    batch: fc.integer({ min: 1, max: 8 }),
    order: fc.infiniteStream(which),
  });
  fc.assert(
    fc.property(scenario, ({ sizes, executors, poisons, batch, order }) => {
      const fleet = new Fleet(batch);
      for (const count of executors) fleet.add(count);
      const calls = sizes.map((size) => fleet.call(size));
      const texts = calls.flatMap((call) => call.texts);
      const poison = new Set(poisons.map((position) => texts[position % texts.length]!));
      workThrough(fleet, poison, () => order.next().value);
      for (const call of calls) {
        expect(call.sink.list).toEqual(call.texts.map((text) => (poison.has(text) ? 'WORKER_LOST' : text)));
        expect(call.sink.repeated).toEqual([]);
      }
      // Poisons that share a batch die together while they do.
      expect(fleet.deaths).toBeLessThanOrEqual(3 * poison.size);
      expect(fleet.deaths).toBeGreaterThanOrEqual(2 + poison.size);
      expect(fleet.waiting).toBe(0);
    }),
    { numRuns: 300 },
  );
});
