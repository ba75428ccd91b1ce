/** A replica as its dispatcher sees it: what it may be sent, and what it has been. */
import { CreditPurse } from '@serving/common';
import type { Batch } from '../call/batch.js';
import type { Replica } from '../cluster/replica.js';
import type { BatchSource } from './turns.js';

/** A batch at a replica. It is over once it is no more among the seat's batches in flight. */
export interface Flight {
  readonly source: BatchSource;
  readonly batch: Batch;
  /** Attempts before this one: each ended with the loss of its replica. */
  readonly losses: number;
}

export class Seat {
  readonly replica: Replica;
  /** By batch id. */
  readonly inFlight = new Map<number, Flight>();
  #purse = new CreditPurse();

  constructor(replica: Replica) {
    this.replica = replica;
  }

  get purse(): CreditPurse {
    return this.#purse;
  }

  /** The replica is gone, and what it had granted with it. */
  voidCredits(): void {
    this.#purse = new CreditPurse();
  }
}
