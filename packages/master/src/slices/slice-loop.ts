/** Runs long work of several requests side by side: one slice of one of them, then the event loop has its turn. */
import { ServingError, type CancelSignal, type Clock } from '@serving/common';
import type { Slices } from './slices.js';

/** How long a slice takes, roughly: work that pauses earlier goes on at once. */
const sliceMs = 4;

/** Work whose first slice has been done. */
export type Begun<Result> =
  { readonly done: true; readonly result: Result } | { readonly done: false; readonly rest: Slices<Result> };

interface Task {
  /** One slice of it; whether it is over, one way or the other. */
  readonly advance: () => boolean;
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
    const begun = this.begin(work);
    return begun.done ? begun.result : this.finish(begun.rest, signal);
  }

  /** The first slice, at once. @throws whatever the work throws */
  begin<Result>(work: Slices<Result>): Begun<Result> {
    let step = work.next();
    // Nearly all work is so short that there is no need for the time.
    if (step.done !== true) step = this.#slice(work);
    return step.done === true ? { done: true, result: step.value } : { done: false, rest: work };
  }

  /** What comes after the first slice. @param signal as for `run` */
  finish<Result>(rest: Slices<Result>, signal: CancelSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      const advance = () => {
        if (signal.aborted) {
          rest.return(undefined as never);
          throw goneAway();
        }
        const { done, value } = this.#slice(rest);
        if (done === true) resolve(value);
        return done === true;
      };
      this.#add({
        advance: () => {
          try {
            return advance();
          } catch (thrown) {
            reject(thrown);
            return true;
          }
        },
      });
    });
  }

  #slice<Result>(work: Slices<Result>): IteratorResult<void, Result> {
    const end = this.#clock.now() + sliceMs;
    let step = work.next();
    while (step.done !== true && this.#clock.now() < end) step = work.next();
    return step;
  }

  #add(task: Task): void {
    this.#tasks.push(task);
    if (this.#tasks.length === 1) setImmediate(this.#turn);
  }

  /** One slice a turn, of what has waited longest: with many large requests no turn is longer than with one. */
  readonly #turn = (): void => {
    const task = this.#tasks[0]!;
    const isOver = task.advance();
    this.#tasks.shift();
    if (!isOver) this.#tasks.push(task);
    if (this.#tasks.length > 0) setImmediate(this.#turn);
  };
}

/** What becomes of work whose caller is gone. */
export function goneAway(): ServingError {
  return new ServingError('CANCELLED', 'the caller went away while its request was read or answered');
}
