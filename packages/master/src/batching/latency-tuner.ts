/**
 * Batch size and delay for a latency that is wanted. An instance that comes just after a batch has started waits for
 * that batch and then runs in the next, so a batch may take half of the target; the delay that is allowed for a fuller
 * one is cut to what is left then. Because predictions leave out what else takes time, the part of the target that is
 * used shrinks by a tenth when an answer was late and grows slowly while answers are in time (additive increase, multiplicative decrease,
 * as in Crankshaw et al., "Clipper", NSDI 2017).
 */
import type { ServiceTime } from '@serving/common';

export interface TunerSettings {
  readonly latencyTargetMs: number;
  readonly maxBatchSize: number;
  readonly maxQueueDelayMs: number | undefined;
}

const leastPart = 0.1;
const decrease = 0.9;
const increase = 0.01;

export class LatencyTuner {
  readonly #settings: TunerSettings;
  readonly #service: ServiceTime;
  /** Of the target, what predictions may use. */
  #part = 1;

  constructor(settings: TunerSettings, service: ServiceTime) {
    this.#settings = settings;
    this.#service = service;
  }

  get #budgetMs(): number {
    return this.#settings.latencyTargetMs * this.#part;
  }

  /** Most instances in a batch. */
  get limit(): number {
    const { maxBatchSize } = this.#settings;
    const aloneMs = this.#service.predict(1);
    if (aloneMs === undefined) return maxBatchSize;
    // Of batches that take their time however few instances they have, smaller ones would only be more.
    const longestMs = Math.max(this.#budgetMs / 2, 2 * aloneMs);
    return Math.max(1, Math.min(maxBatchSize, this.#service.largestWithin(longestMs)!));
  }

  /** How long an instance may wait for a fuller batch; 0 while nothing is known of the method. */
  get delayMs(): number {
    const serviceMs = this.#service.predict(this.limit);
    if (serviceMs === undefined) return 0;
    return Math.max(0, Math.min(this.#settings.maxQueueDelayMs ?? 0, this.#budgetMs - 2 * serviceMs));
  }

  /** @param latencyMs of a batch that no backlog held up: smaller batches would make one of those worse */
  observe(latencyMs: number): void {
    const isLate = latencyMs > this.#settings.latencyTargetMs;
    this.#part = isLate ? Math.max(leastPart, this.#part * decrease) : Math.min(1, this.#part + increase);
  }
}
