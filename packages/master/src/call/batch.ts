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
  /** When the first of its calls came, by the clock. */
  readonly oldestAt: number;
  readonly #answered: Answered;
  /** Made when it is needed, which is seldom. */
  #abandoned: Set<PredictCall> | undefined;
  /** Instances whose answer has begun: their callers have a piece of it. Made for the first one. */
  #begun: Set<number> | undefined;

  constructor(entries: readonly BatchEntry[]) {
    let offset = 0;
    let oldestAt = Infinity;
    this.entries = entries.map(({ call, range, first }) => {
      const count = range.to - range.from;
      // Written out: a spread here costs more than the rest of forming the batch.
      const placed = { call, range, first, offset, count };
      offset += count;
      if (call.arrivedAt < oldestAt) oldestAt = call.arrivedAt;
      return placed;
    });
    this.count = offset;
    this.oldestAt = oldestAt;
    this.#answered = new Answered(offset);
  }

  /** Every instance has had its final reply. */
  get isSettled(): boolean {
    return this.#answered.left === 0;
  }

  /** Some of its callers have given up. */
  get isAbandoned(): boolean {
    return this.#abandoned !== undefined;
  }

  reply(reply: Reply): void {
    for (const run of this.#answered.take(reply.first, reply.count, reply.last)) {
      const end = run.first + run.count;
      if (!reply.last) this.#begin(run.first, end);
      for (let index = this.#entryAt(run.first); index < this.entries.length; index++) {
        const { call, first, offset, count } = this.entries[index]!;
        if (offset >= end) break;
        const start = Math.max(run.first, offset);
        call.sink.reply(portion(reply, start, Math.min(end, offset + count) - start, first + start - offset));
      }
    }
  }

  #begin(from: number, end: number): void {
    this.#begun ??= new Set();
    for (let instance = from; instance < end; instance++) this.#begun.add(instance);
  }

  /** Index of the entry that holds an instance of the batch. */
  #entryAt(instance: number): number {
    let low = 0;
    let high = this.entries.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.entries[middle]!.offset <= instance) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whose instances a range holds. */
  callsIn(first: number, count: number): Set<PredictCall> {
    const within = this.entries.filter(
      (entry) => entry.offset < first + count && entry.offset + entry.count > first,
    );
    return new Set(within.map(({ call }) => call));
  }

  /** The instances without a final reply that are still waited for. */
  unanswered(): BatchEntry[] {
    const left: BatchEntry[] = [];
    for (const { call, range, first, offset, count } of this.entries) {
      if (this.#abandoned?.has(call) === true) continue;
      for (const run of this.#answered.take(offset, count, false)) {
        const skipped = run.first - offset;
        const from = range.from + skipped;
        left.push({
          call,
          range: { block: range.block, from, to: from + run.count },
          first: first + skipped,
        });
      }
    }
    return left;
  }

  /** Gives all instances without a final reply this error. */
  failRest(error: ServingError): void {
    this.reply(failure(0, this.count, error));
  }

  /** The same for those whose answer has begun: what they have had cannot be given twice. */
  failBegun(error: ServingError): void {
    for (const instance of this.#begun ?? []) this.reply(failure(instance, 1, error));
  }

  /** The call's replies matter no more. True when nobody else waits for the batch. */
  abandon(call: PredictCall): boolean {
    if (!this.entries.some((entry) => entry.call === call)) return false;
    const abandoned = (this.#abandoned ??= new Set()).add(call);
    return this.entries.every((entry) => abandoned.has(entry.call));
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
