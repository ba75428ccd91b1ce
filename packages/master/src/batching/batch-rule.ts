/** When a batch of one method is worth sending, and how large it is. Pure rules over what waits and runs now. */
import type { ServiceTime } from '@serving/common';
import type { BatchPolicy } from './batch-policy.js';
import { LatencyTuner } from './latency-tuner.js';

/** What is to know of a queue. */
export interface QueueState {
  /** Instances that wait. */
  readonly instances: number;
  /** Bytes of the messages they are in. */
  readonly bytes: number;
  /** Some of a request that goes next has been sent already. */
  readonly isBegun: boolean;
  /** When the first of those that go next came, by the clock. */
  readonly oldestAt: number;
}

/** What there is of the method, and what runs it. */
export interface Situation {
  /** Instances that wait, in all its queues. */
  readonly waiting: number;
  /** On their way. */
  readonly batches: number;
  readonly running: number;
  /** Executors of the servable. */
  readonly executors: number;
  /** The earliest deadline of those that wait; Infinity for none. */
  readonly earliestDeadline: number;
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
  /** When a batch was answered for the first time since the last was formed, by the clock; -Infinity when none was. */
  #answeredAt = -Infinity;

  constructor(policy: BatchPolicy, service: ServiceTime) {
    this.#policy = policy;
    this.#service = service;
    if (policy.latencyTargetMs < Infinity) this.#tuner = new LatencyTuner(policy, service);
  }

  /** Most instances a batch may hold now. */
  get limit(): number {
    const { maxBatchSize, maxBatchTimeMs } = this.#policy;
    const timed = maxBatchTimeMs === Infinity ? Infinity : this.#largestWithin(maxBatchTimeMs);
    return Math.max(1, Math.min(maxBatchSize, timed, this.#tuner?.limit ?? Infinity));
  }

  /** A time that not even an instance alone keeps cannot be kept by smaller batches: they would only be more. */
  #largestWithin(ms: number): number {
    const aloneMs = this.#service.predict(1);
    if (aloneMs === undefined) return Infinity;
    return this.#service.largestWithin(aloneMs > ms ? 2 * aloneMs : ms)!;
  }

  /** The moment from which a batch may go; -Infinity for at once. */
  dueAt(queue: QueueState, situation: Situation): number {
    const { instances, bytes } = queue;
    if (instances >= this.limit || bytes >= this.#policy.maxBatchBytes) return -Infinity;
    const [smallest = Infinity] = this.#policy.preferredBatchSizes;
    // Whoever sent the rest of a request waits for all of it.
    if (queue.isBegun || instances >= smallest) return -Infinity;
    const at = Math.max(
      this.#delayedUntil(queue),
      this.#briefUntil(queue, situation),
      this.#joinedUntil(situation),
    );
    if (at === -Infinity) return at;
    // Half of the time that a deadline leaves: the answer has to travel, too, and what is predicted may take longer.
    const spare = situation.earliestDeadline - queue.oldestAt - (this.#service.predict(instances) ?? 0);
    return Math.min(at, queue.oldestAt + spare / 2);
  }

  /** For the fuller batch that the method's delay is for. */
  #delayedUntil({ oldestAt }: QueueState): number {
    const delay = this.#delayMs;
    return delay === 0 ? -Infinity : oldestAt + delay;
  }

  get #delayMs(): number {
    return this.#tuner?.delayMs ?? this.#policy.maxQueueDelayMs ?? 0;
  }

  /**
   * Few instances of a method whose batches are brief wait for the batch before them, as small writes wait for the
   * acknowledgement of the one before (Nagle, RFC 896): it comes before they matter.
   */
  #briefUntil({ instances, oldestAt }: QueueState, { batches }: Situation): number {
    if (!this.#mayWait || batches === 0 || instances >= this.#policy.minShare) return -Infinity;
    const isBrief = (this.#service.predict(instances) ?? overheadMs) < overheadMs / 2;
    return isBrief ? oldestAt + overheadMs : -Infinity;
  }

  /**
   * Callers that have just been answered may ask again at once. Where a batch takes its time however few instances it
   * has and no other executor is idle, these had better be in the next one: else callers form groups that never join,
   * and batches stay small.
   */
  #joinedUntil({ batches, executors }: Situation): number {
    if (!this.#mayWait || batches + 1 < executors) return -Infinity;
    return (this.#service.fixedMs ?? 0) > overheadMs ? this.#answeredAt + overheadMs : -Infinity;
  }

  /** Who asked for a delay, be it 0, gets that and no other. */
  get #mayWait(): boolean {
    return this.#policy.maxQueueDelayMs === undefined;
  }

  /**
   * How many of `instances` go: an equal part of all there are of the method, for every executor of the servable, so
   * that a big queue is spread over those that are idle and no batch grows at the cost of the next; but not less than is
   * worth a batch, and all that fit where they wait for a fuller one.
   */
  size(instances: number, { waiting, running, executors }: Situation): number {
    const { preferredBatchSizes } = this.#policy;
    const most = Math.min(instances, this.limit);
    const share = Math.ceil((waiting + running) / Math.max(1, executors));
    const fair = Math.min(most, Math.max(share, this.#minShare));
    // Sizes that run best are worth more than an even spread.
    const preferred =
      preferredBatchSizes.findLast((size) => size <= fair) ??
      preferredBatchSizes.find((size) => size <= most);
    return preferred ?? fair;
  }

  /** Of instances that take long, one is worth a batch, unless the method asks for fuller ones. */
  get #minShare(): number {
    const { minShare } = this.#policy;
    if (this.#delayMs > 0) return Infinity;
    const eachMs = this.#service.eachMs ?? 0;
    return Math.max(1, Math.min(minShare, Math.floor(overheadMs / eachMs)));
  }

  /** A batch has been formed. */
  formed(): void {
    this.#answeredAt = -Infinity;
  }

  /** A batch has been answered. @param at when, by the clock */
  answered(at: number): void {
    if (this.#answeredAt === -Infinity) this.#answeredAt = at;
  }

  /**
   * A batch went well.
   * @param latencyMs since the first of its instances came
   * @param waitedMs the part of it before it was sent
   */
  learn(count: number, serviceMs: number, latencyMs: number, waitedMs: number): void {
    this.#service.observe(count, serviceMs);
    // Of a backlog smaller batches would make a larger one.
    if (waitedMs <= serviceMs) this.#tuner?.observe(latencyMs);
  }
}
