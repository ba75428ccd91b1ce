/** What the link needs of a replica of this process. */
import type { MethodSignature } from '@serving/common';

/** A batch as the master sent it; frames go in and out undecoded. */
export interface FrameWork {
  readonly batchId: number;
  readonly method: string;
  readonly count: number;
  /** Belongs to the replica afterwards. */
  readonly frame: ArrayBuffer;
  /** Takes the reply frames; together they answer every instance. */
  readonly onFrame: (frame: ArrayBuffer) => void;
  /** All replies have been given. */
  readonly onDone: () => void;
  /** The batch was not started. */
  readonly onReturned: () => void;
  /** What ran the batch is gone, while the replica may go on. */
  readonly onLost: (why: string) => void;
}

export interface CreditSink {
  grant(credit: { readonly creditId: number }): void;
  recall(creditId: number): void;
}

export interface LinkedReplica {
  readonly id: string;
  readonly servable: string;
  readonly version: number;
  readonly executors: number;
  readonly methods: readonly MethodSignature[];
  readonly isAvailable: boolean;
  /** From now on credits are for this sink, beginning with those of all idle executors. */
  grantTo(sink: CreditSink): void;
  run(work: FrameWork): void;
  cancel(batchId: number): void;
}
