/** Chooses the replica for the next batch: one synchronous answer from a list. */

/** A replica with at least one credit to spend. */
export interface Candidate {
  readonly replicaId: string;
  /** Batches sent and not yet settled. */
  readonly inFlight: number;
  readonly executors: number;
}

/** @param candidates at least one, in the order in which they got a credit after they had none */
export type ReplicaPicker = (candidates: Iterable<Candidate>) => Candidate;

/** How full a replica is. */
export function loadOf({ inFlight, executors }: Candidate): number {
  return inFlight / executors;
}
