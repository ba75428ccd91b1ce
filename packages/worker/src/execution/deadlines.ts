/** When the callers of a batch stop waiting: what has not been started by then is not started any more. */
import type { CallRange } from '@serving/common';

interface Range {
  readonly from: number;
  readonly to: number;
  /** When the time of its caller runs out. */
  readonly at: number;
}

export class Deadlines {
  /** Those that have not passed, the last one first. */
  readonly #ahead: Range[] = [];
  readonly #now: () => number;

  /** @param arrivedAt when the calls had as much time left as they say */
  constructor(calls: readonly CallRange[], arrivedAt: number, now: () => number) {
    this.#now = now;
    let from = 0;
    for (const { count, remainingMs } of calls) {
      const to = from + count;
      if (remainingMs !== undefined) this.#ahead.push({ from, to, at: arrivedAt + remainingMs });
      from = to;
    }
    this.#ahead.sort((a, b) => b.at - a.at);
  }

  /** Takes the next range of instances whose time has run out. */
  takePassed(): Range | undefined {
    const next = this.#ahead.at(-1);
    return next === undefined || next.at > this.#now() ? undefined : this.#ahead.pop();
  }
}
