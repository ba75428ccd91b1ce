/** A dispatcher with fake replicas that come, die and hand batches back, and calls whose instances are all different. */
import type { ServingError } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import type { Batcher } from '../../src/batching/batcher.js';
import type { PredictCall } from '../../src/call/predict-call.js';
import { Dispatcher } from '../../src/dispatch/dispatcher.js';
import { DispatchCounts } from '../../src/statistics/dispatch-counts.js';
import { pickFewestInFlight } from '../../src/dispatch/pickers/fewest-in-flight.js';
import { batcherOf } from './batchers.js';
import { callOf, floats, floatText, type TestCall } from './calls.js';
import { FakeReplica, type FakeWork } from './fake-replica.js';

const limits = {
  maxBatchSize: 4,
  maxBatchBytes: 1e6,
  minShare: 4,
  maxQueueInstances: 1e6,
  maxQueueBytes: 1e9,
};

/** A call that knows what its instances hold. */
export interface FleetCall extends TestCall {
  readonly texts: readonly string[];
  readonly method: 'predict' | 'once';
}

export class Fleet {
  readonly clock = new ManualClock();
  readonly internal: ServingError[] = [];
  /** What the dispatcher told of lost batches. */
  readonly losses: object[] = [];
  readonly dispatcher: Dispatcher;
  /** Replicas in service. */
  readonly live: FakeReplica[] = [];
  /** Those and the ones that have left, dead or alive. */
  readonly replicas: FakeReplica[] = [];
  readonly calls: FleetCall[] = [];
  deaths = 0;
  /** No replica was in service for a while. */
  wasDeserted = false;
  /** The method `once` is not idempotent. */
  readonly #queues: Readonly<Record<'predict' | 'once', Batcher>>;
  readonly #deferred: (() => void)[] = [];
  readonly #returned = new Set<FakeWork>();
  #nextValue = 1;

  constructor(maxBatchSize = limits.maxBatchSize) {
    const { clock } = this;
    this.dispatcher = new Dispatcher({
      servable: 'add',
      version: 1,
      clock,
      counts: new DispatchCounts(),
      picker: pickFewestInFlight,
      defer: (callback) => this.#deferred.push(callback),
      onBatchLost: (loss) => this.losses.push(loss),
      onInternalError: (error) => this.internal.push(error),
    });
    const { dispatcher } = this;
    const queue = (method: string, idempotent: boolean) => {
      const sized = { ...limits, maxBatchSize };
      const batcher = batcherOf({ method, idempotent, limits: sized, clock, dispatcher });
      dispatcher.addSource(batcher);
      return batcher;
    };
    this.#queues = { predict: queue('predict', true), once: queue('once', false) };
  }

  add(executors = 1): FakeReplica {
    const replica = new FakeReplica({ id: `r${this.replicas.length}`, executors });
    this.replicas.push(replica);
    this.live.push(replica);
    this.dispatcher.addReplica(replica);
    return replica;
  }

  /** Ends the current round of I/O. */
  runDeferred(): void {
    while (this.#deferred.length > 0) for (const callback of this.#deferred.splice(0)) callback();
  }

  call(count: number, more: Partial<PredictCall> = {}, method: FleetCall['method'] = 'predict'): FleetCall {
    const values = Array.from({ length: count }, () => this.#nextValue++);
    const call = { ...callOf([floats(...values)], more), texts: values.map(floatText), method };
    this.calls.push(call);
    this.#queues[method].enqueue(call);
    this.runDeferred();
    return call;
  }

  grant(replica: FakeReplica, count = 1): void {
    replica.grant(count);
    this.runDeferred();
  }

  /** Takes the replica out of service as a registry does: routes and queues first, then its batches. */
  kill(replica: FakeReplica, why?: string): void {
    this.deaths++;
    this.withdraw(replica);
    replica.die(why);
    this.runDeferred();
  }

  /** Takes the replica out of routing. */
  withdraw(replica: FakeReplica): void {
    if (!this.live.includes(replica)) return;
    this.live.splice(this.live.indexOf(replica), 1);
    this.dispatcher.removeReplica(replica.id);
    if (this.live.length > 0) return;
    this.wasDeserted = true;
    this.dispatcher.refuseAll();
    for (const queue of Object.values(this.#queues)) queue.refuseAll();
  }

  giveBack(work: FakeWork): void {
    this.#returned.add(work);
    work.giveBack();
    this.runDeferred();
  }

  /** Instances waiting for a credit. */
  get waiting(): number {
    return this.dispatcher.waiting;
  }

  /** How often each instance was sent and not returned. */
  get attempts(): ReadonlyMap<string, number> {
    const attempts = new Map<string, number>();
    for (const work of this.works)
      if (!this.#returned.has(work))
        for (const text of work.texts) attempts.set(text, (attempts.get(text) ?? 0) + 1);
    return attempts;
  }

  /** Everything that was sent to anybody. */
  get works(): FakeWork[] {
    return this.replicas.flatMap((replica) => replica.works);
  }
}
