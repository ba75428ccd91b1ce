/** When a batch of one method is worth sending, and how large it is. Pure rules over what waits now. */
import type { ServiceTime } from '@serving/common';
import type { BatchPolicy } from './batch-policy.js';
import { LatencyTuner } from './latency-tuner.js';

/** What is to know of a queue. */
export interface QueueState {
  /** Instances that wait. */
  readonly instances: number;
  /** Some of a request that waits has been sent already. */
  readonly isBegun: boolean;
  /** When the first of those waiting came, by the clock. */
  readonly oldestAt: number;
  /** The earliest deadline of those that go next; Infinity for none. */
  readonly earliestDeadline: number;
}

/** A batch that is predicted to run for less, in milliseconds, costs more to send than to run. */
const briefMs = 0.5;
/** How long few instances of brief batches wait for the batch before them, in milliseconds. */
const briefDelayMs = 1;

export class BatchRule {
  readonly #policy: BatchPolicy;
  readonly #service: ServiceTime;
  readonly #tuner: LatencyTuner | undefined;

  constructor(policy: BatchPolicy, service: ServiceTime) {
    this.#policy = policy;
    this.#service = service;
    if (policy.latencyTargetMs < Infinity) this.#tuner = new LatencyTuner(policy, service);
  }

  /** Most instances a batch may hold now. */
  get limit(): number {
    const { maxBatchSize, maxBatchTimeMs } = this.#policy;
    const timed = maxBatchTimeMs === Infinity ? undefined : this.#service.largestWithin(maxBatchTimeMs);
    return Math.max(1, Math.min(maxBatchSize, timed ?? Infinity, this.#tuner?.limit ?? Infinity));
  }

  /** The moment from which a batch may go; -Infinity for at once. @param inFlight batches of the method that run now */
  dueAt(queue: QueueState, inFlight: number): number {
    const delay = this.#delayMs(queue, inFlight);
    // Whoever sent the rest of a request waits for all of it.
    if (delay === 0 || queue.isBegun || queue.instances >= this.#fullSize) return -Infinity;
    const { oldestAt, earliestDeadline } = queue;
    // Half of the time that is left: the answer has to travel, too, and what is predicted may take longer.
    const spare = earliestDeadline - oldestAt - (this.#service.predict(queue.instances) ?? 0);
    return oldestAt + Math.min(delay, spare / 2);
  }

  #delayMs({ instances }: QueueState, inFlight: number): number {
    const wished = this.#tuner?.delayMs ?? this.#policy.maxQueueDelayMs;
    if (inFlight === 0 || instances >= this.#policy.minShare || wished >= briefDelayMs) return wished;
    // As small writes wait for the acknowledgement of the one before (Nagle, RFC 896): it comes before they matter.
    return (this.#service.predict(instances) ?? briefMs) < briefMs ? briefDelayMs : wished;
  }

  /** From how many instances on there is nothing to wait for. */
  get #fullSize(): number {
    const [smallest] = this.#policy.preferredBatchSizes;
    return smallest === undefined ? this.limit : Math.min(smallest, this.limit);
  }

  /**
   * How many of `instances` go. @param share an equal part for every replica that is idle: a big queue is spread over
   * them, but not in batches of less than `minShare`
   */
  size(instances: number, share: number): number {
    const { minShare, preferredBatchSizes } = this.#policy;
    const most = Math.min(instances, this.limit);
    const fair = Math.min(most, Math.max(share, minShare));
    // Sizes that run best are worth more than an even spread.
    const preferred =
      preferredBatchSizes.findLast((size) => size <= fair) ??
      preferredBatchSizes.find((size) => size <= most);
    return preferred ?? fair;
  }

  /** A batch has been answered. @param latencyMs since the first of its instances came; undefined when a backlog made it */
  observe(count: number, serviceMs: number, latencyMs: number | undefined): void {
    this.#service.observe(count, serviceMs);
    if (latencyMs !== undefined) this.#tuner?.observe(latencyMs);
  }
}
