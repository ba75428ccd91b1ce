/**
 * Which of several long bodies are read at a time. What a body becomes may be many times its size until it is read, so
 * large ones wait for one another; others go on meanwhile, between their slices.
 */
import type { CancelSignal } from '@serving/common';
import { goneAway } from '../slices/slice-loop.js';

/** Bodies up to this size are read side by side, as many as are together no more than the next. */
const smallBytes = 2 ** 20;
const smallTogether = 16 * 2 ** 20;

interface Waiter {
  readonly bytes: number;
  readonly begin: () => void;
}

export class ReadingTurns {
  readonly #small = new Lane(smallTogether);
  readonly #large = new Lane(0);

  /** Resolves with what ends the turn when it has come. @param signal gives it up, rejecting with CANCELLED */
  take(bytes: number, signal: CancelSignal): Promise<() => void> {
    return (bytes <= smallBytes ? this.#small : this.#large).take(bytes, signal);
  }
}

/** In the order in which they came: together within a limit, or one by itself. */
class Lane {
  readonly #limit: number;
  readonly #waiting = new Set<Waiter>();
  #bytes = 0;
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(bytes: number, signal: CancelSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const waiter = { bytes, begin: () => resolve(() => this.#leave(bytes)) };
      this.#waiting.add(waiter);
      this.#admit();
      signal.onAbort(() => {
        if (this.#waiting.delete(waiter)) reject(goneAway());
        this.#admit();
      });
    });
  }

  #leave(bytes: number): void {
    this.#bytes -= bytes;
    this.#count--;
    this.#admit();
  }

  #admit(): void {
    for (const waiter of this.#waiting) {
      if (this.#count > 0 && this.#bytes + waiter.bytes > this.#limit) return;
      this.#waiting.delete(waiter);
      this.#bytes += waiter.bytes;
      this.#count++;
      waiter.begin();
    }
  }
}
