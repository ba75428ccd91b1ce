/**
 * The replicas of a servable version that take batches, and which of them have credits. What a batch needs to know is
 * kept up to date as credits come and go, so that it costs the same with a hundred replicas as with one.
 */
import { LinkedList, type Credit } from '@serving/common';
import type { Seat } from './seat.js';

export class Seats {
  readonly #byId = new Map<string, Seat>();
  /** Those with a credit, in the order in which they got one after they had none. */
  readonly #open = new LinkedList<Seat>();
  #credits = 0;
  #executors = 0;
  /** When the first of the credits lapses. */
  #nextLapse = Infinity;

  get size(): number {
    return this.#byId.size;
  }

  /** Batches that the replicas can run at the same time. */
  get executors(): number {
    return this.#executors;
  }

  all(): Iterable<Seat> {
    return this.#byId.values();
  }

  has(seat: Seat): boolean {
    return this.#byId.get(seat.replica.id) === seat;
  }

  get(replicaId: string): Seat | undefined {
    return this.#byId.get(replicaId);
  }

  add(seat: Seat, now: number): void {
    if (!this.has(seat)) this.#executors += seat.executors;
    this.#byId.set(seat.replica.id, seat);
    this.#count(seat, now);
  }

  remove(seat: Seat): void {
    if (!this.has(seat)) return;
    this.#byId.delete(seat.replica.id);
    this.#executors -= seat.executors;
    this.#credits -= seat.counted;
    seat.counted = 0;
    this.#open.delete(seat);
  }

  /** The replica may be out of service: its credits are good if it comes back. */
  grant(seat: Seat, credit: Credit, now: number): void {
    seat.purse.grant(credit);
    if (this.has(seat)) this.#count(seat, now);
  }

  recall(seat: Seat, creditId: number, now: number): void {
    seat.purse.recall(creditId);
    if (this.has(seat)) this.#count(seat, now);
  }

  /** Undefined when it has none at `now`. */
  spend(seat: Seat, now: number): Credit | undefined {
    const credit = seat.purse.spend(now);
    if (this.has(seat)) this.#count(seat, now);
    return credit;
  }

  /** Credits of all replicas but `except`. */
  credits(now: number, except: Seat | undefined): number {
    this.#dropLapsed(now);
    return this.#credits - (except?.counted ?? 0);
  }

  /** Replicas with a credit, but for `except`; to be looked at before credits change. */
  *open(now: number, except: Seat | undefined): Generator<Seat> {
    this.#dropLapsed(now);
    for (let seat = this.#open.first; seat !== undefined; seat = seat.next) if (seat !== except) yield seat;
  }

  #dropLapsed(now: number): void {
    if (now < this.#nextLapse) return;
    this.#nextLapse = Infinity;
    for (const seat of this.#open.members()) this.#count(seat, now);
  }

  #count(seat: Seat, now: number): void {
    const available = seat.purse.available(now);
    this.#credits += available - seat.counted;
    seat.counted = available;
    this.#nextLapse = Math.min(this.#nextLapse, seat.purse.nextLapse);
    if (available === 0) this.#open.delete(seat);
    else if (seat.list === undefined) this.#open.add(seat);
  }
}
