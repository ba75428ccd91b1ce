/** The shares of several masters in one pool of executors, whose threads end, hang and come back as a test says. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLogger } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { CreditBroker, patienceMs } from '../../src/credits/credit-broker.js';
import { ReplicaShare } from '../../src/credits/replica-share.js';
import { ExecutorPool } from '../../src/executors/executor-pool.js';
import { FakeThread } from '../executors/fake-thread.js';
import { turn } from '../executors/pool-under-test.js';

const executors = 2;
const executionTimeoutMs = 1000;
const validMs = 4000;
/** How long a batch takes that nothing happens to: by then its executor asks for the next one. */
const batchMs = 50;

const master = fc.nat({ max: 2 });
const threadIndex = fc.nat({ max: executors - 1 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), master }),
  fc.record({ kind: fc.constant('send a void credit' as const), master }),
  fc.record({ kind: fc.constant('demand' as const), master, waiting: fc.nat({ max: 8 }) }),
  fc.record({ kind: fc.constant('cancel' as const), master, back: fc.nat({ max: 2 }) }),
  fc.record({ kind: fc.constant('reopen' as const), master }),
  fc.record({ kind: fc.constant('leave' as const), master }),
  fc.record({ kind: fc.constant('done' as const), thread: threadIndex }),
  fc.record({ kind: fc.constant('done' as const), thread: threadIndex }),
  fc.record({ kind: fc.constant('exit' as const), thread: threadIndex }),
  fc.record({ kind: fc.constant('enter native code' as const), thread: threadIndex }),
  fc.record({ kind: fc.constant('send all' as const), master }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constant(batchMs) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 60 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 2 * executionTimeoutMs }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Batch {
  readonly ends: string[] = [];
}

class Sender {
  readonly credits: number[] = [];
  readonly used: number[] = [];
  readonly batches: Batch[] = [];
  readonly share: ReplicaShare;
  #nextBatchId = 1;
  isGone = false;

  constructor(world: World) {
    this.share = new ReplicaShare(
      world.broker,
      world.pool,
      {
        grant: (creditId) => this.credits.push(creditId),
        recall: (creditId) => {
          const index = this.credits.indexOf(creditId);
          if (index !== -1) this.used.push(...this.credits.splice(index, 1));
        },
        wantDemand: () => undefined,
      },
      validMs,
    );
    this.share.open();
  }

  send(creditId = this.credits.shift()): void {
    if (creditId === undefined || this.isGone) return;
    this.used.push(creditId);
    const batch = new Batch();
    this.batches.push(batch);
    const end = (how: string) => () => batch.ends.push(how);
    this.share.run({
      creditId,
      batchId: this.#nextBatchId++,
      method: 'm',
      count: 2,
      frame: new ArrayBuffer(8),
      onFrame: () => undefined,
      onDone: end('done'),
      onReturned: end('returned'),
      onLost: end('lost'),
    });
  }
}

class World {
  readonly clock = new ManualClock();
  readonly broker = new CreditBroker(this.clock);
  readonly threads: FakeThread[] = [];
  readonly pool: ExecutorPool;
  senders: Sender[] = [];
  readonly gone: Sender[] = [];

  constructor() {
    this.pool = new ExecutorPool(
      {
        load: {
          directory: '.',
          servable: 's',
          version: 1,
          intraOpThreads: 1,
          device: { type: 'cpu', id: 0 },
        },
        executors,
        executionTimeoutMs,
        loadTimeoutMs: 60_000,
        clock: this.clock,
        logger: createLogger('test', 'silent'),
        startThread: (_, start) => {
          const thread = new FakeThread(start);
          this.threads.push(thread);
          return thread;
        },
      },
      {
        placeFree: (id) => this.broker.placeFree(id),
        placeGone: (id) => this.broker.placeGone(id),
        availability: () => undefined,
        stuck: () => undefined,
      },
    );
  }

  async start(): Promise<this> {
    const started = this.pool.start();
    for (let loaded = 0; loaded < executors; await turn())
      for (; loaded < this.threads.length; loaded++) this.threads[loaded]!.ready();
    await started;
    this.senders = [new Sender(this), new Sender(this), new Sender(this)];
    for (const sender of this.senders) sender.send();
    this.clock.advance(batchMs);
    for (const each of this.threads) this.#takeAt(each, 'done');
    return this;
  }

  /** Threads that have not ended, in the order they were started. */
  get live(): FakeThread[] {
    return this.threads.filter((each) => !each.isTerminated && !each.hasExited);
  }

  take(each: Step): void {
    if (each.kind === 'wait') this.clock.advance(each.ms);
    else if ('thread' in each) this.#takeAt(this.live[each.thread], each.kind);
    else this.#takeOf(this.senders[each.master]!, each);
  }

  #takeAt(at: FakeThread | undefined, kind: 'done' | 'exit' | 'enter native code'): void {
    if (at === undefined) return;
    if (kind === 'exit') at.exit(1);
    else if (!at.isReady) at.ready();
    else if (kind === 'enter native code') at.enterNative();
    else if (at.unanswered > 0) {
      at.leaveNative();
      at.done(2);
    }
  }

  #takeOf(sender: Sender, each: Extract<Step, { master: number }>): void {
    if (each.kind === 'send') sender.send();
    else if (each.kind === 'send all') while (sender.credits.length > 0) sender.send();
    else if (each.kind === 'send a void credit') sender.send(sender.used.at(-1));
    else if (each.kind === 'cancel') sender.share.cancel(sender.batches.length - each.back);
    else if (each.kind === 'demand') sender.share.demand(each.waiting);
    else if (sender.isGone) return;
    else if (each.kind === 'reopen') sender.share.open();
    else this.#leave(sender, each.master);
  }

  /** As a registration that breaks; another one follows. */
  #leave(sender: Sender, index: number): void {
    sender.isGone = true;
    sender.share.cancelAll();
    sender.share.close();
    this.gone.push(sender);
    this.senders[index] = new Sender(this);
  }

  check(): void {
    for (const each of this.threads) expect(each.unanswered).toBeLessThanOrEqual(1);
    for (const { batches } of [...this.senders, ...this.gone])
      for (const { ends } of batches) expect(ends.length).toBeLessThanOrEqual(1);
    const held = this.senders.flatMap(({ credits }) => credits);
    expect([new Set(held).size, this.broker.outstanding]).toEqual([held.length, held.length]);
  }

  /** Threads answer what they have, and those that were lost are replaced. */
  async settle(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const each of this.live) this.#takeAt(each, 'done');
      this.clock.advance(executionTimeoutMs / 10);
      await turn();
      this.check();
    }
  }
}

test('whatever threads and masters do, a thread has one batch at a time and every batch ends exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = await new World().start();
      for (const each of steps) {
        world.take(each);
        await turn();
        world.check();
      }
      await world.settle(150);
      for (const { batches, share } of [...world.senders, ...world.gone]) {
        expect(batches.filter(({ ends }) => ends.length !== 1)).toEqual([]);
        expect(share.busy).toBe(0);
      }
      // All executors are there again, and somebody may use each of them.
      expect(world.broker.outstanding).toBe(executors);
      for (const sender of world.senders) sender.share.demand(9);
      for (const sender of world.senders) {
        for (let waits = 0; sender.credits.length === 0 && waits < 8; waits++) {
          for (const other of world.senders) if (other !== sender) other.send();
          await world.settle(Math.ceil((10 * patienceMs) / executionTimeoutMs));
        }
        expect(sender.credits.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
