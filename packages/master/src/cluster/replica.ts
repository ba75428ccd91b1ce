/** What the master knows of a replica, wherever it runs: in this process, in a child, on another machine. */
import type { BatchReply, Credit, MethodSignature } from '@serving/common';

/** A batch as it is handed to a replica. */
export interface ReplicaWork {
  /** Unique among the replica's batches in flight. */
  readonly batchId: number;
  readonly method: string;
  /** Number of instances. */
  readonly count: number;
  /** The encoded batch; belongs to the replica afterwards. */
  readonly frame: ArrayBuffer;
  /** Takes the replies. Every instance gets a final one, whatever happens to the replica. */
  readonly onReply: (reply: BatchReply) => void;
}

export interface CreditListener {
  grant(credit: Credit): void;
  /** The credit is void, for instance because its executor is gone. */
  recall(creditId: number): void;
}

export interface Replica {
  /** Unique among all replicas. */
  readonly id: string;
  readonly servable: string;
  readonly version: number;
  readonly methods: readonly MethodSignature[];
  /** Batches it can run at the same time. */
  readonly executors: number;
  /** Whose batches its credits are for. */
  grantTo(listener: CreditListener): void;
  /** Sends a batch for which one of its credits was spent. */
  send(work: ReplicaWork): void;
  /** Nobody waits for the batch any more; it still gets its final replies. */
  cancel(batchId: number): void;
}
