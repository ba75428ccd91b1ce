/** Blocks → batches: one per servable version and method. Holds what waits, and lets go of what nobody waits for. */
import {
  failure,
  IndexedHeap,
  ServingError,
  type Clock,
  type ServiceTime,
  type StageDuration,
} from '@serving/common';
import type { Run } from '../call/answered.js';
import { Batch } from '../call/batch.js';
import { DeadlineWatch } from '../call/deadline-watch.js';
import type { CallQueue, QueueDepth } from '../call/method-route.js';
import { instancesOf, type PredictCall } from '../call/predict-call.js';
import { cancelled, expired, noReplica, refuseCall, tooLate } from '../call/refusals.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { BatchRun, BatchSource } from '../dispatch/turns.js';
import { computeTimes } from '../statistics/compute-times.js';
import type { MethodStatistics } from '../statistics/method-statistics.js';
import type { BatchPolicy } from './batch-policy.js';
import { BatchRule, type Situation } from './batch-rule.js';
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
  readonly statistics: MethodStatistics;
  readonly clock: Clock;
  readonly dispatcher: Pick<Dispatcher, 'demand' | 'abandon' | 'hasReplicas' | 'executors'>;
}

/** A prediction is doubted when nothing has run for so many times of it. */
const staleAfter = 10;

export class Batcher implements CallQueue, BatchSource {
  readonly method: string;
  readonly idempotent: boolean;
  readonly weight: number;
  readonly #settings: BatcherSettings;
  readonly #rule: BatchRule;
  readonly #lanes: Lanes;
  /** Of the calls of which something waits, those with a deadline. */
  readonly #dated = new IndexedHeap<WaitingCall>(({ call }) => call.deadline.at);
  readonly #deadlines: DeadlineWatch;
  /** Wakes the dispatcher when what waits for a fuller batch has waited long enough. */
  readonly #due: DeadlineWatch;
  #batches = 0;
  #running = 0;
  #learntAt = -Infinity;

  constructor(settings: BatcherSettings) {
    const { method, idempotent, policy, service, clock, dispatcher, laneOf } = settings;
    this.method = method;
    this.idempotent = idempotent;
    this.weight = policy.weight;
    this.#settings = settings;
    const rule = new BatchRule(policy, service);
    this.#rule = rule;
    const { maxBatchBytes } = policy;
    const bounds = {
      maxBatchBytes,
      get maxBatchSize() {
        return rule.limit;
      },
    };
    this.#lanes = new Lanes(bounds, laneOf);
    this.#deadlines = new DeadlineWatch(clock, (now) => this.#expire(now));
    this.#due = new DeadlineWatch(clock, () => {
      dispatcher.demand();
      return Infinity;
    });
  }

  get waiting(): number {
    return this.#lanes.instances;
  }

  get depth(): QueueDepth {
    return this.#settings.budget;
  }

  enqueue(call: PredictCall): void {
    const refusal = this.#refusal(call);
    if (refusal !== undefined) return refuseCall(call, refusal);
    const waiting = this.#lanes.add(call);
    if (waiting.open > 0) {
      this.#settings.budget.take(waiting.left, call.retainedBytes);
      if (call.deadline.at < Infinity) {
        this.#dated.add(waiting);
        this.#deadlines.add(this.#lastStart(call));
      }
    }
    call.signal.onAbort(() => this.#abandon(waiting, cancelled()));
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
    if (shortage === undefined) return undefined;
    if (budget.isBeyond(instances, call.retainedBytes)) return new ServingError('BAD_REQUEST', shortage);
    return this.#full(shortage);
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

  /** What an instance takes at least, where late work is refused. */
  get #leastMs(): number {
    const { policy, service, clock } = this.#settings;
    if (!policy.refuseLate) return 0;
    const ms = service.predict(1) ?? 0;
    // Work that is refused teaches nothing: now and then one is let through, or it would be refused for ever.
    const isStale = this.#batches === 0 && clock.now() - this.#learntAt > staleAfter * ms;
    return isStale ? 0 : ms;
  }

  #late({ deadline }: PredictCall): ServingError {
    const { clock } = this.#settings;
    return deadline.isPassed(clock) ? expired() : tooLate(this.#leastMs, deadline.remainingMs(clock)!);
  }

  get #situation(): Situation {
    const { executors } = this.#settings.dispatcher;
    const earliestDeadline = this.#dated.first?.call.deadline.at ?? Infinity;
    return {
      waiting: this.waiting,
      batches: this.#batches,
      running: this.#running,
      executors,
      earliestDeadline,
    };
  }

  ready(now: number): number {
    const situation = this.#situation;
    let instances = 0;
    let next = Infinity;
    for (const queue of this.#lanes.queues) {
      if (queue.instances === 0) continue;
      const at = this.#rule.dueAt(queue, situation);
      if (at <= now) instances += queue.instances;
      else next = Math.min(next, at);
    }
    if (instances === 0) this.#due.add(next);
    return instances;
  }

  nextBatch(now: number): Batch | undefined {
    this.#expireBy(now);
    const situation = this.#situation;
    const queue = this.#lanes.next((one) => this.#rule.dueAt(one, situation) <= now);
    if (queue === undefined) return undefined;
    const size = this.#rule.size(queue.instances, situation);
    const { entries, places } = this.#lanes.take(queue, size, this.#settings.policy.maxBatchBytes);
    const batch = new Batch(entries);
    this.#settings.budget.giveInstances(batch.count);
    for (const place of places) if (place.left === 0) this.#close(place.waiting);
    this.#rule.formed();
    return batch;
  }

  /** One of the call's places is empty now. */
  #close(waiting: WaitingCall): void {
    if (--waiting.open > 0) return;
    this.#dated.delete(waiting);
    this.#settings.budget.giveRequest(waiting.call.retainedBytes);
  }

  predictMs(count: number): number | undefined {
    return this.#settings.service.predict(count);
  }

  sent(count: number): void {
    this.#batches++;
    this.#running += count;
  }

  ended(count: number, at: number): void {
    this.#batches--;
    this.#running -= count;
    this.#rule.answered(at);
  }

  ran(batch: Batch, sentAt: number, stages: readonly StageDuration[]): void {
    this.#settings.statistics.ran(batch, sentAt, computeTimes(stages));
  }

  learn({ batch, serviceMs, sentAt, answeredAt }: BatchRun): void {
    this.#learntAt = answeredAt;
    this.#rule.learn(batch.count, serviceMs, answeredAt - batch.oldestAt, sentAt - batch.oldestAt);
  }

  /** The last replica is gone: answers everything that waits. Instances on their way get their own outcome. */
  refuseAll(): void {
    const error = this.#noReplica();
    for (const { waiting } of this.#lanes.places()) this.#refuseWaiting(waiting, error);
  }

  /** Answers what still waits of the call. */
  #refuseWaiting(waiting: WaitingCall, error: ServingError): void {
    for (const { first, count } of this.#remove(waiting))
      waiting.call.sink.reply(failure(first, count, error));
  }

  /** Takes out what still waits of the call. */
  #remove(waiting: WaitingCall): Run[] {
    return waiting.places.flatMap((place) => {
      const { left, list } = place;
      if (list === undefined) return [];
      this.#settings.budget.giveInstances(left);
      const runs = this.#lanes.remove(place);
      this.#close(waiting);
      return runs;
    });
  }

  /** Nobody waits for the call any more. */
  #abandon(waiting: WaitingCall, error: ServingError): void {
    this.#remove(waiting);
    refuseCall(waiting.call, error);
    if (waiting.isBegun) this.#settings.dispatcher.abandon(waiting.call);
  }

  #noReplica(): ServingError {
    return noReplica(this.#settings.servable, this.method);
  }

  #expire(now: number): number {
    this.#expireBy(now);
    const first = this.#dated.first;
    return first === undefined ? Infinity : this.#lastStart(first.call);
  }

  /** Lets go of what has to have been started before. */
  #expireBy(now: number): void {
    for (let first = this.#dated.first; first !== undefined; first = this.#dated.first) {
      const { call } = first;
      if (this.#lastStart(call) > now) return;
      if (call.deadline.at <= now) this.#abandon(first, expired());
      // What of it runs may still be in time.
      else this.#refuseWaiting(first, this.#late(call));
    }
  }
}
