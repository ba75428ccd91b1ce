/** A clock that stands still until a test moves it. */
import type { Clock } from '@serving/common';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  #timers: Timer[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  /** Timers that have neither run nor been cancelled. */
  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /**
   * Moves time on and runs what falls due on the way, earliest first and in order of arrival at one moment; timers
   * that a callback sets run as well when they fall due within the same step. A callback sees its own due time.
   */
  advance(byMs: number): void {
    const until = this.#now + byMs;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = next.due;
      next.callback();
    }
    this.#now = until;
  }

  /** The process stands still while time moves on: what fell due meanwhile runs afterwards, late. */
  standStill(forMs: number): void {
    this.#now += forMs;
    const late = this.#timers.filter(({ due }) => due <= this.#now).toSorted((a, b) => a.due - b.due);
    for (const timer of late) {
      if (!this.#timers.includes(timer)) continue;
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      timer.callback();
    }
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.due <= until && (first === undefined || timer.due < first.due)) first = timer;
    return first;
  }
}
