/** A route to any queue, with the rest as it is by default. */
import type { MethodSignature } from '@serving/common';
import type { CallQueue, MethodRoute } from '../../src/call/method-route.js';
import { MethodStatistics } from '../../src/statistics/method-statistics.js';

/** A queue that loses what it is given. */
export const nowhere: CallQueue = {
  depth: { instances: 0, requests: 0, bytes: 0 },
  enqueue: () => undefined,
};

export function routeTo(method: MethodSignature, given: Partial<MethodRoute> = {}): MethodRoute {
  return {
    servable: 'add',
    version: 1,
    method,
    batching: { maxBatchSize: 8, preferredBatchSizes: [], maxQueueDelayMs: 0 },
    statistics: new MethodStatistics(),
    queue: given.queue ?? nowhere,
    ...given,
  };
}
