/** A lease: something ends when nobody renews it for a while. */
import type { Clock } from '../timing/clock.js';

export class Lease {
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #onExpired: () => void;
  #renewedAt: number;
  #cancel: () => void = () => undefined;

  constructor(leaseMs: number, clock: Clock, onExpired: () => void) {
    this.#leaseMs = leaseMs;
    this.#clock = clock;
    this.#onExpired = onExpired;
    this.#renewedAt = clock.now();
    this.#arm(leaseMs);
  }

  /** Milliseconds since it was last renewed. */
  get ageMs(): number {
    return this.#clock.now() - this.#renewedAt;
  }

  renew(): void {
    this.#renewedAt = this.#clock.now();
  }

  /** It will not expire any more. */
  end(): void {
    this.#cancel();
  }

  #arm(delayMs: number): void {
    const due = this.#clock.now() + delayMs;
    this.#cancel = this.#clock.after(delayMs, () => this.#check(due));
  }

  #check(due: number): void {
    const now = this.#clock.now();
    // A timer that is very late means that this process stood still: renewals may wait to be read.
    if (now - due > this.#leaseMs / 2) return this.#arm(this.#leaseMs);
    const left = this.#renewedAt + this.#leaseMs - now;
    if (left > 0) return this.#arm(left);
    return this.#onExpired();
  }
}
