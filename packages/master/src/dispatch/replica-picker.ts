/** Chooses the replica for the next batch: one synchronous answer from a list, without state of its own. */

/** A replica with at least one credit to spend. */
export interface Candidate {
  readonly replicaId: string;
  /** Batches sent and not yet settled. */
  readonly inFlight: number;
  readonly executors: number;
}

/** @param candidates at least one */
export type ReplicaPicker = (candidates: readonly Candidate[]) => Candidate;
