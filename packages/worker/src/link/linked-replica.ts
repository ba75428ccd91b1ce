/** What the link needs of a replica of this process. */
import type { MethodSignature } from '@serving/common';
import type { CreditSink } from '../credits/credit-account.js';
import type { ReplicaShare } from '../credits/replica-share.js';

/** A master's share of a replica. */
export type LinkedShare = Pick<
  ReplicaShare,
  'open' | 'close' | 'demand' | 'renew' | 'arriving' | 'run' | 'cancel' | 'cancelAll' | 'busy' | 'validMs'
>;

export interface LinkedReplica {
  readonly id: string;
  readonly servable: string;
  readonly version: number;
  readonly executors: number;
  readonly methods: readonly MethodSignature[];
  readonly isAvailable: boolean;
  /** A share of its executors for this master, once it is opened; credits are good for `validMs`. */
  share(sink: CreditSink, validMs: number): LinkedShare;
}
