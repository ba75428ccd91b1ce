/** A request on its way: blocks of instances, where they go, until when, and the sink that takes the replies. */
import type { Block, CancelSignal, Deadline, ReplySink } from '@serving/common';

/** Consecutive instances of a call that share a layout. */
export interface CallPart {
  /** Position of the block's first instance in the request. */
  readonly first: number;
  readonly block: Block;
}

export interface PredictCall {
  /** Unique in this master. */
  readonly id: number;
  /** In request order. Instances that were refused at the front end are missing. */
  readonly parts: readonly CallPart[];
  /** Bytes of the received buffers that the blocks' views keep alive. */
  readonly retainedBytes: number;
  /** When it came, by the master's clock, in milliseconds. */
  readonly arrivedAt: number;
  readonly deadline: Deadline;
  /** Aborts when nobody waits for the replies any more. */
  readonly signal: CancelSignal;
  /** Higher goes first; 0 is the default. */
  readonly priority: number;
  /** W3C trace context, or empty. */
  readonly traceparent: string;
  /** Takes the outcome of every instance in `parts`, by position in the request. */
  readonly sink: ReplySink;
}

/** Number of instances in the call's parts. */
export function instancesOf(call: PredictCall): number {
  let count = 0;
  for (const part of call.parts) count += part.block.count;
  return count;
}
