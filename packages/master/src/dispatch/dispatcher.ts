/**
 * Batch → the replica that granted a credit. One per servable version. A batch is formed at the moment a credit is
 * there (late binding): while all executors are busy the queues grow, and the next batch is bigger.
 */
import {
  CreditPurse,
  encodeBatch,
  ServingError,
  type CallRange,
  type Clock,
  type Credit,
} from '@serving/common';
import type { Batch } from '../call/batch.js';
import type { PredictCall } from '../call/predict-call.js';
import type { Replica } from '../cluster/replica.js';
import type { ReplicaPicker } from './replica-picker.js';

/** A queue of one method: where batches come from. */
export interface BatchSource {
  readonly method: string;
  /** Instances that wait. */
  readonly waiting: number;
  /** Takes a batch out of the queue; undefined when what waited has gone. @param share aim for this many instances */
  nextBatch(share: number): Batch | undefined;
}

interface Seat {
  readonly replica: Replica;
  readonly purse: CreditPurse;
  readonly inFlight: Map<number, Batch>;
}

export interface DispatcherSettings {
  readonly servable: string;
  readonly version: number;
  readonly clock: Clock;
  readonly picker: ReplicaPicker;
  /** Runs a callback when the current round of I/O is over, so that requests that arrived together share a batch. */
  readonly defer: (callback: () => void) => void;
  /** Told of faults whose cause callers do not see. */
  readonly onInternalError: (error: ServingError) => void;
}

export class Dispatcher {
  readonly #settings: DispatcherSettings;
  /** Replicas that take batches. */
  readonly #seats = new Map<string, Seat>();
  /** Replicas that were removed while they had batches in flight: their callers may still give up. */
  readonly #leaving = new Set<Seat>();
  /** A replica that comes back still has the credits it granted, and has no reason to grant them again. */
  readonly #known = new WeakMap<Replica, Seat>();
  readonly #sources: BatchSource[] = [];
  #nextBatchId = 1;
  #nextSource = 0;
  #deferred = false;
  #dispatching = false;

  constructor(settings: DispatcherSettings) {
    this.#settings = settings;
  }

  get hasReplicas(): boolean {
    return this.#seats.size > 0;
  }

  addSource(source: BatchSource): void {
    this.#sources.push(source);
  }

  addReplica(replica: Replica): void {
    const seat = this.#known.get(replica) ?? this.#newSeat(replica);
    this.#leaving.delete(seat);
    this.#seats.set(replica.id, seat);
    this.#dispatchWhatWaits();
  }

  #newSeat(replica: Replica): Seat {
    const seat: Seat = { replica, purse: new CreditPurse(), inFlight: new Map() };
    this.#known.set(replica, seat);
    replica.grantTo({
      grant: (credit: Credit) => {
        seat.purse.grant(credit);
        this.#dispatchWhatWaits();
      },
      recall: (creditId: number) => void seat.purse.recall(creditId),
    });
    return seat;
  }

  /** Sends no more to the replica; what it has in flight ends by its own replies. */
  removeReplica(replicaId: string): void {
    const seat = this.#seats.get(replicaId);
    if (seat !== undefined && seat.inFlight.size > 0) this.#leaving.add(seat);
    this.#seats.delete(replicaId);
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

  /** Tells replicas whose batches carry only abandoned calls that nobody waits. */
  abandon(call: PredictCall): void {
    for (const { replica, inFlight } of [...this.#seats.values(), ...this.#leaving]) {
      for (const [batchId, batch] of inFlight) if (batch.abandon(call)) replica.cancel(batchId);
    }
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
  }

  /** False when no credit is left or nothing waits. */
  #dispatchOne(): boolean {
    // One moment for all that follows: a credit may lapse while a large batch is encoded.
    const now = this.#settings.clock.now();
    const credits = this.#creditsLeft(now);
    // A method's turn is over when it has sent a batch, so there must be a credit before one is chosen.
    const source = credits === 0 ? undefined : this.#nextWaiting();
    if (source === undefined) return false;
    const seat = this.#pickSeat(now);
    const batch = source.nextBatch(Math.ceil(source.waiting / credits));
    if (batch !== undefined) this.#send(seat, source.method, batch, now);
    return true;
  }

  /** Methods take turns, so that a busy one does not starve the others of the same servable. */
  #nextWaiting(): BatchSource | undefined {
    for (let step = 0; step < this.#sources.length; step++) {
      const index = (this.#nextSource + step) % this.#sources.length;
      const source = this.#sources[index]!;
      if (source.waiting === 0) continue;
      this.#nextSource = index + 1;
      return source;
    }
    return undefined;
  }

  #creditsLeft(now: number): number {
    let credits = 0;
    for (const { purse } of this.#seats.values()) credits += purse.available(now);
    return credits;
  }

  #send(seat: Seat, method: string, batch: Batch, now: number): void {
    const batchId = this.#nextBatchId++;
    const frame = this.#encode(batchId, method, batch);
    if (frame === undefined) return;
    const { replica, purse, inFlight } = seat;
    purse.spend(now);
    inFlight.set(batchId, batch);
    const onReply: Parameters<Replica['send']>[0]['onReply'] = ({ reply }) => {
      batch.reply(reply);
      if (batch.isSettled) this.#settled(seat, batchId);
    };
    try {
      replica.send({ batchId, method, count: batch.count, frame, onReply });
    } catch (thrown) {
      this.#fail(batch, thrown);
      this.#settled(seat, batchId);
    }
  }

  #settled(seat: Seat, batchId: number): void {
    seat.inFlight.delete(batchId);
    if (seat.inFlight.size === 0) this.#leaving.delete(seat);
  }

  #fail(batch: Batch, thrown: unknown): void {
    const error = ServingError.from(thrown);
    this.#settings.onInternalError(error);
    batch.failRest(error);
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

  #pickSeat(now: number): Seat {
    const candidates = [...this.#seats.values()]
      .filter(({ purse }) => purse.available(now) > 0)
      .map(({ replica, inFlight }) => ({
        replicaId: replica.id,
        inFlight: inFlight.size,
        executors: replica.executors,
      }));
    return this.#seats.get(this.#settings.picker(candidates).replicaId)!;
  }

  #callRange({ id, priority, deadline, traceparent }: PredictCall, count: number): CallRange {
    const remainingMs = deadline.remainingMs(this.#settings.clock);
    return { callId: id, count, priority, remainingMs, traceparent, affinityKey: noKey };
  }
}

const noKey = new Uint8Array(0);
