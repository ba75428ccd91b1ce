/** The queues of a servable's methods over one dispatcher, put together as the composition root does, on a manual clock. */
import { Deadline, ServiceTime, type Batching, type ServingError } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { resolveLimits, type Limits } from '../../src/batching/batch-limits.js';
import type { Batcher } from '../../src/batching/batcher.js';
import { QueueBudget } from '../../src/batching/queue-budget.js';
import type { PredictCall } from '../../src/call/predict-call.js';
import { Dispatcher } from '../../src/dispatch/dispatcher.js';
import { DispatchCounts } from '../../src/statistics/dispatch-counts.js';
import { pickFewestInFlight } from '../../src/dispatch/pickers/fewest-in-flight.js';
import { batcherOf } from './batchers.js';
import { callOfSize, type TestCall } from './calls.js';
import { FakeReplica, type FakeWork } from './fake-replica.js';

interface Scheduled {
  readonly batcher: Batcher;
  readonly service: ServiceTime;
  readonly budget: QueueBudget;
}

export class Scheduler {
  readonly clock = new ManualClock();
  readonly dispatcher: Dispatcher;
  readonly internal: ServingError[] = [];
  readonly budget: QueueBudget;
  readonly #methods: ReadonlyMap<string, Scheduled>;
  readonly #deferred: (() => void)[] = [];

  constructor(methods: Readonly<Record<string, Batching>>, given: Partial<Limits> = {}) {
    const limits = resolveLimits(given);
    const { clock } = this;
    const dispatcher = new Dispatcher({
      servable: 'add',
      version: 1,
      clock,
      counts: new DispatchCounts(),
      picker: pickFewestInFlight,
      defer: (callback) => this.#deferred.push(callback),
      onBatchLost: () => undefined,
      onInternalError: (error) => this.internal.push(error),
    });
    this.dispatcher = dispatcher;
    this.budget = QueueBudget.ofAll(limits);
    const scheduled = Object.entries(methods).map(([method, batching]) => {
      const service = new ServiceTime();
      const budget = QueueBudget.ofMethod(limits, this.budget);
      const batcher = batcherOf({ method, clock, dispatcher, limits: given, batching, service, budget });
      dispatcher.addSource(batcher);
      return [method, { batcher, service, budget }] as const;
    });
    this.#methods = new Map(scheduled);
  }

  get methods(): readonly Scheduled[] {
    return [...this.#methods.values()];
  }

  batcher(method: string): Batcher {
    return this.#methods.get(method)!.batcher;
  }

  /** Teaches what batches of these sizes take. */
  teach(method: string, sizes: readonly number[], msOf: (size: number) => number): void {
    const { service } = this.#methods.get(method)!;
    for (let i = 0; i < 50; i++) for (const size of sizes) service.observe(size, msOf(size));
  }

  predictMs(method: string, size: number): number | undefined {
    return this.#methods.get(method)!.service.predict(size);
  }

  inMs(ms: number): Pick<PredictCall, 'deadline'> {
    return { deadline: Deadline.after(ms, this.clock) };
  }

  /** The call comes to the method, in a round of I/O that is not over. */
  enqueue<T extends PredictCall>(method: string, call: T): T {
    this.batcher(method).enqueue(call);
    return call;
  }

  /** A call of so many instances comes now. */
  ask(method: string, count = 1, more: Partial<PredictCall> = {}): TestCall {
    return this.enqueue(method, callOfSize(count, { arrivedAt: this.clock.now(), ...more }));
  }

  /** Ends the current round of I/O. */
  endRound(): void {
    while (this.#deferred.length > 0) for (const callback of this.#deferred.splice(0)) callback();
  }

  /** Time passes, with rounds of I/O in it. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.endRound();
  }
}

/** A scheduler with one replica. */
export class SoloScheduler extends Scheduler {
  readonly replica: FakeReplica;

  constructor(methods: Readonly<Record<string, Batching>>, limits: Partial<Limits> = {}, executors = 1) {
    super(methods, limits);
    this.replica = new FakeReplica({ executors });
    this.dispatcher.addReplica(this.replica);
  }

  /** The replica grants credits, and what they carry goes. Gives the batch that went last. */
  grant(count = 1): FakeWork {
    this.replica.grant(count);
    this.endRound();
    return this.replica.last;
  }

  /** The next batch runs for so long. */
  serve(msOf: (count: number) => number): FakeWork {
    const work = this.grant();
    this.finish(work, msOf(work.count));
    return work;
  }

  /** The batch has run for so long, up to now. */
  finish(work: FakeWork, ms: number): void {
    work.tookMs = ms;
    this.clock.advance(ms);
    work.succeed();
    this.endRound();
  }
}
