/**
 * The one replica that runs suspects: one at a time, and nothing else meanwhile. If it is lost as well, the suspect in
 * flight was the cause or had three times bad luck, and no other instance has paid for it.
 */
import type { Flight, Seat } from './seat.js';

/**
 * - `free`: no replica is quarantined
 * - `emptying`: one is, and still has other batches in flight
 * - `ready`: it has nothing in flight and takes the next suspect
 * - `trying`: a suspect is in flight; if its replica is taken out of service meanwhile, on one that is quarantined no more
 */
export type QuarantineState = 'free' | 'emptying' | 'ready' | 'trying';

export class Quarantine {
  #seat: Seat | undefined;
  #trial: Flight | undefined;

  get state(): QuarantineState {
    if (this.#trial !== undefined) return 'trying';
    if (this.#seat === undefined) return 'free';
    return this.#seat.inFlight > 0 ? 'emptying' : 'ready';
  }

  get seat(): Seat | undefined {
    return this.#seat;
  }

  enter(seat: Seat): void {
    this.#seat = seat;
  }

  /** The replica returns to normal service, or is gone. */
  release(): void {
    this.#seat = undefined;
  }

  began(trial: Flight): void {
    this.#trial = trial;
  }

  ended(flight: Flight): void {
    if (this.#trial === flight) this.#trial = undefined;
  }
}
