/** Whether a thread that runs a batch stands still for longer than it may. */
import type { Clock } from '@serving/common';
import type { ThreadControl } from './control-word.js';

/** A power of two, so that the slices of a timeout add up to it. */
const timeoutSlices = 4;

export class ProgressWatch {
  readonly #control: Pick<ThreadControl, 'progress'>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onStill: () => void;
  #cancel: () => void = () => undefined;

  /** @param onStill called once after a start, unless it is stopped before */
  constructor(
    control: Pick<ThreadControl, 'progress'>,
    clock: Clock,
    timeoutMs: number,
    onStill: () => void,
  ) {
    this.#control = control;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onStill = onStill;
  }

  start(): void {
    this.#expect(this.#timeoutMs);
  }

  stop(): void {
    this.#cancel();
  }

  /**
   * A batch of many instances that run one by one takes many times what one takes: only standing still is overdue. When
   * the whole process stands still (SIGSTOP, a suspended machine), its threads do too: the time is counted in slices, and
   * one that ends late counts as a slice.
   */
  #expect(leftMs: number): void {
    const seen = this.#control.progress;
    const sliceMs = this.#timeoutMs / timeoutSlices;
    this.#cancel = this.#clock.after(sliceMs, () => {
      if (this.#control.progress !== seen) this.#expect(this.#timeoutMs);
      else if (leftMs > sliceMs) this.#expect(leftMs - sliceMs);
      else this.#onStill();
    });
  }
}
