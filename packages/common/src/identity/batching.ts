/** How a method wants its instances put into batches, as its servable declares it. */

/** What is undefined is as the master has it for all methods. */
export interface Batching {
  /** Most instances in a batch. */
  readonly maxBatchSize?: number;
  /** Most payload bytes in a batch; a single larger instance still travels alone. */
  readonly maxBatchBytes?: number;
  /** Sizes the method runs best at, ascending: a batch is of the largest of them for which enough instances wait. */
  readonly preferredBatchSizes?: readonly number[];
  /** How long an instance may wait for a fuller batch while a replica could run it, in milliseconds. */
  readonly maxQueueDelayMs?: number;
  /** Longest time a batch may be predicted to run, in milliseconds; it is made smaller instead. */
  readonly maxBatchTimeMs?: number;
  /** Time from arrival to answer that batch size and delay are chosen for, in milliseconds. */
  readonly latencyTargetMs?: number;
  /** Priority of requests that name none; higher goes first. */
  readonly priority?: number;
  /** Share of the executors' time beside other methods of the servable, relative to theirs. */
  readonly weight?: number;
  /** Whether work whose remaining time is shorter than it is predicted to run is refused instead of started. */
  readonly refuseLate?: boolean;
  /** Whether a batch holds only instances whose inputs have equal shapes. */
  readonly sameShapes?: boolean;
}
