/**
 * The waiting instances of one method, or of one shape of it: block ranges, by priority. Within a priority, requests of
 * more than a batch wait apart from the small ones, and batches begin with the one and the other in turn; each kind goes
 * in order of arrival. So a small request waits for one batch of a large one at most, however large that is, and the
 * large one still moves on.
 */
import { LinkedList, rangeBytes, type BlockRange } from '@serving/common';
import type { BatchEntry } from '../call/batch.js';
import type { Run } from '../call/answered.js';
import type { QueueState } from './batch-rule.js';
import type { WaitingCall } from './waiting-call.js';

/** From when on a request is large. */
export interface BatchBounds {
  readonly maxBatchSize: number;
  readonly maxBatchBytes: number;
}

export interface TakenBatch {
  readonly entries: readonly BatchEntry[];
  /** Calls of which nothing waits in this queue any more. */
  readonly finished: readonly WaitingCall[];
}

class Level {
  readonly priority: number;
  readonly small = new LinkedList<WaitingCall>();
  readonly large = new LinkedList<WaitingCall>();
  /** What the next batch begins with, if both wait. */
  #startsLarge = false;

  constructor(priority: number) {
    this.priority = priority;
  }

  get isEmpty(): boolean {
    return this.small.size === 0 && this.large.size === 0;
  }

  /** The kind whose turn it is; the other one has the next. */
  takeTurn(): LinkedList<WaitingCall> {
    const turn = this.#startsLarge ? this.large : this.small;
    this.#startsLarge = !this.#startsLarge;
    return turn;
  }
}

export class InstanceQueue implements QueueState {
  readonly #bounds: BatchBounds;
  /** By priority, highest first. */
  readonly #levels: Level[] = [];
  #instances = 0;

  constructor(bounds: BatchBounds) {
    this.#bounds = bounds;
  }

  get instances(): number {
    return this.#instances;
  }

  get isBegun(): boolean {
    return this.#heads().some((waiting) => waiting.isBegun);
  }

  get oldestAt(): number {
    return Math.min(...this.#heads().map(({ call }) => call.arrivedAt));
  }

  get earliestDeadline(): number {
    return Math.min(...this.#heads().map(({ call }) => call.deadline.at));
  }

  /** Priority of what goes next; undefined when nothing waits. */
  get priority(): number | undefined {
    return this.#levels[0]?.priority;
  }

  #heads(): WaitingCall[] {
    return this.#levels
      .flatMap(({ small, large }) => [small.first, large.first])
      .filter((head) => head !== undefined);
  }

  add(waiting: WaitingCall): void {
    const { left, call } = waiting;
    const { maxBatchSize, maxBatchBytes } = this.#bounds;
    const level = this.#level(call.priority);
    const isLarge = left > maxBatchSize || call.retainedBytes > maxBatchBytes;
    (isLarge ? level.large : level.small).add(waiting);
    this.#instances += left;
  }

  #level(priority: number): Level {
    const index = this.#levels.findIndex((level) => level.priority <= priority);
    const found = this.#levels[index];
    if (found?.priority === priority) return found;
    const level = new Level(priority);
    this.#levels.splice(index === -1 ? this.#levels.length : index, 0, level);
    return level;
  }

  /** Takes up to `maxInstances` and `maxBytes`, but at least one instance if any waits. */
  take(maxInstances: number, maxBytes: number): TakenBatch {
    const room = new Room(maxInstances, maxBytes);
    for (let level = this.#levels[0]; level !== undefined && room.isOpen; level = this.#levels[0]) {
      const turn = level.takeTurn();
      this.#fill(room, turn);
      if (room.isOpen) this.#fill(room, turn === level.small ? level.large : level.small);
      // Its requests have gone, or what is left of them does not fit any more.
      if (!level.isEmpty) break;
      this.#levels.shift();
    }
    return room;
  }

  #fill(room: Room, list: LinkedList<WaitingCall>): void {
    for (let waiting = list.first; waiting !== undefined && room.isOpen; waiting = list.first) {
      const count = room.takeFrom(waiting);
      this.#instances -= count;
      if (waiting.left === 0) list.delete(waiting);
    }
  }

  /** Takes the call out; gives the instances of it that still waited, by position in the request. */
  remove(waiting: WaitingCall): Run[] {
    const { list, left, call } = waiting;
    if (list === undefined) return [];
    this.#instances -= left;
    list.delete(waiting);
    // Priorities are the callers' to choose, so empty levels must not pile up.
    const index = this.#levels.findIndex(({ priority }) => priority === call.priority);
    if (this.#levels[index]?.isEmpty === true) this.#levels.splice(index, 1);
    return waiting.rest();
  }

  /** All calls of which something waits. */
  waiting(): WaitingCall[] {
    return this.#levels.flatMap(({ small, large }) => [...small.members(), ...large.members()]);
  }
}

/** A batch that is being filled. */
class Room implements TakenBatch {
  readonly entries: BatchEntry[] = [];
  readonly finished: WaitingCall[] = [];
  #instances: number;
  #bytes: number;
  #isOpen = true;

  constructor(instances: number, bytes: number) {
    this.#instances = instances;
    this.#bytes = bytes;
  }

  /** Whether something may still fit. */
  get isOpen(): boolean {
    return this.#isOpen && this.#instances > 0;
  }

  /** Takes the call's next range that fits; the first instance of a batch always does. Gives its number of instances. */
  takeFrom(waiting: WaitingCall): number {
    const { parts } = waiting;
    while (parts[waiting.part]!.block.count === 0) waiting.part++;
    const part = parts[waiting.part]!;
    const { block } = part;
    const { from } = waiting;
    let to = Math.min(block.count, from + this.#instances);
    let bytes = rangeBytes({ block, from, to });
    if (bytes > this.#bytes) {
      to = this.#fittingEnd({ block, from, to });
      if (to === from) {
        this.#isOpen = false;
        return 0;
      }
      bytes = rangeBytes({ block, from, to });
    }
    const count = to - from;
    this.#instances -= count;
    this.#bytes -= bytes;
    this.entries.push({ call: waiting.call, range: { block, from, to }, first: part.first + from });
    advance(waiting, to, block.count);
    if (waiting.left === 0) this.finished.push(waiting);
    return count;
  }

  #fittingEnd({ block, from, to }: BlockRange): number {
    let bytes = 0;
    for (let end = from; end < to; end++) {
      bytes += rangeBytes({ block, from: end, to: end + 1 });
      if (bytes > this.#bytes) return end === from && this.entries.length === 0 ? from + 1 : end;
    }
    return to;
  }
}

function advance(waiting: WaitingCall, to: number, end: number): void {
  waiting.left -= to - waiting.from;
  waiting.from = to;
  if (to < end) return;
  waiting.part++;
  waiting.from = 0;
}
