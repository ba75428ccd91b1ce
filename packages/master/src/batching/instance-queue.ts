/** The waiting instances of one method: block ranges, first in first out within a priority, bounded. */
import { rangeBytes, ServingError, type BlockRange } from '@serving/common';
import type { Run } from '../call/answered.js';
import type { BatchEntry } from '../call/batch.js';
import { instancesOf, type PredictCall } from '../call/predict-call.js';
import type { QueueLimits } from './batch-limits.js';

/** A call with what of it still waits. */
interface Waiting {
  readonly call: PredictCall;
  /** The part that goes next, and its next instance. */
  part: number;
  next: number;
  left: number;
}

export class InstanceQueue {
  readonly #limits: QueueLimits;
  /** By priority, highest first; each level in order of arrival. */
  readonly #levels: { readonly priority: number; readonly calls: Set<Waiting> }[] = [];
  readonly #byCall = new Map<PredictCall, Waiting>();
  #instances = 0;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Instances waiting. */
  get instances(): number {
    return this.#instances;
  }

  /** Bytes kept alive by calls that wait, wholly or in part. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws ServingError QUEUE_FULL; the call is not taken then */
  add(call: PredictCall): void {
    const left = instancesOf(call);
    if (left === 0) return;
    this.#checkRoom(left, call.retainedBytes);
    const waiting: Waiting = { call, part: 0, next: 0, left };
    this.#level(call.priority).add(waiting);
    this.#byCall.set(call, waiting);
    this.#instances += left;
    this.#bytes += call.retainedBytes;
  }

  #checkRoom(instances: number, bytes: number): void {
    const { maxQueueInstances, maxQueueBytes } = this.#limits;
    if (this.#instances + instances > maxQueueInstances) {
      const why = `${this.#instances} instances wait and ${instances} more are given, expected at most ${maxQueueInstances} in all`;
      throw new ServingError(
        'QUEUE_FULL',
        `Serving Error: enqueued requests count exceeds the limit ${maxQueueInstances}; ${why}`,
      );
    }
    if (this.#bytes + bytes > maxQueueBytes) {
      const why = `${this.#bytes} bytes wait and ${bytes} more are given, expected at most ${maxQueueBytes} in all`;
      throw new ServingError(
        'QUEUE_FULL',
        `Serving Error: enqueued requests count exceeds the limit of ${maxQueueBytes} bytes; ${why}`,
      );
    }
  }

  #level(priority: number): Set<Waiting> {
    const index = this.#levels.findIndex((level) => level.priority <= priority);
    const found = this.#levels[index];
    if (found?.priority === priority) return found.calls;
    const level = { priority, calls: new Set<Waiting>() };
    this.#levels.splice(index === -1 ? this.#levels.length : index, 0, level);
    return level.calls;
  }

  /** Takes up to `maxInstances` and `maxBytes`, but at least one instance if any waits. */
  take(maxInstances: number, maxBytes: number): BatchEntry[] {
    const entries: BatchEntry[] = [];
    let roomLeft = maxInstances;
    let bytesLeft = maxBytes;
    // A level that was emptied is gone, so that the first one is always the next.
    for (let level = this.#levels[0]; level !== undefined; level = this.#levels[0]) {
      for (const waiting of level.calls) {
        while (waiting.left > 0 && roomLeft > 0) {
          const entry = nextEntry(waiting, roomLeft, bytesLeft, entries.length === 0);
          if (entry === undefined) return entries;
          entries.push(entry);
          roomLeft -= entry.range.to - entry.range.from;
          bytesLeft -= rangeBytes(entry.range);
          this.#instances -= entry.range.to - entry.range.from;
        }
        if (waiting.left > 0) return entries;
        this.#forget(waiting);
        if (roomLeft === 0) return entries;
      }
    }
    return entries;
  }

  /** Takes the call out; gives the instances of it that still waited, by position in the request. */
  remove(call: PredictCall): Run[] {
    const waiting = this.#byCall.get(call);
    if (waiting === undefined) return [];
    this.#instances -= waiting.left;
    this.#forget(waiting);
    const [next, ...later] = call.parts.slice(waiting.part);
    return [
      { first: next!.first + waiting.next, count: next!.block.count - waiting.next },
      ...later.map(({ first, block }) => ({ first, count: block.count })),
    ];
  }

  /** All calls of which something waits. */
  calls(): IterableIterator<PredictCall> {
    return this.#byCall.keys();
  }

  #forget(waiting: Waiting): void {
    const { call } = waiting;
    this.#byCall.delete(call);
    const index = this.#levels.findIndex((level) => level.priority === call.priority);
    const level = this.#levels[index]!;
    level.calls.delete(waiting);
    // Priorities are the callers' to choose, so empty levels must not pile up.
    if (level.calls.size === 0) this.#levels.splice(index, 1);
    this.#bytes -= call.retainedBytes;
  }
}

/** The waiting call's next range that fits; the first instance of a batch always does. */
function nextEntry(
  waiting: Waiting,
  maxInstances: number,
  maxBytes: number,
  isFirst: boolean,
): BatchEntry | undefined {
  const { parts } = waiting.call;
  while (parts[waiting.part]!.block.count === 0) waiting.part++;
  const part = parts[waiting.part]!;
  const { block } = part;
  const from = waiting.next;
  let to = Math.min(block.count, from + maxInstances);
  if (rangeBytes({ block, from, to }) > maxBytes) to = fittingEnd(block, from, to, maxBytes, isFirst);
  if (to === from) return undefined;
  waiting.left -= to - from;
  if (to === block.count) {
    waiting.part++;
    waiting.next = 0;
  } else {
    waiting.next = to;
  }
  return { call: waiting.call, range: { block, from, to }, first: part.first + from };
}

function fittingEnd(
  block: BlockRange['block'],
  from: number,
  limit: number,
  maxBytes: number,
  isFirst: boolean,
): number {
  let bytes = 0;
  for (let end = from; end < limit; end++) {
    bytes += rangeBytes({ block, from: end, to: end + 1 });
    if (bytes > maxBytes) return end === from && isFirst ? from + 1 : end;
  }
  return limit;
}
