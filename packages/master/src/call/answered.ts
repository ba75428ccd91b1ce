/** Which of n instances have had their final reply: the bookkeeping behind "replies are exactly once". */

export interface Run {
  readonly first: number;
  readonly count: number;
}

export class Answered {
  readonly #done: Uint8Array;
  #left: number;

  constructor(count: number) {
    this.#done = new Uint8Array(count);
    this.#left = count;
  }

  /** Instances without a final reply. */
  get left(): number {
    return this.#left;
  }

  /** The parts of a range that are still unanswered; marks them answered when `final`. */
  take(first: number, count: number, final: boolean): Run[] {
    const runs: Run[] = [];
    const end = Math.min(first + count, this.#done.length);
    for (let start = Math.max(0, first); start < end;) {
      if (this.#done[start] === 1) {
        start++;
        continue;
      }
      let stop = start + 1;
      while (stop < end && this.#done[stop] === 0) stop++;
      if (final) {
        this.#done.fill(1, start, stop);
        this.#left -= stop - start;
      }
      runs.push({ first: start, count: stop - start });
      start = stop;
    }
    return runs;
  }
}
