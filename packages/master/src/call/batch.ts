/** A batch: ranges of one or more calls that travel together. It is the reply sink of its instances. */
import { failure, type BlockRange, type Reply, type ReplySink, type ServingError } from '@serving/common';
import { Answered } from './answered.js';
import type { PredictCall } from './predict-call.js';

/** Consecutive instances of one call. */
export interface BatchEntry {
  readonly call: PredictCall;
  readonly range: BlockRange;
  /** Position of the range's first instance in the call's request. */
  readonly first: number;
}

interface PlacedEntry extends BatchEntry {
  /** Position of the range's first instance in the batch. */
  readonly offset: number;
  readonly count: number;
}

export class Batch implements ReplySink {
  /** Number of instances. */
  readonly count: number;
  readonly entries: readonly PlacedEntry[];
  readonly #answered: Answered;
  readonly #abandoned = new Set<PredictCall>();

  constructor(entries: readonly BatchEntry[]) {
    let offset = 0;
    this.entries = entries.map((entry) => {
      const count = entry.range.to - entry.range.from;
      const placed = { ...entry, offset, count };
      offset += count;
      return placed;
    });
    this.count = offset;
    this.#answered = new Answered(offset);
  }

  /** Every instance has had its final reply. */
  get isSettled(): boolean {
    return this.#answered.left === 0;
  }

  reply(reply: Reply): void {
    for (const run of this.#answered.take(reply.first, reply.count, reply.last)) {
      for (const entry of this.entries) {
        const start = Math.max(run.first, entry.offset);
        const count = Math.min(run.first + run.count, entry.offset + entry.count) - start;
        if (count > 0)
          entry.call.sink.reply(portion(reply, start, count, entry.first + start - entry.offset));
      }
    }
  }

  /** Gives all instances without a final reply this error. */
  failRest(error: ServingError): void {
    this.reply(failure(0, this.count, error));
  }

  /** The call's replies matter no more. True when nobody else waits for the batch. */
  abandon(call: PredictCall): boolean {
    if (!this.entries.some((entry) => entry.call === call)) return false;
    this.#abandoned.add(call);
    return this.entries.every((entry) => this.#abandoned.has(entry.call));
  }
}

/** The part of a batch's reply that concerns `count` instances from `start` on, told in the call's own positions. */
function portion(reply: Reply, start: number, count: number, firstInCall: number): Reply {
  const { sequence, last, outcome } = reply;
  if (!outcome.ok) return { first: firstInCall, count, sequence, last, outcome };
  const from = outcome.outputs.from + start - reply.first;
  return {
    first: firstInCall,
    count,
    sequence,
    last,
    outcome: { ok: true, outputs: { block: outcome.outputs.block, from, to: from + count } },
  };
}
