/** Blocks → batches: one per servable version and method. Holds what waits, and lets go of what nobody waits for. */
import { failure, ServingError, type Clock, type ServiceTime } from '@serving/common';
import { Batch } from '../call/batch.js';
import { DeadlineWatch } from '../call/deadline-watch.js';
import type { CallQueue } from '../call/method-route.js';
import { instancesOf, type PredictCall } from '../call/predict-call.js';
import { cancelled, expired, noReplica, refuseCall, tooLate } from '../call/refusals.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { BatchRun, BatchSource } from '../dispatch/turns.js';
import type { BatchPolicy } from './batch-policy.js';
import { BatchRule } from './batch-rule.js';
import type { InstanceQueue } from './instance-queue.js';
import { Lanes, type LaneRule } from './lanes.js';
import type { QueueBudget } from './queue-budget.js';
import { retryAfterMs } from './retry-after.js';
import type { WaitingCall } from './waiting-call.js';

export interface BatcherSettings {
  readonly servable: string;
  readonly method: string;
  /** Whether instances may be run again when the replica that had them was lost. */
  readonly idempotent: boolean;
  readonly policy: BatchPolicy;
  readonly budget: QueueBudget;
  readonly laneOf: LaneRule;
  /** What the method's batches take, to be learnt. */
  readonly service: ServiceTime;
  readonly clock: Clock;
  readonly dispatcher: Pick<Dispatcher, 'demand' | 'abandon' | 'hasReplicas' | 'executors'>;
}

export class Batcher implements CallQueue, BatchSource {
  readonly method: string;
  readonly idempotent: boolean;
  readonly weight: number;
  readonly inFlight = { batches: 0, instances: 0 };
  readonly #settings: BatcherSettings;
  readonly #rule: BatchRule;
  readonly #lanes: Lanes;
  readonly #deadlines: DeadlineWatch;
  /** Wakes the dispatcher when what waits for a fuller batch has waited long enough. */
  readonly #due: DeadlineWatch;

  constructor(settings: BatcherSettings) {
    const { method, idempotent, policy, service, clock, dispatcher, laneOf } = settings;
    this.method = method;
    this.idempotent = idempotent;
    this.weight = policy.weight;
    this.#settings = settings;
    this.#rule = new BatchRule(policy, service);
    this.#lanes = new Lanes(policy, laneOf);
    this.#deadlines = new DeadlineWatch(clock, (now) => this.#expire(now));
    this.#due = new DeadlineWatch(clock, () => {
      dispatcher.demand();
      return Infinity;
    });
  }

  get waiting(): number {
    return this.#lanes.instances;
  }

  enqueue(call: PredictCall): void {
    const refusal = this.#refusal(call);
    if (refusal !== undefined) return refuseCall(call, refusal);
    const waiting = this.#lanes.add(call);
    for (const { left, bytes } of waiting) this.#settings.budget.take(left, bytes);
    call.signal.onAbort(() => this.#abandon(call, waiting, cancelled()));
    this.#deadlines.add(this.#lastStart(call));
    this.#settings.dispatcher.demand();
  }

  /** Why the call cannot be taken. */
  #refusal(call: PredictCall): ServingError | undefined {
    const { clock, dispatcher, budget } = this.#settings;
    if (call.signal.aborted) return cancelled();
    if (call.deadline.at < Infinity && this.#lastStart(call) <= clock.now()) return this.#late(call);
    if (!dispatcher.hasReplicas) return this.#noReplica();
    const instances = instancesOf(call);
    const shortage = instances === 0 ? undefined : budget.shortage(instances, call.retainedBytes);
    return shortage === undefined ? undefined : this.#full(shortage);
  }

  #full(shortage: string): ServingError {
    const { dispatcher, service } = this.#settings;
    const ms = retryAfterMs(this.waiting, this.#rule.limit, dispatcher.executors, service);
    return new ServingError('QUEUE_FULL', `${shortage}; try again in about ${ms} ms`, { retryAfterMs: ms });
  }

  /** When the call has to be started; its deadline, unless it is known what it takes and late work is refused. */
  #lastStart({ deadline }: PredictCall): number {
    return deadline.at - this.#leastMs;
  }

  get #leastMs(): number {
    const { policy, service } = this.#settings;
    return policy.refuseLate ? (service.predict(1) ?? 0) : 0;
  }

  #late({ deadline }: PredictCall): ServingError {
    const { clock } = this.#settings;
    return deadline.isPassed(clock) ? expired() : tooLate(this.#leastMs, deadline.remainingMs(clock)!);
  }

  ready(now: number): number {
    let instances = 0;
    let next = Infinity;
    for (const queue of this.#lanes.queues) {
      if (queue.instances === 0) continue;
      const at = this.#rule.dueAt(queue, this.inFlight);
      if (at <= now) instances += queue.instances;
      else next = Math.min(next, at);
    }
    if (instances === 0) this.#due.add(next);
    return instances;
  }

  nextBatch(now: number): Batch | undefined {
    this.#deadlines.expireIfDue();
    const queue = this.#nextQueue(now);
    if (queue === undefined) return undefined;
    const { policy, budget, dispatcher } = this.#settings;
    const size = this.#rule.size(queue.instances, this.inFlight, dispatcher.executors);
    const { entries, finished } = queue.take(size, policy.maxBatchBytes);
    const batch = new Batch(entries);
    this.#lanes.taken(batch.count);
    budget.giveInstances(batch.count);
    for (const { bytes } of finished) budget.giveRequest(bytes);
    return batch;
  }

  /** Of the lanes that are due, the one of the highest priority, and of those the one that has waited for longest. */
  #nextQueue(now: number): InstanceQueue | undefined {
    let best: InstanceQueue | undefined;
    for (const queue of this.#lanes.queues) {
      if (queue.instances === 0 || this.#rule.dueAt(queue, this.inFlight) > now) continue;
      if (best === undefined || isBefore(queue, best)) best = queue;
    }
    return best;
  }

  predictMs(count: number): number | undefined {
    return this.#settings.service.predict(count);
  }

  ran({ batch, serviceMs, wasBacklog, answeredAt }: BatchRun): void {
    const latencyMs = wasBacklog ? undefined : answeredAt - batch.oldestAt;
    this.#rule.observe(batch.count, serviceMs, latencyMs, answeredAt);
  }

  /** The last replica is gone: answers everything that waits. Instances on their way get their own outcome. */
  refuseAll(): void {
    const error = this.#noReplica();
    for (const waiting of this.#lanes.waiting())
      for (const { first, count } of this.#remove(waiting))
        waiting.call.sink.reply(failure(first, count, error));
  }

  #abandon(call: PredictCall, waiting: readonly WaitingCall[], error: ServingError): void {
    for (const one of waiting) this.#remove(one);
    refuseCall(call, error);
    this.#settings.dispatcher.abandon(call);
  }

  #remove(waiting: WaitingCall) {
    const { budget } = this.#settings;
    if (waiting.list !== undefined) {
      budget.giveInstances(waiting.left);
      budget.giveRequest(waiting.bytes);
    }
    return this.#lanes.remove(waiting);
  }

  #noReplica(): ServingError {
    return noReplica(this.#settings.servable, this.method);
  }

  #expire(now: number): number {
    let earliest = Infinity;
    for (const waiting of this.#lanes.waiting()) {
      // A call may wait in several lanes; it has gone from the others by then.
      if (waiting.list === undefined) continue;
      const at = this.#lastStart(waiting.call);
      if (at <= now) this.#abandonEverywhere(waiting.call);
      else earliest = Math.min(earliest, at);
    }
    return earliest;
  }

  #abandonEverywhere(call: PredictCall): void {
    const own = this.#lanes.waiting().filter((waiting) => waiting.call === call);
    this.#abandon(call, own, this.#late(call));
  }
}

function isBefore(a: InstanceQueue, b: InstanceQueue): boolean {
  return a.priority === b.priority ? a.oldestAt < b.oldestAt : a.priority! > b.priority!;
}
