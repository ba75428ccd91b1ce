/** Runs long work of several requests side by side: one slice of one of them, then the event loop has its turn. */
import { ServingError, type CancelSignal, type Clock } from '@serving/common';
import type { Slices } from './slices.js';

/** How long a slice takes, roughly: work that pauses earlier goes on at once. */
const sliceMs = 4;

interface Task {
  /** One slice of it; whether it is over, one way or the other. */
  advance(): boolean;
}

export class SliceLoop {
  readonly #clock: Clock;
  /** Those that go on at one of the next turns, in order. */
  readonly #tasks: Task[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The result of the work, at once when it takes no more than a slice.
   * @param signal stops it: its promise then rejects with CANCELLED
   * @throws whatever the work throws
   */
  run<Result>(work: Slices<Result>, signal: CancelSignal): Result | Promise<Result> {
    const first = this.#slice(work);
    return first.done === true ? first.value : this.goOn(work, signal);
  }

  /** As `run`, of work whose first slice is done. */
  goOn<Result>(work: Slices<Result>, signal: CancelSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#add({
        advance: () => {
          try {
            if (signal.aborted) {
              work.return(undefined as never);
              throw new ServingError('CANCELLED', 'the caller went away while its request was read or answered');
            }
            const { done, value } = this.#slice(work);
            if (done === true) resolve(value);
            return done === true;
          } catch (thrown) {
            reject(thrown);
            return true;
          }
        },
      });
    });
  }

  /** @internal the first slice of work, for whoever decides between slices when it goes on */
  slice<Result>(work: Slices<Result>): IteratorResult<void, Result> {
    return this.#slice(work);
  }

  #slice<Result>(work: Slices<Result>): IteratorResult<void, Result> {
    let step = work.next();
    // Without a look at the clock, as nearly all work is short.
    if (step.done === true) return step;
    const end = this.#clock.now() + sliceMs;
    do step = work.next();
    while (step.done !== true && this.#clock.now() < end);
    return step;
  }

  #add(task: Task): void {
    this.#tasks.push(task);
    if (this.#tasks.length === 1) setImmediate(this.#turn);
  }

  /** One slice a turn, of whichever has waited longest: many large requests make no turn longer than one does. */
  readonly #turn = (): void => {
    const task = this.#tasks[0]!;
    const isOver = task.advance();
    this.#tasks.shift();
    if (!isOver) this.#tasks.push(task);
    if (this.#tasks.length > 0) setImmediate(this.#turn);
  };
}
