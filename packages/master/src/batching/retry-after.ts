/** How long a full queue takes to make room: the hint that goes with a refusal. */
import type { ServiceTime } from '@serving/common';

const unknownMs = 1000;
const leastMs = 1;
const mostMs = 60_000;

/**
 * Whole milliseconds until about half of what waits has been run.
 * @param batchSize instances in a batch
 */
export function retryAfterMs(
  waiting: number,
  batchSize: number,
  executors: number,
  service: Pick<ServiceTime, 'predict'>,
): number {
  const batchMs = service.predict(batchSize);
  if (batchMs === undefined) return unknownMs;
  const rounds = waiting / 2 / batchSize / Math.max(1, executors);
  return Math.min(mostMs, Math.max(leastMs, Math.round(rounds * batchMs)));
}
