/** Which plans `serving-worker tune` measures. */

export interface ThreadPlan {
  readonly executors: number;
  /** Threads inside one model run. */
  readonly intraOpThreads: number;
}

/**
 * All cores divided over one executor, two, four … and one per core; and one executor with a single thread, which the
 * others are to be compared with.
 * @param fitting most executors whose weights fit into memory
 */
export function threadPlans(cores: number, fitting: number): ThreadPlan[] {
  const counts = doublings(1, cores).filter((executors) => executors <= fitting);
  const divided = counts.map((executors) => ({
    executors,
    intraOpThreads: Math.floor(cores / executors),
  }));
  return cores === 1 ? divided : [{ executors: 1, intraOpThreads: 1 }, ...divided];
}

/** Largest batch that is tried with a model that takes any number of instances. */
const mostInstances = 64;

/**
 * Batch sizes worth trying: whole runs of a model that takes a fixed number of instances, or powers of two.
 * @param modelBatchSize 0 for any number
 */
export function batchSizes(modelBatchSize: number): number[] {
  if (modelBatchSize <= 1) return doublings(1, mostInstances);
  return doublings(modelBatchSize, Math.max(mostInstances, 2 * modelBatchSize));
}

/** `from`, twice that and so on, and `to` itself where it is not among them. */
function doublings(from: number, to: number): number[] {
  const all: number[] = [];
  for (let next = from; next < to; next *= 2) all.push(next);
  return [...all, to].filter((size) => size % from === 0);
}
