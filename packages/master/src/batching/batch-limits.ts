/** What bounds batches and queues, and how batches are formed where a method does not say otherwise. */
import { ServingError } from '@serving/common';

export interface BatchLimits {
  /** Most instances in a batch. */
  readonly maxBatchSize: number;
  /** Most payload bytes in a batch; a single larger instance still travels alone. */
  readonly maxBatchBytes: number;
  /** Fewest instances worth a batch of their own when a queue is spread over several idle executors. */
  readonly minShare: number;
}

/** Of what waits of one method. */
export interface QueueLimits {
  readonly maxQueueInstances: number;
  /** Bytes of received messages that waiting instances keep alive. */
  readonly maxQueueBytes: number;
  readonly maxQueueRequests: number;
}

/** Of what waits of all methods of all servables together. */
export interface TotalLimits {
  readonly maxTotalInstances: number;
  readonly maxTotalBytes: number;
  readonly maxTotalRequests: number;
}

export type Limits = BatchLimits & QueueLimits & TotalLimits;

const defaultLimits: Limits = {
  maxBatchSize: 64,
  maxBatchBytes: 64 * 2 ** 20,
  minShare: 16,
  maxQueueInstances: 100_000,
  maxQueueBytes: 1024 * 2 ** 20,
  maxQueueRequests: 100_000,
  maxTotalInstances: 200_000,
  maxTotalBytes: 2048 * 2 ** 20,
  maxTotalRequests: 200_000,
};

/** What is counted with, not only compared. */
const finite: ReadonlySet<keyof Limits> = new Set(['maxBatchSize', 'minShare']);

/**
 * The limits in full. None may be 0: nothing would ever fit, and a queue that nothing fits out of is asked for ever.
 * @throws ServingError CONFIG_INVALID listing every problem
 */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  const limits: Record<keyof Limits, number> = { ...defaultLimits };
  const problems: string[] = [];
  for (const name of Object.keys(defaultLimits) as (keyof Limits)[]) {
    const value = given[name] ?? defaultLimits[name];
    const isEndless = value === Infinity && !finite.has(name);
    if (isEndless || (Number.isSafeInteger(value) && value >= 1)) limits[name] = value;
    else
      problems.push(
        `${name}: expected a whole number from 1 to ${Number.MAX_SAFE_INTEGER}${finite.has(name) ? '' : ', or Infinity'}, given ${String(value)}`,
      );
  }
  if (problems.length > 0) throw new ServingError('CONFIG_INVALID', problems.join('\n'));
  return limits;
}
