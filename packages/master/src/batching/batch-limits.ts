/** What bounds a batch and a queue. */
import { ServingError } from '@serving/common';

export interface BatchLimits {
  /** Most instances in a batch. */
  readonly maxBatchSize: number;
  /** Most payload bytes in a batch; a single larger instance still travels alone. */
  readonly maxBatchBytes: number;
  /** Fewest instances worth a batch of their own when a queue is spread over several idle executors. */
  readonly minShare: number;
}

export interface QueueLimits {
  /** Most instances waiting per method. */
  readonly maxQueueInstances: number;
  /** Most bytes of received messages that waiting instances keep alive, per method. */
  readonly maxQueueBytes: number;
}

const defaultLimits: BatchLimits & QueueLimits = {
  maxBatchSize: 64,
  maxBatchBytes: 64 * 2 ** 20,
  minShare: 16,
  maxQueueInstances: 100_000,
  maxQueueBytes: 1024 * 2 ** 20,
};

/**
 * The limits in full. None may be 0: nothing would ever fit, and a queue that nothing fits out of is asked for ever.
 * @throws ServingError CONFIG_INVALID listing every problem
 */
export function resolveLimits(given: Partial<BatchLimits & QueueLimits> = {}): BatchLimits & QueueLimits {
  const limits: Record<keyof typeof defaultLimits, number> = { ...defaultLimits };
  const problems: string[] = [];
  for (const name of Object.keys(defaultLimits) as (keyof typeof limits)[]) {
    const value = given[name] ?? defaultLimits[name];
    if (value >= 1 && (Number.isInteger(value) || value === Infinity)) limits[name] = value;
    else problems.push(`${name}: expected a whole number from 1, given ${String(value)}`);
  }
  if (problems.length > 0) throw new ServingError('CONFIG_INVALID', problems.join('\n'));
  return limits;
}
