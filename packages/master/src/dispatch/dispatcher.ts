/**
 * Batch → the replica that granted a credit. One per servable version. A batch is formed at the moment a credit is
 * there (late binding): while all executors are busy the queues grow, and the next batch is bigger. What a replica lost
 * or returned is sent again before new batches.
 */
import { encodeBatch, ServingError, type CallRange, type Clock, type Credit } from '@serving/common';
import { Batch } from '../call/batch.js';
import type { PredictCall } from '../call/predict-call.js';
import type { InstanceRange, Replica } from '../cluster/replica.js';
import type { DispatchCounts } from '../statistics/dispatch-counts.js';
import { Quarantine } from './quarantine.js';
import { Redispatch, type BatchLoss } from './redispatch.js';
import type { SecondTry } from './redispatch-queue.js';
import type { ReplicaPicker } from './pickers/replica-picker.js';
import { Flight, Seat } from './seat.js';
import { Seats } from './seats.js';
import { Turns, type BatchSource } from './turns.js';

export interface DispatcherSettings {
  readonly servable: string;
  readonly version: number;
  readonly clock: Clock;
  readonly picker: ReplicaPicker;
  readonly counts: DispatchCounts;
  /** Runs a callback when the current round of I/O is over, so that requests that arrived together share a batch. */
  readonly defer: (callback: () => void) => void;
  /** Told of every batch that is lost with its replica. */
  readonly onBatchLost: (loss: BatchLoss & { readonly servable: string; readonly version: number }) => void;
  /** Told of faults whose cause callers do not see. */
  readonly onInternalError: (error: ServingError) => void;
}

export class Dispatcher {
  readonly #settings: DispatcherSettings;
  readonly #seats = new Seats();
  /** Replicas that were removed while they had batches in flight: their callers may still give up. */
  readonly #leaving = new Set<Seat>();
  /** A replica that comes back still has the credits it granted, and has no reason to grant them again. */
  readonly #known = new WeakMap<Replica, Seat>();
  /** Those whose replicas want to be told what waits. */
  readonly #asking = new Set<Seat>();
  readonly #turns = new Turns();
  readonly #redispatch: Redispatch;
  readonly #quarantine = new Quarantine();
  #nextBatchId = 1;
  #deferred = false;
  #dispatching = false;

  constructor(settings: DispatcherSettings) {
    const { servable, version, clock, counts, onBatchLost } = settings;
    this.#settings = settings;
    this.#redispatch = new Redispatch({
      servable,
      clock,
      counts,
      onLost: (loss) => onBatchLost({ servable, version, ...loss }),
      onExpired: () => this.demand(),
    });
  }

  get hasReplicas(): boolean {
    return this.#seats.size > 0;
  }

  /** Batches that the replicas can run at the same time. */
  get executors(): number {
    return this.#seats.executors;
  }

  /** Instances that wait for a credit: new ones, and those to be sent again. */
  get waiting(): number {
    return this.#turns.waiting + this.#redispatch.waiting;
  }

  addSource(source: BatchSource): void {
    this.#turns.add(source);
  }

  addReplica(replica: Replica): void {
    const seat = this.#known.get(replica) ?? this.#newSeat(replica);
    this.#leaving.delete(seat);
    this.#seats.add(seat, this.#settings.clock.now());
    this.#dispatchWhatWaits();
  }

  #newSeat(replica: Replica): Seat {
    const seat = new Seat(replica);
    this.#known.set(replica, seat);
    replica.grantTo({
      grant: (credit: Credit) => {
        this.#seats.grant(seat, credit, this.#settings.clock.now());
        this.#dispatchWhatWaits();
      },
      recall: (creditId: number) => this.#seats.recall(seat, creditId, this.#settings.clock.now()),
      wantDemand: (isWanted: boolean) => {
        if (isWanted) this.#asking.add(seat);
        else this.#asking.delete(seat);
        this.#tellDemand();
      },
    });
    return seat;
  }

  /** Sends no more to the replica; what it has in flight ends by its own replies, or is lost. */
  removeReplica(replicaId: string): void {
    const seat = this.#seats.get(replicaId);
    if (seat === undefined) return;
    if (seat.inFlight > 0) this.#leaving.add(seat);
    this.#seats.remove(seat);
    if (this.#quarantine.seat !== seat) return;
    this.#quarantine.release();
    this.demand();
  }

  /** The last replica is gone: answers what waits to be sent again. Sources answer for what waits with them. */
  refuseAll(): void {
    this.#redispatch.refuseAll();
  }

  /** Something waits that was not there before. */
  demand(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.#settings.defer(() => {
      this.#deferred = false;
      this.#dispatchWhatWaits();
    });
  }

  /** Nobody waits for the call: it is not sent again, and replicas learn of batches that carry only such calls. */
  abandon(call: PredictCall): void {
    this.#redispatch.remove(call);
    for (const { replica, flights } of [...this.#seats.all(), ...this.#leaving]) {
      for (const flight of flights.members()) abandonIn(flight, replica, call);
    }
    // If the call was the last suspect, a replica returns to service.
    if (this.#quarantine.seat !== undefined) this.demand();
  }

  #dispatchWhatWaits(): void {
    // A replica that replies and grants from within `send` is served by the loop that called it, not by a deeper one.
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      while (this.#dispatchOne());
    } finally {
      this.#dispatching = false;
    }
    if (this.#asking.size > 0) this.#tellDemand();
  }

  #tellDemand(): void {
    const { waiting } = this;
    for (const seat of this.#asking) if (this.#seats.has(seat)) seat.replica.demand?.(waiting);
  }

  /** False when no credit is left or nothing waits. */
  #dispatchOne(): boolean {
    // One moment for all that follows: a credit may lapse while a large batch is encoded.
    const now = this.#settings.clock.now();
    if (this.#trySuspect(now)) return true;
    if (this.#creditsLeft(now) === 0) return false;
    const retry = this.#redispatch.nextRetry();
    if (retry === undefined) return this.#sendNew(now);
    this.#send(this.#pickSeat(now), flightOf(retry), now);
    return true;
  }

  #sendNew(now: number): boolean {
    const source = this.#turns.next(now);
    if (source === undefined) return false;
    const batch = source.nextBatch(now);
    if (batch === undefined) return true;
    this.#turns.begin(source);
    this.#send(this.#pickSeat(now), new Flight(source, batch, 0), now);
    return true;
  }

  /** Keeps a replica in quarantine while there are suspects. True when it was given one, or they have gone meanwhile. */
  #trySuspect(now: number): boolean {
    const quarantine = this.#quarantine;
    if (!this.#redispatch.hasSuspects) {
      if (quarantine.state !== 'trying') quarantine.release();
      return false;
    }
    if (quarantine.state === 'free' && this.#creditsLeft(now) > 0) quarantine.enter(this.#pickSeat(now));
    const { seat, state } = quarantine;
    if (seat === undefined || state !== 'ready' || seat.purse.available(now) === 0) return false;
    const suspect = this.#redispatch.nextSuspect();
    if (suspect === undefined) return true;
    const trial = flightOf(suspect);
    quarantine.began(trial);
    this.#send(seat, trial, now);
    return true;
  }

  /** Credits of replicas in normal service. */
  #creditsLeft(now: number): number {
    return this.#seats.credits(now, this.#quarantine.seat);
  }

  #pickSeat(now: number): Seat {
    const candidates = this.#seats.open(now, this.#quarantine.seat);
    return this.#seats.get(this.#settings.picker(candidates).replicaId)!;
  }

  #send(seat: Seat, flight: Flight, now: number): void {
    const { source, batch } = flight;
    const { method } = source;
    const batchId = this.#nextBatchId++;
    const frame = this.#encode(batchId, method, batch);
    if (frame === undefined) return this.#quarantine.ended(flight);
    const { replica, flights } = seat;
    // `now` is when it was found to be there.
    const { creditId } = this.#seats.spend(seat, now)!;
    flight.batchId = batchId;
    flights.add(flight);
    flight.sentAt = now;
    flight.chargedMs = this.#turns.charge(source, batch.count);
    source.sent(batch.count);
    try {
      replica.send({
        batchId,
        method,
        count: batch.count,
        creditId,
        frame,
        onReply: ({ reply, durations }) => {
          if (flight.list === undefined) return;
          for (const { micros } of durations) flight.serviceMs = (flight.serviceMs ?? 0) + micros / 1000;
          if (durations.length > 0) flight.stages = durations;
          if (!reply.outcome.ok) flight.isClean = false;
          batch.reply(reply);
          if (batch.isSettled) this.#answered(seat, flight);
        },
        onReturned: () => this.#returned(seat, flight),
        onLost: (why, overdue) => this.#lost({ seat, flight, why, overdue }),
      });
    } catch (thrown) {
      // One that has ended meanwhile is answered elsewhere.
      this.#fail(flight.list === undefined ? undefined : batch, thrown);
      this.#answered(seat, flight);
    }
  }

  /** False when the batch had ended before. @param wasRun an executor had it, or may have had it */
  #end(seat: Seat, flight: Flight, wasRun = true): boolean {
    if (!seat.flights.delete(flight)) return false;
    const { source, batch } = flight;
    const now = this.#settings.clock.now();
    flight.limitService(now);
    const tookMs = wasRun ? (flight.serviceMs ?? now - flight.sentAt) : 0;
    this.#turns.settle(source, flight.chargedMs, tookMs);
    source.ended(batch.count, now);
    if (seat.inFlight === 0) this.#leaving.delete(seat);
    this.#quarantine.ended(flight);
    return true;
  }

  #answered(seat: Seat, flight: Flight): void {
    if (!this.#end(seat, flight)) return;
    flight.source.ran(flight.batch, flight.sentAt, flight.stages);
    this.#learn(flight);
    // The credit that the next suspect waits for may be there already; so may those of a replica back in service.
    if (this.#quarantine.seat !== undefined || this.#redispatch.hasSuspects) this.#dispatchWhatWaits();
    // Or there was a credit, and what waits had waited for this batch.
    else if (flight.source.waiting > 0) this.demand();
  }

  /** What the method's batches take. Of those that failed, were given up or were sent again nothing is to be learnt. */
  #learn({ source, batch, serviceMs, sentAt, losses, isClean }: Flight): void {
    if (!isClean || losses > 0 || batch.isAbandoned || serviceMs === undefined) return;
    source.learn({ batch, serviceMs, sentAt, answeredAt: this.#settings.clock.now() });
  }

  #returned(seat: Seat, flight: Flight): void {
    if (!this.#end(seat, flight, false)) return;
    // It may be without an executor for a while; suspects need not wait for that.
    if (this.#quarantine.seat === seat) this.#quarantine.release();
    this.#redispatch.returned(flight);
    this.#goOn();
  }

  #lost({ seat, flight, why, overdue }: Loss): void {
    if (!this.#end(seat, flight)) return;
    // Credits of a replica that is still in service belong to what else runs in it, and are good.
    if (!this.#seats.has(seat)) seat.voidCredits();
    if (this.#quarantine.seat === seat) this.#quarantine.release();
    if (overdue === undefined) this.#redispatch.lost(flight, `replica ${seat.replica.id}: ${why}`);
    else this.#redispatch.overdue(flight, overdue, why);
    this.#goOn();
  }

  #goOn(): void {
    if (this.hasReplicas) this.demand();
    else this.refuseAll();
  }

  #fail(batch: Batch | undefined, thrown: unknown): void {
    const error = ServingError.from(thrown);
    this.#settings.onInternalError(error);
    batch?.failRest(error);
  }

  /** The batch's frame; undefined when it cannot be made, for instance for want of memory: its callers know then. */
  #encode(batchId: number, method: string, batch: Batch): ArrayBuffer | undefined {
    const { servable, version } = this.#settings;
    const calls = batch.entries.map((entry) => this.#callRange(entry.call, entry.count));
    const ranges = batch.entries.map((entry) => entry.range);
    try {
      return encodeBatch({ batchId, servable, version, method, calls }, ranges);
    } catch (thrown) {
      this.#fail(batch, thrown);
      return undefined;
    }
  }

  #callRange({ id, priority, deadline, traceparent }: PredictCall, count: number): CallRange {
    const remainingMs = deadline.remainingMs(this.#settings.clock);
    return { callId: id, count, priority, remainingMs, traceparent, affinityKey: noKey };
  }
}

/** A batch that was not answered by the replica that had it. */
interface Loss {
  readonly seat: Seat;
  readonly flight: Flight;
  readonly why: string;
  readonly overdue: InstanceRange | undefined;
}

/** Instances may take long, and responses have no end, so a replica learns of each call that nobody waits for. */
function abandonIn({ batch, batchId }: Flight, replica: Replica, call: PredictCall): void {
  if (batch.abandon(call)) return replica.cancel(batchId);
  for (const { call: whose, offset: first, count } of batch.entries)
    if (whose === call) replica.cancel(batchId, { first, count });
}

const noKey = new Uint8Array(0);

function flightOf({ source, entries, losses, patience }: SecondTry): Flight {
  return new Flight(source, new Batch(entries), losses, patience);
}
