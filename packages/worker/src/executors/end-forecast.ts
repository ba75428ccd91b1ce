/** Foretells when a running batch will be near its end, so that the next one can be on its way by then. */
import { ServiceTime, type Clock } from '@serving/common';
import type { BatchWork } from './batch-work.js';

/** How long batches of each method take, learnt by all executors of a pool. */
export class ServiceTimes {
  readonly #methods = new Map<string, ServiceTime>();

  predict({ method, count }: BatchWork): number | undefined {
    return this.#methods.get(method)?.predict(count);
  }

  /** Whether a batch more costs no more than it saves to have it begin at once. */
  isDivisible({ method, count }: BatchWork): boolean {
    const fixedMs = this.#methods.get(method)?.fixedMs ?? Infinity;
    return count === 1 || fixedMs <= leadMs;
  }

  observe({ method, count }: BatchWork, ms: number): void {
    let time = this.#methods.get(method);
    if (time === undefined) this.#methods.set(method, (time = new ServiceTime()));
    time.observe(count, ms);
  }
}

/**
 * How long before the end the next batch is asked for, in milliseconds: about what a credit, the encoding of a batch and
 * its way here take. Later the executor would idle; earlier the batch would be formed without what comes meanwhile.
 */
export const leadMs = 2;

/**
 * A batch that is over sooner is not worth it, nor one of a method whose batches take their time however few instances
 * they have: what comes in the last two milliseconds would be a batch more.
 */
export const leastMs = 5;

export class EndForecast {
  readonly #times: ServiceTimes;
  readonly #clock: Clock;
  #beganAt = 0;
  #stop: () => void = () => undefined;

  constructor(times: ServiceTimes, clock: Clock) {
    this.#times = times;
    this.#clock = clock;
  }

  /** The batch begins to run; `onNear` is called once when it is predicted to be near its end. */
  began(work: BatchWork, onNear: () => void): void {
    this.#beganAt = this.#clock.now();
    const predicted = this.#times.predict(work);
    if (predicted !== undefined && predicted >= leastMs && this.#times.isDivisible(work))
      this.#stop = this.#clock.after(predicted - leadMs, onNear);
  }

  /** It came back. @param isWhole it took as long as such batches do */
  ended(work: BatchWork, isWhole: boolean): void {
    this.#stop();
    if (isWhole) this.#times.observe(work, this.#clock.now() - this.#beganAt);
  }

  /** It does not count any more. */
  forget(): void {
    this.#stop();
  }
}
