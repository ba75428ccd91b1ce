/** A replica as its dispatcher sees it: what it may be sent, and what it has been. */
import { CreditPurse, LinkedList, type Linked, type StageDuration } from '@serving/common';
import type { Batch } from '../call/batch.js';
import type { Replica } from '../cluster/replica.js';
import type { Candidate } from './pickers/replica-picker.js';
import type { Patience } from './redispatch-queue.js';
import type { BatchSource } from './turns.js';

/** What a worker may say beyond the time that its batch was away, in milliseconds. */
const clockSlackMs = 1000;

/** A batch at a replica. It is over once it is no more among the seat's batches in flight. */
export class Flight implements Linked<Flight> {
  previous: Flight | undefined;
  next: Flight | undefined;
  list: LinkedList<Flight> | undefined;
  readonly source: BatchSource;
  readonly batch: Batch;
  /** Attempts before this one: each ended with the loss of its replica. */
  readonly losses: number;
  readonly patience: Patience | undefined;
  /** 0 before it is sent. */
  batchId = 0;
  /** By the clock. */
  sentAt = 0;
  /** What its method has paid for it in advance, in milliseconds. */
  chargedMs = 0;
  /** Time in an executor; undefined until a reply has told. */
  serviceMs: number | undefined;
  /** What its stages took, as a reply has told. */
  stages: readonly StageDuration[] = [];
  /** Every reply so far brought outputs, and nobody has given up. */
  isClean = true;

  constructor(source: BatchSource, batch: Batch, losses: number, patience?: Patience) {
    this.source = source;
    this.batch = batch;
    this.losses = losses;
    this.patience = patience;
  }

  /** No run takes longer than the whole; clocks of master and worker may be a little apart. */
  limitService(endedAt: number): void {
    if (this.serviceMs !== undefined)
      this.serviceMs = Math.min(this.serviceMs, endedAt - this.sentAt + clockSlackMs);
  }
}

export class Seat implements Candidate, Linked<Seat> {
  previous: Seat | undefined;
  next: Seat | undefined;
  list: LinkedList<Seat> | undefined;
  readonly replica: Replica;
  readonly flights = new LinkedList<Flight>();
  /** Its credits as they were counted last, while it is in service. */
  counted = 0;
  #purse = new CreditPurse();

  constructor(replica: Replica) {
    this.replica = replica;
  }

  get replicaId(): string {
    return this.replica.id;
  }

  get inFlight(): number {
    return this.flights.size;
  }

  get executors(): number {
    return this.replica.executors;
  }

  get purse(): CreditPurse {
    return this.#purse;
  }

  /** The replica is gone, and what it had granted with it. */
  voidCredits(): void {
    this.#purse = new CreditPurse();
  }
}
