/** Requests with more instances than could ever wait. */
import { ServingError } from '@serving/common';

/** What is kept of this many instances is little, so more than may wait are left to the queue, which says how many do. */
const fewInstances = 8192;

/** The most instances of a request that are read. @param maxInstances most that could ever wait */
export function mostKeptInstances(maxInstances: number): number {
  return Math.max(maxInstances, fewInstances);
}

/** In the words of the queue that would have refused them. */
export function tooManyInstances(maxInstances: number): ServingError {
  return new ServingError(
    'QUEUE_FULL',
    `Serving Error: enqueued requests count exceeds the limit ${maxInstances}; more instances are given in one request (--max-queue-instances)`,
  );
}
