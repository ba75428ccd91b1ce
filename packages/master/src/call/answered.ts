/** Which of n instances have had their final reply: the bookkeeping behind "replies are exactly once". */

export interface Run {
  readonly first: number;
  readonly count: number;
}

export class Answered {
  readonly #count: number;
  /** Made when some are answered and others are not: mostly all are at once. */
  #done: Uint8Array | undefined;
  #left: number;

  constructor(count: number) {
    this.#count = count;
    this.#left = count;
  }

  /** Instances without a final reply. */
  get left(): number {
    return this.#left;
  }

  /** The parts of a range that are still unanswered; marks them answered when `final`. */
  take(first: number, count: number, final: boolean): Run[] {
    const start = Math.max(0, first);
    const end = Math.min(first + count, this.#count);
    if (this.#left === 0 || start >= end) return [];
    if (this.#left === this.#count) {
      // All are unanswered, so the range is, too.
      if (final) this.#mark(start, end);
      return [{ first: start, count: end - start }];
    }
    return this.#takePieces(this.#done!, start, end, final);
  }

  #takePieces(done: Uint8Array, from: number, end: number, final: boolean): Run[] {
    const runs: Run[] = [];
    for (let start = from; start < end;) {
      if (done[start] === 1) {
        start++;
        continue;
      }
      let stop = start + 1;
      while (stop < end && done[stop] === 0) stop++;
      if (final) this.#mark(start, stop);
      runs.push({ first: start, count: stop - start });
      start = stop;
    }
    return runs;
  }

  #mark(start: number, end: number): void {
    this.#left -= end - start;
    if (this.#left > 0) (this.#done ??= new Uint8Array(this.#count)).fill(1, start, end);
  }
}
