/** Blocks → batches: one per servable version and method. Holds what waits, and lets go of what nobody waits for. */
import { failure, ServingError, type Clock } from '@serving/common';
import { Batch } from '../call/batch.js';
import type { CallQueue } from '../call/method-route.js';
import type { CallPart, PredictCall } from '../call/predict-call.js';
import type { BatchSource, Dispatcher } from '../dispatch/dispatcher.js';
import type { BatchLimits, QueueLimits } from './batch-limits.js';
import { InstanceQueue } from './instance-queue.js';

export interface BatcherSettings {
  readonly servable: string;
  readonly method: string;
  readonly limits: BatchLimits & QueueLimits;
  readonly clock: Clock;
  readonly dispatcher: Pick<Dispatcher, 'demand' | 'abandon' | 'hasReplicas'>;
}

export class Batcher implements CallQueue, BatchSource {
  readonly method: string;
  readonly #settings: BatcherSettings;
  readonly #queue: InstanceQueue;
  /** The one timer of the queue: for the earliest deadline of all that wait. */
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(settings: BatcherSettings) {
    this.method = settings.method;
    this.#settings = settings;
    this.#queue = new InstanceQueue(settings.limits);
  }

  get waiting(): number {
    return this.#queue.instances;
  }

  enqueue(call: PredictCall): void {
    const refusal = this.#refusal(call);
    if (refusal !== undefined) return refuse(call, refusal);
    call.signal.onAbort(() => this.#abandon(call, cancelled()));
    this.#watchDeadline(call.deadline.at);
    this.#settings.dispatcher.demand();
  }

  /** Takes the call into the queue, or says why not. */
  #refusal(call: PredictCall): ServingError | undefined {
    if (call.signal.aborted) return cancelled();
    if (call.deadline.isPassed(this.#settings.clock)) return expired();
    if (!this.#settings.dispatcher.hasReplicas) return this.#noReplica();
    try {
      this.#queue.add(call);
      return undefined;
    } catch (thrown) {
      return ServingError.from(thrown);
    }
  }

  nextBatch(share: number): Batch | undefined {
    // A timer may be late, and work that cannot finish must not be started.
    if (this.#timer !== undefined && this.#timer.at <= this.#settings.clock.now()) this.#expire();
    const { maxBatchSize, maxBatchBytes, minShare } = this.#settings.limits;
    const entries = this.#queue.take(Math.min(maxBatchSize, Math.max(share, minShare)), maxBatchBytes);
    return entries.length === 0 ? undefined : new Batch(entries);
  }

  /** The last replica is gone: answers everything that waits. Instances on their way get their own outcome. */
  refuseAll(): void {
    const error = this.#noReplica();
    for (const call of this.#queue.calls()) {
      for (const { first, count } of this.#queue.remove(call)) call.sink.reply(failure(first, count, error));
    }
  }

  #abandon(call: PredictCall, error: ServingError): void {
    this.#queue.remove(call);
    refuse(call, error);
    this.#settings.dispatcher.abandon(call);
  }

  #noReplica(): ServingError {
    const { servable, method } = this.#settings;
    return new ServingError(
      'NO_REPLICA',
      `Request servable(${servable}) method(${method}) , servable is not available; no replica of it is live`,
    );
  }

  #watchDeadline(at: number): void {
    if (at === Infinity || (this.#timer !== undefined && this.#timer.at <= at)) return;
    this.#timer?.cancel();
    const { clock } = this.#settings;
    this.#timer = { at, cancel: clock.after(Math.max(0, at - clock.now()), () => this.#expire()) };
  }

  #expire(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    let earliest = Infinity;
    for (const call of this.#queue.calls()) {
      if (call.deadline.isPassed(this.#settings.clock)) this.#abandon(call, expired());
      else earliest = Math.min(earliest, call.deadline.at);
    }
    this.#watchDeadline(earliest);
  }
}

/** Answers all of the call's instances that have no answer yet; its sink drops the rest. */
function refuse({ parts, sink }: PredictCall, error: ServingError): void {
  parts.forEach(({ first, block }: CallPart) => sink.reply(failure(first, block.count, error)));
}

function cancelled(): ServingError {
  return new ServingError('CANCELLED', 'the request was cancelled by the caller');
}

function expired(): ServingError {
  return new ServingError('DEADLINE_EXCEEDED', "the caller's deadline passed while the request was waiting");
}
