/** What bounds a batch and a queue. */

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
