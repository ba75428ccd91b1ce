/** When a caller stops waiting. Between processes only the remaining time travels, never the moment itself. */
import type { Clock } from './clock.js';

export class Deadline {
  /** Never passes. */
  static readonly none = new Deadline(Infinity);

  /** The moment on the clock it was made with, in milliseconds. */
  readonly at: number;

  private constructor(at: number) {
    this.at = at;
  }

  static after(remainingMs: number, clock: Clock): Deadline {
    return new Deadline(clock.now() + remainingMs);
  }

  isPassed(clock: Clock): boolean {
    return this.at <= clock.now();
  }

  /** Whole milliseconds left, rounded up so that a live deadline never reads 0; undefined when there is none. */
  remainingMs(clock: Clock): number | undefined {
    if (this.at === Infinity) return undefined;
    return Math.max(0, Math.ceil(this.at - clock.now()));
  }
}
