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
import type { Home, WaitingPlace } from './waiting-call.js';

/** From when on a request is large. */
export interface BatchBounds {
  readonly maxBatchSize: number;
  readonly maxBatchBytes: number;
}

export interface TakenBatch {
  readonly entries: readonly BatchEntry[];
  /** Whose instances they are. */
  readonly places: readonly WaitingPlace[];
}

class Level {
  readonly priority: number;
  readonly small = new LinkedList<WaitingPlace>();
  readonly large = new LinkedList<WaitingPlace>();
  /** What the next batch begins with, if both wait. */
  #startsLarge = false;

  constructor(priority: number) {
    this.priority = priority;
  }

  get isEmpty(): boolean {
    return this.small.size === 0 && this.large.size === 0;
  }

  /** The kind whose turn it is; the other one has the next. */
  takeTurn(): LinkedList<WaitingPlace> {
    const turn = this.#startsLarge ? this.large : this.small;
    this.#startsLarge = !this.#startsLarge;
    return turn.size > 0 ? turn : this.other(turn);
  }

  other(list: LinkedList<WaitingPlace>): LinkedList<WaitingPlace> {
    return list === this.small ? this.large : this.small;
  }
}

export class InstanceQueue implements QueueState, Home {
  /** Tells the queues of a method apart. */
  readonly key: string;
  readonly #bounds: BatchBounds;
  /** By priority, highest first. */
  readonly #levels: Level[] = [];
  #instances = 0;
  #bytes = 0;
  /** When a batch was taken from it last, counted by whoever chooses among queues. */
  turn = 0;

  constructor(bounds: BatchBounds, key = '') {
    this.#bounds = bounds;
    this.key = key;
  }

  get instances(): number {
    return this.#instances;
  }

  /** Bytes of the messages of calls that wait, wholly or in part. */
  get bytes(): number {
    return this.#bytes;
  }

  get isBegun(): boolean {
    return (
      this.#levels[0]?.large.first?.waiting.isBegun === true || this.#firstSmall?.waiting.isBegun === true
    );
  }

  get oldestAt(): number {
    const [small, large] = [this.#firstSmall, this.#levels[0]?.large.first];
    return Math.min(small?.call.arrivedAt ?? Infinity, large?.call.arrivedAt ?? Infinity);
  }

  get #firstSmall(): WaitingPlace | undefined {
    return this.#levels[0]?.small.first;
  }

  /** Priority of what goes next; undefined when nothing waits. */
  get priority(): number | undefined {
    return this.#levels[0]?.priority;
  }

  /** @param place with at least one instance */
  add(place: WaitingPlace): void {
    const { left, call } = place;
    const { maxBatchSize, maxBatchBytes } = this.#bounds;
    const level = this.#level(call.priority);
    const isLarge = left > maxBatchSize || call.retainedBytes > maxBatchBytes;
    (isLarge ? level.large : level.small).add(place);
    place.home = this;
    this.#instances += left;
    this.#bytes += call.retainedBytes;
  }

  #level(priority: number): Level {
    const index = this.#indexOf(priority);
    const found = this.#levels[index];
    if (found?.priority === priority) return found;
    const level = new Level(priority);
    this.#levels.splice(index, 0, level);
    return level;
  }

  /** Where the level is, or would be. */
  #indexOf(priority: number): number {
    let [low, high] = [0, this.#levels.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#levels[middle]!.priority > priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes up to `maxInstances` and `maxBytes` of one lane, but at least one instance if any waits. */
  take(maxInstances: number, maxBytes: number): TakenBatch {
    const room = new Room(maxInstances, maxBytes);
    for (let level = this.#levels[0]; level !== undefined && room.isOpen; level = this.#levels[0]) {
      const turn = level.takeTurn();
      this.#fill(room, turn);
      if (room.isOpen) this.#fill(room, level.other(turn));
      // Its requests have gone, or what is left of them does not fit any more.
      if (!level.isEmpty) break;
      this.#levels.shift();
    }
    return room;
  }

  #fill(room: Room, list: LinkedList<WaitingPlace>): void {
    for (let place = list.first; place !== undefined && room.isOpen; place = list.first) {
      this.#instances -= room.takeFrom(place);
      if (place.left > 0) continue;
      list.delete(place);
      this.#bytes -= place.call.retainedBytes;
    }
  }

  /** Takes out what still waits in the place; gives its instances, by position in the request. */
  remove(place: WaitingPlace): Run[] {
    const { list, left, call } = place;
    if (list === undefined) return [];
    this.#instances -= left;
    this.#bytes -= call.retainedBytes;
    list.delete(place);
    // Priorities are the callers' to choose, so empty levels must not pile up.
    const index = this.#indexOf(call.priority);
    if (this.#levels[index]!.isEmpty) this.#levels.splice(index, 1);
    const runs = place.rest();
    place.left = 0;
    return runs;
  }

  /** All places in which something waits. */
  places(): WaitingPlace[] {
    return this.#levels.flatMap(({ small, large }) => [...small.members(), ...large.members()]);
  }
}

/** A batch that is being filled. */
class Room implements TakenBatch {
  readonly entries: BatchEntry[] = [];
  readonly places: WaitingPlace[] = [];
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

  /** Takes the next range of it that fits; the first instance of a batch always does. Gives its number of instances. */
  takeFrom(place: WaitingPlace): number {
    if (this.places.length > 0 && this.places[0]!.lane !== place.lane) return this.#close();
    const { parts } = place;
    while (parts[place.part]!.block.count === 0) place.part++;
    const part = parts[place.part]!;
    const { block } = part;
    const { from } = place;
    let to = Math.min(block.count, from + this.#instances);
    let bytes = rangeBytes({ block, from, to });
    if (bytes > this.#bytes) {
      to = this.#fittingEnd({ block, from, to });
      if (to === from) return this.#close();
      bytes = rangeBytes({ block, from, to });
    }
    this.#instances -= to - from;
    this.#bytes -= bytes;
    this.entries.push({ call: place.call, range: { block, from, to }, first: part.first + from });
    if (this.places.at(-1) !== place) this.places.push(place);
    advance(place, to, block.count);
    return to - from;
  }

  #close(): number {
    this.#isOpen = false;
    return 0;
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

function advance(place: WaitingPlace, to: number, end: number): void {
  place.waiting.isBegun = true;
  place.left -= to - place.from;
  place.from = to;
  if (to < end) return;
  place.part++;
  place.from = 0;
}
