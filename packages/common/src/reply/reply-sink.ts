/** Where replies go. A sink travels with the work, so nothing on the path assumes one promise per batch or call. */
import type { BlockRange } from '../block/block.js';
import type { ServingError } from '../errors/serving-error.js';

export type Outcome =
  { readonly ok: true; readonly outputs: BlockRange } | { readonly ok: false; readonly error: ServingError };

/** The outcome of consecutive instances of the work the sink belongs to. */
export interface Reply {
  /** First instance of the range. */
  readonly first: number;
  readonly count: number;
  /** 0, 1, … when the same instances are answered piece by piece (streaming). */
  readonly sequence: number;
  /** No further reply follows for these instances. */
  readonly last: boolean;
  readonly outcome: Outcome;
}

export interface ReplySink {
  /** Takes a reply; never throws. Replies for instances that already had their last one are dropped. */
  reply(reply: Reply): void;
}

/** A final reply that says the same to `count` instances. */
export function failure(first: number, count: number, error: ServingError): Reply {
  return { first, count, sequence: 0, last: true, outcome: { ok: false, error } };
}
