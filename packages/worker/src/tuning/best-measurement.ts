/** Which of the measured plans is best. */
import type { ThreadPlan } from './plans.js';

export interface Measurement extends ThreadPlan {
  /** Instances in a batch. */
  readonly batchSize: number;
  readonly batches: number;
  readonly instancesPerSecond: number;
  /** Times of a batch in its executor: half of them, and 99 of 100, took no longer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Resident memory of the process while it ran, in MiB. */
  readonly memoryMib: number;
}

/** What is within this of the fastest is as fast: measurements of a second are no more exact. */
const noise = 0.03;

/**
 * The fastest, or of those that are as fast the one with the smallest batches, then the fewest executors and threads.
 * @param latencyMs longest that 99 of 100 batches may take
 * @returns undefined when none keeps within it
 */
export function bestMeasurement(all: readonly Measurement[], latencyMs = Infinity): Measurement | undefined {
  const candidates = all.filter(({ p99Ms }) => p99Ms <= latencyMs);
  const fastest = Math.max(...candidates.map(({ instancesPerSecond }) => instancesPerSecond));
  return candidates
    .filter(({ instancesPerSecond }) => instancesPerSecond >= fastest * (1 - noise))
    .toSorted(
      (a, b) => a.batchSize - b.batchSize || a.executors - b.executors || a.intraOpThreads - b.intraOpThreads,
    )[0];
}

/** The value that a share of all is not above, by nearest rank. @param ascending at least one value */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)]!;
}
