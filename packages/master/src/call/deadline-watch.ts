/** One timer for the deadlines of all that wait somewhere: set for the earliest. */
import type { Clock } from '@serving/common';

export class DeadlineWatch {
  readonly #clock: Clock;
  readonly #expire: (now: number) => number;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  /** @param expire lets go of everything whose deadline is `now` or earlier; gives the earliest of the others */
  constructor(clock: Clock, expire: (now: number) => number) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Something waits until then; Infinity is for ever. */
  add(at: number): void {
    if (at === Infinity || (this.#timer !== undefined && this.#timer.at <= at)) return;
    this.#timer?.cancel();
    this.#timer = {
      at,
      cancel: this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#run()),
    };
  }

  /** A timer may be late, and work that cannot finish must not be started: to be called before work is taken. */
  expireIfDue(): void {
    if (this.#timer !== undefined && this.#timer.at <= this.#clock.now()) this.#run();
  }

  #run(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    // Should one of those that are told throw, the others still are.
    let next = this.#clock.now();
    try {
      next = this.#expire(next);
    } finally {
      this.add(next);
    }
  }
}
