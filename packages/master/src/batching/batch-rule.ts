/** When a batch of one method is worth sending, and how large it is. Pure rules over what waits and runs now. */
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

/** What of the method is on its way. */
export interface InFlight {
  readonly batches: number;
  readonly instances: number;
}

/**
 * About what a batch costs beside its run, in milliseconds: frames, the way to an executor and back. It does not pay to
 * divide work into batches that run for less, nor to have a batch more only to begin it so much earlier.
 */
export const overheadMs = 1;

export class BatchRule {
  readonly #policy: BatchPolicy;
  readonly #service: ServiceTime;
  readonly #tuner: LatencyTuner | undefined;
  /** When a batch of the method was answered last, by the clock. */
  #answeredAt = -Infinity;

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

  /** The moment from which a batch may go; -Infinity for at once. */
  dueAt(queue: QueueState, inFlight: InFlight): number {
    const { instances } = queue;
    if (instances >= this.limit) return -Infinity;
    const wished = this.#wishedDueAt(queue);
    return Math.max(wished, this.#followedDueAt(queue, inFlight), this.#returningDueAt());
  }

  /** For the fuller batch that the method's delay is for. */
  #wishedDueAt(queue: QueueState): number {
    const delay = this.#tuner?.delayMs ?? this.#policy.maxQueueDelayMs;
    const [smallest = Infinity] = this.#policy.preferredBatchSizes;
    // Whoever sent the rest of a request waits for all of it.
    if (delay === 0 || queue.isBegun || queue.instances >= smallest) return -Infinity;
    const { oldestAt, earliestDeadline } = queue;
    // Half of the time that is left: the answer has to travel, too, and what is predicted may take longer.
    const spare = earliestDeadline - oldestAt - (this.#service.predict(queue.instances) ?? 0);
    return oldestAt + Math.min(delay, spare / 2);
  }

  /**
   * Few instances of a method whose batches are brief wait for the batch before them, as small writes wait for the
   * acknowledgement of the one before (Nagle, RFC 896): it comes before they matter.
   */
  #followedDueAt({ instances, oldestAt }: QueueState, { batches }: InFlight): number {
    if (batches === 0 || instances >= this.#policy.minShare) return -Infinity;
    const isBrief = (this.#service.predict(instances) ?? overheadMs) < overheadMs / 2;
    return isBrief ? oldestAt + overheadMs : -Infinity;
  }

  /**
   * Callers that have just been answered may ask again at once. Where a batch takes its time however few instances it
   * has, these had better be in the next one: else callers form groups that never join, and batches stay small.
   */
  #returningDueAt(): number {
    const fixedMs = this.#service.fixedMs ?? 0;
    return fixedMs > overheadMs ? this.#answeredAt + overheadMs : -Infinity;
  }

  /**
   * How many of `instances` go: an equal part of all there are, for every executor of the servable, so that a big queue
   * is spread over those that are idle and no batch grows at the cost of the next; but not less than is worth a batch.
   */
  size(instances: number, inFlight: InFlight, executors: number): number {
    const { preferredBatchSizes } = this.#policy;
    const most = Math.min(instances, this.limit);
    const share = Math.ceil((instances + inFlight.instances) / Math.max(1, executors));
    const fair = Math.min(most, Math.max(share, this.#minShare));
    // Sizes that run best are worth more than an even spread.
    const preferred =
      preferredBatchSizes.findLast((size) => size <= fair) ??
      preferredBatchSizes.find((size) => size <= most);
    return preferred ?? fair;
  }

  /** Of instances that take long, one is worth a batch. */
  get #minShare(): number {
    const { minShare } = this.#policy;
    return Math.max(1, Math.min(minShare, this.#service.largestWithin(overheadMs) ?? minShare));
  }

  /**
   * A batch has been answered.
   * @param latencyMs since the first of its instances came; undefined when a backlog made it
   * @param at when, by the clock
   */
  observe(count: number, serviceMs: number, latencyMs: number | undefined, at: number): void {
    this.#service.observe(count, serviceMs);
    this.#answeredAt = at;
    if (latencyMs !== undefined) this.#tuner?.observe(latencyMs);
  }
}
