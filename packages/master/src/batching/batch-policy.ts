/** How the batches of one method are formed: what its servable declares, over what the master has for all. */
import type { Batching, MethodSignature } from '@serving/common';
import type { BatchLimits } from './batch-limits.js';

/** For methods that do not say otherwise. */
export interface BatchDefaults extends BatchLimits {
  /**
   * How long an instance may wait for a fuller batch while a replica could run it, in milliseconds.
   * @default a millisecond at most, and only where that pays
   */
  readonly maxQueueDelayMs?: number | undefined;
  /** Longest time a batch may be predicted to run, in milliseconds. @default any */
  readonly maxBatchTimeMs?: number | undefined;
  /** Time from arrival to answer that batch size and delay are chosen for, in milliseconds. @default none */
  readonly latencyTargetMs?: number | undefined;
  /** Whether work that is predicted to end after its deadline is refused instead of started. @default false */
  readonly refuseLate?: boolean | undefined;
}

export interface BatchPolicy extends BatchLimits {
  /** Ascending; empty when any size is as good as another. */
  readonly preferredBatchSizes: readonly number[];
  /** Undefined where nobody has said: then a batch may wait for about as long as sending it takes, where that pays. */
  readonly maxQueueDelayMs: number | undefined;
  /** Infinity for no bound. */
  readonly maxBatchTimeMs: number;
  /** Infinity when nothing is tuned. */
  readonly latencyTargetMs: number;
  readonly weight: number;
  readonly refuseLate: boolean;
}

export function policyOf(
  { batching = {}, modelBatchSize }: SizedMethod,
  defaults: BatchDefaults,
): BatchPolicy {
  const { maxBatchSize, preferredBatchSizes = [] } = batching;
  return {
    // A model that takes more at a time than the limit sets the limit for its method.
    maxBatchSize:
      maxBatchSize ?? Math.max(defaults.maxBatchSize, modelBatchSize, preferredBatchSizes.at(-1) ?? 0),
    maxBatchBytes: batching.maxBatchBytes ?? defaults.maxBatchBytes,
    minShare: defaults.minShare,
    preferredBatchSizes,
    maxQueueDelayMs: batching.maxQueueDelayMs ?? defaults.maxQueueDelayMs,
    maxBatchTimeMs: batching.maxBatchTimeMs ?? defaults.maxBatchTimeMs ?? Infinity,
    latencyTargetMs: batching.latencyTargetMs ?? defaults.latencyTargetMs ?? Infinity,
    weight: batching.weight ?? 1,
    refuseLate: batching.refuseLate ?? defaults.refuseLate ?? false,
  };
}

interface SizedMethod extends Pick<MethodSignature, 'modelBatchSize'> {
  readonly batching?: Batching;
}
