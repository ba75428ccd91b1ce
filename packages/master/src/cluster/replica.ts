/** What the master knows of a replica, wherever it runs: in this process, in a child, on another machine. */
import type { BatchReply, Credit, MethodSignature } from '@serving/common';

/**
 * A batch as it is handed to a replica. It ends once: when all instances have had their final reply, when it is
 * returned, or when it is lost; whatever comes after that is dropped. All three callbacks may be called within `send`.
 */
export interface ReplicaWork {
  /** Unique among the replica's batches in flight. */
  readonly batchId: number;
  readonly method: string;
  /** Number of instances. */
  readonly count: number;
  /** The credit that was spent for it. */
  readonly creditId: number;
  /** The encoded batch; belongs to the replica afterwards. */
  readonly frame: ArrayBuffer;
  readonly onReply: (reply: BatchReply) => void;
  /** The replica did not start the batch. It may run elsewhere, and that costs no attempt. */
  readonly onReturned: () => void;
  /**
   * The replica is gone, and has been taken out of routing, or only what ran the batch in it; whether instances without a
   * final reply were run is unknown.
   * @param why for messages
   * @param overdue the batch did not return in time, and the replica goes on; one of these instances is to blame
   */
  readonly onLost: (why: string, overdue?: InstanceRange) => void;
}

/** Instances by their positions in the batch. */
export interface InstanceRange {
  readonly first: number;
  readonly count: number;
}

export interface CreditListener {
  grant(credit: Credit): void;
  /** The credit is void, for instance because its executor is gone. */
  recall(creditId: number): void;
  /** Whether the replica wants to be told what waits for its credits, because others use them too. */
  wantDemand(isWanted: boolean): void;
}

/** What a replica has to do now, for people. */
export interface ReplicaActivity {
  /** Batches it may be sent. */
  readonly credits: number;
  /** Batches it has not answered yet. */
  readonly inFlight: number;
}

export interface Replica {
  /** Unique among all replicas. */
  readonly id: string;
  readonly servable: string;
  readonly version: number;
  readonly methods: readonly MethodSignature[];
  /** Batches it can run at the same time. */
  readonly executors: number;
  readonly activity?: ReplicaActivity;
  /** What a replica in this process runs on; those of workers have theirs. */
  readonly device?: { readonly type: string; readonly id: number };
  /** Whose batches its credits are for. */
  grantTo(listener: CreditListener): void;
  /** Sends a batch for which one of its credits was spent. */
  send(work: ReplicaWork): void;
  /**
   * Nobody waits for the batch any more; it still ends as any other.
   * @param instances nobody waits for these, but somebody does for others
   */
  cancel(batchId: number, instances?: InstanceRange): void;
  /** So many instances wait for a credit now; told whenever that may have changed, to a replica that wants it. */
  demand?(waiting: number): void;
}
