/** The servable version and method a request was bound to. */
import type { MethodSignature } from '@serving/common';
import type { MethodStatistics } from '../statistics/method-statistics.js';
import type { PredictCall } from './predict-call.js';

export interface MethodRoute {
  readonly servable: string;
  readonly version: number;
  readonly method: MethodSignature;
  /** How its batches are formed. */
  readonly batching: RouteBatching;
  readonly statistics: MethodStatistics;
  /** The next step. */
  readonly queue: CallQueue;
}

export interface RouteBatching {
  /** Most instances in a batch. */
  readonly maxBatchSize: number;
  /** Ascending; empty when any size is as good as another. */
  readonly preferredBatchSizes: readonly number[];
  /** Undefined where the server chooses. */
  readonly maxQueueDelayMs: number | undefined;
}

/** What waits: requests of which something waits count whole, but for their instances. */
export interface QueueDepth {
  readonly instances: number;
  readonly requests: number;
  /** Bytes that what waits keeps alive. */
  readonly bytes: number;
}

export interface CallQueue {
  readonly depth: QueueDepth;
  /** Takes responsibility for the call: from here on its sink gets an outcome for every instance, whatever happens. */
  enqueue(call: PredictCall): void;
}
