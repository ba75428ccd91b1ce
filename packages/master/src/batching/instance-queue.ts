/** The waiting instances of one method: block ranges, first in first out within a priority, bounded. */
import { LinkedList, rangeBytes, ServingError, type BlockRange, type Linked } from '@serving/common';
import type { Run } from '../call/answered.js';
import type { BatchEntry } from '../call/batch.js';
import { instancesOf, type PredictCall } from '../call/predict-call.js';
import type { QueueLimits } from './batch-limits.js';

/** A call with what of it still waits. */
export class WaitingCall implements Linked<WaitingCall> {
  previous: WaitingCall | undefined;
  next: WaitingCall | undefined;
  list: LinkedList<WaitingCall> | undefined;
  readonly call: PredictCall;
  /** The part that goes next, and the first instance of it that waits. */
  part = 0;
  from = 0;
  /** Instances that wait. */
  left: number;

  constructor(call: PredictCall, left: number) {
    this.call = call;
    this.left = left;
  }
}

interface Level {
  readonly priority: number;
  /** In order of arrival. */
  readonly calls: LinkedList<WaitingCall>;
}

export class InstanceQueue {
  readonly #limits: QueueLimits;
  /** By priority, highest first. */
  readonly #levels: Level[] = [];
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

  /** The call as it waits from now on. @throws ServingError QUEUE_FULL; the call is not taken then */
  add(call: PredictCall): WaitingCall {
    const left = instancesOf(call);
    const waiting = new WaitingCall(call, left);
    if (left === 0) return waiting;
    this.#checkRoom(left, call.retainedBytes);
    this.#level(call.priority).add(waiting);
    this.#instances += left;
    this.#bytes += call.retainedBytes;
    return waiting;
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

  #level(priority: number): LinkedList<WaitingCall> {
    const index = this.#levels.findIndex((level) => level.priority <= priority);
    const found = this.#levels[index];
    if (found?.priority === priority) return found.calls;
    const level = { priority, calls: new LinkedList<WaitingCall>() };
    this.#levels.splice(index === -1 ? this.#levels.length : index, 0, level);
    return level.calls;
  }

  /** Takes up to `maxInstances` and `maxBytes`, but at least one instance if any waits. */
  take(maxInstances: number, maxBytes: number): BatchEntry[] {
    const entries: BatchEntry[] = [];
    let roomLeft = maxInstances;
    let bytesLeft = maxBytes;
    for (let waiting = this.#next(); waiting !== undefined && roomLeft > 0; waiting = this.#next()) {
      const entry = nextEntry(waiting, roomLeft, bytesLeft, entries.length === 0);
      if (entry === undefined) return entries;
      entries.push(entry);
      const count = entry.range.to - entry.range.from;
      roomLeft -= count;
      bytesLeft -= rangeBytes(entry.range);
      this.#instances -= count;
      if (waiting.left === 0) this.#forget(waiting);
    }
    return entries;
  }

  /** The call whose turn it is: a level that was emptied is gone, so the first one has it. */
  #next(): WaitingCall | undefined {
    return this.#levels[0]?.calls.first;
  }

  /** Takes the call out; gives the instances of it that still waited, by position in the request. */
  remove(waiting: WaitingCall): Run[] {
    if (waiting.list === undefined) return [];
    this.#instances -= waiting.left;
    this.#forget(waiting);
    const [next, ...later] = waiting.call.parts.slice(waiting.part);
    return [
      { first: next!.first + waiting.from, count: next!.block.count - waiting.from },
      ...later.map(({ first, block }) => ({ first, count: block.count })),
    ];
  }

  /** All calls of which something waits. */
  waiting(): WaitingCall[] {
    return this.#levels.flatMap(({ calls }) => calls.members());
  }

  #forget(waiting: WaitingCall): void {
    const { call, list } = waiting;
    list!.delete(waiting);
    // Priorities are the callers' to choose, so empty levels must not pile up.
    if (list!.size === 0)
      this.#levels.splice(
        this.#levels.findIndex(({ calls }) => calls === list),
        1,
      );
    this.#bytes -= call.retainedBytes;
  }
}

/** The waiting call's next range that fits; the first instance of a batch always does. */
function nextEntry(
  waiting: WaitingCall,
  maxInstances: number,
  maxBytes: number,
  isFirst: boolean,
): BatchEntry | undefined {
  const { parts } = waiting.call;
  while (parts[waiting.part]!.block.count === 0) waiting.part++;
  const part = parts[waiting.part]!;
  const { block } = part;
  const { from } = waiting;
  let to = Math.min(block.count, from + maxInstances);
  if (rangeBytes({ block, from, to }) > maxBytes) to = fittingEnd(block, from, to, maxBytes, isFirst);
  if (to === from) return undefined;
  waiting.left -= to - from;
  if (to === block.count) {
    waiting.part++;
    waiting.from = 0;
  } else {
    waiting.from = to;
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
