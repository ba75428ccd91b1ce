/**
 * What becomes of instances whose replica was lost or has returned them. A lost batch is sent again as it was; when it is
 * lost again one of its instances may be the cause, so from then on each of them is a suspect and runs alone. An instance
 * whose answer has begun is never run again.
 */
import { failure, ServingError, type Clock } from '@serving/common';
import type { BatchEntry } from '../call/batch.js';
import { DeadlineWatch } from '../call/deadline-watch.js';
import type { PredictCall } from '../call/predict-call.js';
import type { InstanceRange } from '../cluster/replica.js';
import type { DispatchCounts } from '../statistics/dispatch-counts.js';
import { expired, noReplica, refuseEntry } from '../call/refusals.js';
import { countOf, RedispatchQueue, type Patience, type SecondTry } from './redispatch-queue.js';
import type { Flight } from './seat.js';

/** From this many losses on an instance is a suspect. */
const suspectFrom = 2;
/** After this many it is not sent again. */
const mostAttempts = 3;
/** Of the requests of an overdue batch that were sent by themselves, so many may be overdue before the rest are refused. */
const mostOverdue = 4;

/** A batch that was lost with its replica. */
export interface BatchLoss {
  readonly method: string;
  /** Instances that had no answer. */
  readonly instances: number;
  /** Attempts of these instances so far, all of them lost. */
  readonly attempts: number;
  /** The replica, and what became of it. */
  readonly what: string;
}

export interface RedispatchSettings {
  readonly servable: string;
  readonly clock: Clock;
  readonly counts: DispatchCounts;
  readonly onLost: (loss: BatchLoss) => void;
  /** Something that waited has been let go of. */
  readonly onExpired: () => void;
}

export class Redispatch {
  readonly #settings: RedispatchSettings;
  readonly #retries = new RedispatchQueue();
  readonly #suspects = new RedispatchQueue();
  readonly #deadlines: DeadlineWatch;

  constructor(settings: RedispatchSettings) {
    this.#settings = settings;
    this.#deadlines = new DeadlineWatch(settings.clock, (now) => this.#expire(now));
  }

  /** Instances that wait to be sent again. */
  get waiting(): number {
    return this.#retries.instances + this.#suspects.instances;
  }

  get hasSuspects(): boolean {
    return this.#suspects.instances > 0;
  }

  nextRetry(): SecondTry | undefined {
    return this.#next(this.#retries);
  }

  /** One instance that must run alone. */
  nextSuspect(): SecondTry | undefined {
    return this.#next(this.#suspects);
  }

  #next(queue: RedispatchQueue): SecondTry | undefined {
    if (queue.instances === 0) return undefined;
    this.#deadlines.expireIfDue();
    const next = queue.next();
    if (next !== undefined) this.#settings.counts.sentAgain++;
    return next;
  }

  /** The batch was not started: it goes again, whatever its method. */
  returned({ source, batch, losses, patience }: Flight): void {
    this.#settings.counts.returned++;
    batch.failBegun(cutOff(source, 'the batch was returned'));
    this.#add({ source, entries: batch.unanswered(), losses, patience });
  }

  /** The batch's replica is gone. Answers what must not be sent again. @param what the replica, and what became of it */
  lost(flight: Flight, what: string): void {
    const { source, batch } = flight;
    const losses = flight.losses + 1;
    const { method } = source;
    const instances = countOf({ entries: batch.unanswered() });
    this.#settings.counts.lost++;
    this.#settings.onLost({ method, instances, attempts: losses, what });
    batch.failBegun(cutOff(source, `the worker that gave it was lost (${what})`));
    const entries = batch.unanswered();
    if (!source.idempotent || losses >= mostAttempts) {
      const error = workerLost(method, `${endOf(source, losses)} (${what})`);
      refuseEach(entries, error);
    } else if (losses < suspectFrom) {
      this.#add({ source, entries, losses });
    } else {
      for (const entry of entries.flatMap(oneByOne)) this.#add({ source, entries: [entry], losses });
    }
  }

  /**
   * The batch did not return in time. If what was worked on is of one request, that is to blame, and the rest is sent
   * again. If it is of several, or the rest is overdue as well, each request is sent by itself: its own instances are then
   * all that it can hold up.
   */
  overdue(flight: Flight, { first, count }: InstanceRange, why: string): void {
    const { source, batch, patience } = flight;
    const losses = flight.losses + 1;
    this.#settings.counts.overdue++;
    const error = overdueError(source, `the batch ${why}`);
    const { size: blamed } = batch.callsIn(first, count);
    const { size: requests } = batch.callsIn(0, batch.count);
    if (blamed === 1 || !source.idempotent) batch.reply(failure(first, count, error));
    batch.failBegun(cutOff(source, `the batch ${why}`));
    const entries = batch.unanswered();
    if (!source.idempotent) refuseEach(entries, error);
    else if (blamed === 1 && losses < suspectFrom) this.#add({ source, entries, losses, patience });
    else if (requests === 1) refuseEach(entries, error);
    else this.#addEachAlone(source, entries);
    if (patience !== undefined) this.#spend(patience);
  }

  #addEachAlone(source: SecondTry['source'], entries: readonly BatchEntry[]): void {
    const patience = { left: mostOverdue };
    for (const call of new Set(entries.map((entry) => entry.call))) {
      const own = entries.filter((entry) => entry.call === call);
      this.#add({ source, entries: own, losses: suspectFrom - 1, patience });
    }
  }

  /** A method that always hangs must not hold up the others of its servable for as many timeouts as a batch has requests. */
  #spend(patience: Patience): void {
    patience.left--;
    if (patience.left > 0) return;
    const why = `the batch did not return in time, nor did ${mostOverdue} of its requests by themselves`;
    for (const { source, entries } of this.#retries.takeAll(patience))
      refuseEach(entries, overdueError(source, why));
  }

  /** Nobody waits for the call any more. */
  remove(call: PredictCall): void {
    this.#take((other) => other === call);
  }

  /**
   * The last replica is gone: answers everything that waits. What was lost before may have been the cause, so its callers
   * are not asked to send it again, to the next replica.
   */
  refuseAll(): void {
    for (const { source, entries, losses } of this.#take(() => true)) {
      const error =
        losses === 0 ? noReplica(this.#settings.servable, source.method) : deserted(source.method, losses);
      refuseEach(entries, error);
    }
  }

  #add(tried: SecondTry): void {
    if (tried.entries.length === 0) return;
    const queue = tried.losses < suspectFrom ? this.#retries : this.#suspects;
    queue.add(tried);
    for (const { call } of tried.entries) this.#deadlines.add(call.deadline.at);
  }

  #take(isWanted: (call: PredictCall) => boolean): SecondTry[] {
    if (this.waiting === 0) return [];
    return [...this.#retries.take(isWanted), ...this.#suspects.take(isWanted)];
  }

  #expire(now: number): number {
    const late = this.#take((call) => call.deadline.at <= now);
    const error = expired();
    for (const { entries } of late) refuseEach(entries, error);
    if (late.length > 0) this.#settings.onExpired();
    return Math.min(this.#retries.earliestDeadline, this.#suspects.earliestDeadline);
  }
}

function refuseEach(entries: readonly BatchEntry[], error: ServingError): void {
  for (const entry of entries) refuseEntry(entry, error);
}

function overdueError({ method }: SecondTry['source'], why: string): ServingError {
  return new ServingError('STAGE_FAILED', `Call method '${method}' Failed: ${why}`);
}

function oneByOne({ call, range: { block, from, to }, first }: BatchEntry): BatchEntry[] {
  return Array.from({ length: to - from }, (_, index) => ({
    call,
    range: { block, from: from + index, to: from + index + 1 },
    first: first + index,
  }));
}

function workerLost(method: string, why: string): ServingError {
  return new ServingError('WORKER_LOST', `Call method '${method}' Failed: ${why}`);
}

/** What its caller has had of an answer cannot be taken back, so it is not begun anew elsewhere. */
function cutOff({ method }: SecondTry['source'], why: string): ServingError {
  return workerLost(method, `the answer had begun, and was cut off: ${why}`);
}

function endOf({ idempotent }: SecondTry['source'], attempts: number): string {
  return idempotent
    ? `in each of ${attempts} attempts, the last of them alone, the worker was lost that had the instance`
    : `the worker was lost that had the instance, after ${attempts} attempt, and the method is not idempotent`;
}

function deserted(method: string, attempts: number): ServingError {
  const tries = attempts === 1 ? '1 attempt' : `each of ${attempts} attempts`;
  const why = `in ${tries} the worker was lost that had the instance, and no replica is left to try on`;
  return workerLost(method, why);
}
