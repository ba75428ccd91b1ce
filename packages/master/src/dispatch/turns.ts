/**
 * Where new batches come from: the methods of a servable version, which share its executors' time by their weights.
 * Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): a batch begins, in virtual time, where its method's last
 * one ended or where the others are now, whichever is later, and lasts as long as it is predicted to run over the
 * method's weight; the one that begins first goes first. So a busy method starves no other, and one that was idle has
 * saved up nothing.
 */
import type { StageDuration } from '@serving/common';
import type { Batch } from '../call/batch.js';

/** A batch whose instances have all been answered with outputs. */
export interface BatchRun {
  readonly batch: Batch;
  /** Time in an executor, in milliseconds. */
  readonly serviceMs: number;
  /** By the clock, in milliseconds. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** A queue of one method. */
export interface BatchSource {
  readonly method: string;
  /** Whether its instances may be run again when the replica that had them was lost. */
  readonly idempotent: boolean;
  /** Share of the executors' time, relative to the other methods' weights. */
  readonly weight: number;
  /** Instances that wait. */
  readonly waiting: number;
  /** Instances that may go now; the others wait for a fuller batch, and the source wakes the dispatcher for them. */
  ready(now: number): number;
  /** Takes a batch out of the queue; undefined when what waited has gone. */
  nextBatch(now: number): Batch | undefined;
  /** How long a batch of so many instances will take; undefined before any was seen. */
  predictMs(count: number): number | undefined;
  /** A batch of it was sent. */
  sent(count: number): void;
  /** It is over, whatever became of it. */
  ended(count: number, at: number): void;
  /** All its instances have been answered. @param stages what its stages took, as far as is known */
  ran(batch: Batch, sentAt: number, stages: readonly StageDuration[]): void;
  /** It went well, for the first time, and nobody had given it up. */
  learn(run: BatchRun): void;
}

/** What a method has to pay for a batch before it is known how long its batches take, in milliseconds. */
const unknownMs = 1;
/** A prediction is corrected when the batch is over, so a wrong one must not weigh for long until then. */
const mostMs = 1000;

class Account {
  readonly source: BatchSource;
  /** When its last batch ended, in virtual time. */
  finish = 0;

  constructor(source: BatchSource) {
    this.source = source;
  }
}

export class Turns {
  /** The one that had a turn last is at the end: among equals it is the last to have another. */
  #accounts: Account[] = [];
  /** When the last batch began, in virtual time. */
  #now = 0;

  add(source: BatchSource): void {
    this.#accounts.push(new Account(source));
  }

  /** Instances that wait, of all methods. */
  get waiting(): number {
    return this.#accounts.reduce((sum, { source }) => sum + source.waiting, 0);
  }

  /** The method whose turn it is, of those with something to send. */
  next(now: number): BatchSource | undefined {
    let best: Account | undefined;
    for (const account of this.#accounts) {
      if (account.source.waiting === 0 || account.source.ready(now) === 0) continue;
      if (best === undefined || this.#start(account) < this.#start(best)) best = account;
    }
    return best?.source;
  }

  #start({ finish }: Account): number {
    return Math.max(finish, this.#now);
  }

  /** The method has its turn. What is sent again has none, and does not make up for what others are owed. */
  begin(source: BatchSource): void {
    this.#now = this.#start(this.#accounts.find((account) => account.source === source)!);
  }

  /** The method has sent a batch of so many instances. Gives what it was charged, in milliseconds. */
  charge(source: BatchSource, count: number): number {
    const index = this.#accounts.findIndex((account) => account.source === source);
    const [account] = this.#accounts.splice(index, 1);
    const predictedMs = Math.min(source.predictMs(count) ?? unknownMs, mostMs);
    account!.finish = this.#start(account!) + predictedMs / source.weight;
    this.#accounts.push(account!);
    return predictedMs;
  }

  /** A batch of the method that was charged so much took so long: no method gains by what was predicted wrong. */
  settle(source: BatchSource, chargedMs: number, tookMs: number): void {
    const account = this.#accounts.find((one) => one.source === source);
    if (account !== undefined) account.finish += (tookMs - chargedMs) / source.weight;
  }
}
