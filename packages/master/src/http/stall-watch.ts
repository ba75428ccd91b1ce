/** Ends what has stood still for too long: uploads that do not arrive, replies that nobody takes. */
import { sweepsPerGrace, type Clock } from '@serving/common';

export interface Watched {
  /** Whether nothing is to be expected of it any more. */
  isStalled(nowMs: number): boolean;
  /** Called once, and nothing after it. */
  giveUp(): void;
}

export class StallWatch {
  readonly graceMs: number;
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  #sweeping = false;

  /** @param graceMs what an upload or a reply may stand still, in milliseconds */
  constructor(graceMs: number, clock: Clock) {
    this.graceMs = graceMs;
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  add(watched: Watched): void {
    this.#watched.add(watched);
    if (!this.#sweeping) this.#armSweep();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
  }

  #armSweep(): void {
    this.#sweeping = this.#watched.size > 0;
    if (this.#sweeping) this.#clock.after(this.graceMs / sweepsPerGrace, () => this.#sweep());
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const watched of this.#watched) {
      if (!watched.isStalled(now)) continue;
      this.#watched.delete(watched);
      watched.giveUp();
    }
    this.#armSweep();
  }
}
