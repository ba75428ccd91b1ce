/** What the link needs of a replica of this process. */
import type { MethodSignature } from '@serving/common';
import type { BatchWork } from '../executors/executor.js';

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
  /** Runs a batch as the master sent it; frames go in and out undecoded. */
  run(work: BatchWork): void;
  cancel(batchId: number): void;
}
