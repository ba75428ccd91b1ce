import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { patienceMs } from '../../src/credits/credit-broker.js';
import { BrokerUnderTest, validMs, type Holder } from './broker-under-test.js';

const executors = 3;
const index = fc.nat({ max: 3 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('open' as const) }),
  fc.record({ kind: fc.constant('close' as const), master: index }),
  fc.record({ kind: fc.constant('demand' as const), master: index, waiting: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('spend' as const), master: index }),
  fc.record({ kind: fc.constant('replace' as const), master: index }),
  fc.record({ kind: fc.constant('renew' as const), master: index }),
  fc.record({ kind: fc.constant('arriving' as const), master: index }),
  fc.record({ kind: fc.constant('near end' as const), executor: fc.nat({ max: executors - 1 }) }),
  fc.record({ kind: fc.constant('end' as const), executor: fc.nat({ max: executors - 1 }) }),
  fc.record({ kind: fc.constant('lose' as const), executor: fc.nat({ max: executors - 1 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: validMs }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Executors with a running place and a next one, and masters that do what a list of steps says. */
class World {
  readonly under = new BrokerUnderTest().free(...Array(executors).keys());
  readonly masters: Holder[] = [];
  /** Whose batches each executor has: the running one, then the next. */
  readonly batches: Holder[][] = Array.from({ length: executors }, () => []);
  readonly spent = new Set<number>();
  readonly closed: Holder[] = [];

  take(each: Step): void {
    if ('master' in each) {
      const master = this.masters[each.master];
      if (master !== undefined) this.#takeOf(master, each);
    } else if ('executor' in each) this.#takeAt(each.executor, each.kind);
    else if (each.kind === 'wait') this.under.clock.advance(each.ms);
    else if (this.masters.length < 4) this.masters.push(this.under.open());
  }

  #takeOf(master: Holder, each: Extract<Step, { master: number }>): void {
    const { broker } = this.under;
    if (each.kind === 'close') {
      this.masters.splice(this.masters.indexOf(master), 1);
      this.closed.push(master);
      broker.close(master.account);
    } else if (each.kind === 'demand') this.under.demand(master, each.waiting);
    else if (each.kind === 'replace') broker.replaceAll(master.account);
    else if (each.kind === 'renew') broker.renew(master.account);
    else if (each.kind === 'arriving') broker.arriving(master.account, master.credits[0] ?? -1);
    else this.spend(master);
  }

  spend(master: Holder): void {
    const creditId = master.credits.shift();
    if (creditId === undefined) return;
    // Of a held credit the executor is there, and has at most the one batch that it is running.
    expect(this.spent.has(creditId)).toBe(false);
    this.spent.add(creditId);
    const executorId = this.under.broker.spend(master.account, creditId);
    expect(executorId).toBeDefined();
    const batches = this.batches[executorId!]!;
    batches.push(master);
    expect(batches.length).toBeLessThanOrEqual(2);
    expect(this.under.broker.spend(master.account, creditId)).toBeUndefined();
  }

  #takeAt(executor: number, kind: 'near end' | 'end' | 'lose'): void {
    const { broker } = this.under;
    const batches = this.batches[executor]!;
    if (kind === 'lose') {
      broker.placeGone(executor);
      for (const master of batches.splice(0)) broker.ended(master.account);
      // It is replaced.
      broker.placeFree(executor);
    } else if (batches.length === 1 && kind === 'near end') broker.placeFree(executor);
    else if (kind === 'end') this.end(executor);
  }

  /** The running batch ends; the next one, if it is there, runs. */
  end(executor: number): void {
    const batches = this.batches[executor]!;
    const ended = batches.shift();
    if (ended === undefined) return;
    this.under.broker.ended(ended.account);
    if (batches.length === 0) this.under.broker.placeFree(executor);
  }

  check(): void {
    const held = this.masters.flatMap(({ credits }) => credits);
    expect(new Set(held).size).toBe(held.length);
    expect(this.under.broker.outstanding).toBe(held.length);
    const running = this.batches.flat();
    for (const master of [...this.masters, ...this.closed])
      expect(master.account.batches).toBe(running.filter((owner) => owner === master).length);
    for (const master of this.closed) expect(master.account.held.size).toBe(0);
    // No executor is left idle while there is a master.
    const idle = this.batches.filter(({ length }) => length === 0).length;
    if (this.masters.length > 0) expect(held.length).toBeGreaterThanOrEqual(idle);
    for (const { isAsked } of this.masters) expect(isAsked).toBe(this.masters.length > 1);
  }
}

test('no credit is spent twice, no executor gets more than a running and a next batch, and none idles', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const world = new World();
      for (const each of steps) {
        world.take(each);
        world.check();
      }
    }),
    { numRuns: 300 },
  );
});

test('whatever has happened, every master that demands gets a credit before another gets many', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.array(fc.nat(), { minLength: 1 }),
      (steps, choices) => {
        const world = new World();
        for (const each of steps) world.take(each);
        const demanding = [...world.masters];
        for (const master of demanding) world.under.demand(master, 5);
        const waiting = new Set(demanding.filter(({ credits }) => credits.length === 0));
        for (const master of waiting) master.onGrant = () => waiting.delete(master);
        // Each round, batches end, credits are spent and some time passes; one of the masters leaves all unspent.
        const idler = demanding[choices[0]! % Math.max(1, demanding.length)];
        for (let round = 0; round < 4 * executors + demanding.length && waiting.size > 0; round++) {
          for (const master of demanding) if (master !== idler) world.spend(master);
          world.end(choices[round % choices.length]! % executors);
          for (let executor = 0; executor < executors; executor++) if (round % 2 === 1) world.end(executor);
          // Batches that have begun to arrive do arrive.
          if (idler !== undefined && idler.account.held.get(idler.credits[0] ?? -1)?.isArriving === true)
            world.spend(idler);
          world.under.clock.advance(patienceMs);
        }
        expect(waiting.size).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});
