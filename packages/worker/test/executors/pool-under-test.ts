/** A pool whose threads are stand-ins, with what it tells. */
import { createLogger, decodeReply } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { ExecutorPool } from '../../src/executors/executor-pool.js';
import type { BatchWork } from '../../src/executors/batch-work.js';
import { FakeThread } from './fake-thread.js';

export const times = { execution: 1000, load: 2000, stuck: 30_000 };

export class PoolUnderTest {
  readonly clock = new ManualClock();
  readonly threads: FakeThread[] = [];
  readonly told: string[] = [];
  readonly pool: ExecutorPool;

  readonly #executors: number;
  /** Executors that can take a batch, the longest free first. */
  readonly #free = new Set<number>();

  constructor(executors = 1) {
    this.#executors = executors;
    this.pool = new ExecutorPool(
      {
        load: {
          directory: '.',
          servable: 'add',
          version: 1,
          intraOpThreads: 1,
          device: { type: 'cpu', id: 0 },
        },
        executors,
        executionTimeoutMs: times.execution,
        loadTimeoutMs: times.load,
        clock: this.clock,
        logger: createLogger('test', 'silent'),
        startThread: (_, start) => {
          const thread = new FakeThread(start);
          this.threads.push(thread);
          return thread;
        },
      },
      {
        placeFree: (id) => {
          this.#free.add(id);
          this.told.push(`free ${id}`);
        },
        placeGone: (id) => {
          this.#free.delete(id);
          this.told.push(`gone ${id}`);
        },
        availability: (isAvailable) => this.told.push(isAvailable ? 'available' : 'unavailable'),
        stuck: () => this.told.push('stuck'),
      },
    );
  }

  /** What it has told since it was last asked. */
  news(): string[] {
    return this.told.splice(0);
  }

  get last(): FakeThread {
    return this.threads.at(-1)!;
  }

  /** Starts the pool; each thread loads at once. */
  async started(): Promise<this> {
    const started = this.pool.start();
    for (let loaded = 0; this.#free.size < this.#executors; await turn())
      for (; loaded < this.threads.length; loaded++) this.threads[loaded]!.ready();
    await started;
    this.news();
    return this;
  }

  /** Time passes, and whatever was promised meanwhile happens. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await turn();
  }

  /** Gives the executor that has been free for longest a batch of two instances; what becomes of it. */
  run(more: Partial<BatchWork> = {}, onGiven?: (work: BatchWork) => void): string[] {
    const [executorId] = this.#free;
    this.#free.delete(executorId!);
    return this.runAt(executorId!, more, onGiven);
  }

  runAt(
    executorId: number,
    more: Partial<BatchWork> = {},
    onGiven: (work: BatchWork) => void = () => undefined,
  ): string[] {
    const told: string[] = [];
    const work: BatchWork = {
      batchId: 1,
      method: 'add_common',
      count: 2,
      frame: new ArrayBuffer(8),
      onFrame: (frame) => {
        const { outcome } = decodeReply(frame).reply;
        told.push(outcome.ok ? 'reply' : outcome.error.message);
      },
      onDone: () => told.push('done'),
      onReturned: () => told.push('returned'),
      onLost: (why) => told.push(`lost: ${why}`),
      ...more,
    };
    onGiven(work);
    this.pool.run(executorId, work);
    return told;
  }
}

/** All promises that are settled have been followed up. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
