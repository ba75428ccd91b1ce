/** Blocks → batches: one per servable version and method. Holds what waits, and lets go of what nobody waits for. */
import { failure, ServingError, type Clock } from '@serving/common';
import { Batch } from '../call/batch.js';
import { DeadlineWatch } from '../call/deadline-watch.js';
import type { CallQueue } from '../call/method-route.js';
import type { PredictCall } from '../call/predict-call.js';
import { cancelled, expired, noReplica, refuseCall } from '../call/refusals.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { BatchSource } from '../dispatch/turns.js';
import type { BatchLimits, QueueLimits } from './batch-limits.js';
import { InstanceQueue, type WaitingCall } from './instance-queue.js';

export interface BatcherSettings {
  readonly servable: string;
  readonly method: string;
  /** Whether instances may be run again when the replica that had them was lost. @default true */
  readonly idempotent?: boolean;
  readonly limits: BatchLimits & QueueLimits;
  readonly clock: Clock;
  readonly dispatcher: Pick<Dispatcher, 'demand' | 'abandon' | 'hasReplicas'>;
}

export class Batcher implements CallQueue, BatchSource {
  readonly method: string;
  readonly idempotent: boolean;
  readonly #settings: BatcherSettings;
  readonly #queue: InstanceQueue;
  readonly #deadlines: DeadlineWatch;

  constructor(settings: BatcherSettings) {
    this.method = settings.method;
    this.idempotent = settings.idempotent ?? true;
    this.#settings = settings;
    this.#queue = new InstanceQueue(settings.limits);
    this.#deadlines = new DeadlineWatch(settings.clock, (now) => this.#expire(now));
  }

  get waiting(): number {
    return this.#queue.instances;
  }

  enqueue(call: PredictCall): void {
    const waiting = this.#take(call);
    if (waiting instanceof ServingError) return refuseCall(call, waiting);
    call.signal.onAbort(() => this.#abandon(waiting, cancelled()));
    this.#deadlines.add(call.deadline.at);
    this.#settings.dispatcher.demand();
  }

  /** Takes the call into the queue, or says why not. */
  #take(call: PredictCall): WaitingCall | ServingError {
    if (call.signal.aborted) return cancelled();
    if (call.deadline.isPassed(this.#settings.clock)) return expired();
    if (!this.#settings.dispatcher.hasReplicas) return this.#noReplica();
    try {
      return this.#queue.add(call);
    } catch (thrown) {
      return ServingError.from(thrown);
    }
  }

  nextBatch(share: number): Batch | undefined {
    this.#deadlines.expireIfDue();
    const { maxBatchSize, maxBatchBytes, minShare } = this.#settings.limits;
    const entries = this.#queue.take(Math.min(maxBatchSize, Math.max(share, minShare)), maxBatchBytes);
    return entries.length === 0 ? undefined : new Batch(entries);
  }

  /** The last replica is gone: answers everything that waits. Instances on their way get their own outcome. */
  refuseAll(): void {
    const error = this.#noReplica();
    for (const waiting of this.#queue.waiting())
      for (const { first, count } of this.#queue.remove(waiting))
        waiting.call.sink.reply(failure(first, count, error));
  }

  #abandon(waiting: WaitingCall, error: ServingError): void {
    const { call } = waiting;
    this.#queue.remove(waiting);
    refuseCall(call, error);
    this.#settings.dispatcher.abandon(call);
  }

  #noReplica(): ServingError {
    return noReplica(this.#settings.servable, this.method);
  }

  #expire(now: number): number {
    let earliest = Infinity;
    for (const waiting of this.#queue.waiting()) {
      const { at } = waiting.call.deadline;
      if (at <= now) this.#abandon(waiting, expired());
      else earliest = Math.min(earliest, at);
    }
    return earliest;
  }
}
