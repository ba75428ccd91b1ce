/**
 * The queues of one method: a single one, or, where batches are to hold equal shapes only, one for each shape or padded
 * size that waits.
 */
import type { Block, MethodSignature, Padding } from '@serving/common';
import type { Run } from '../call/answered.js';
import type { CallPart, PredictCall } from '../call/predict-call.js';
import { InstanceQueue, type BatchBounds, type TakenBatch } from './instance-queue.js';
import { WaitingCall, type Home, type WaitingPlace } from './waiting-call.js';

/** Names the lane of a block; undefined where all share one. */
export type LaneRule = ((block: Block) => string) | undefined;

/** By dtypes and shapes, or by the padded sizes of the inputs that are padded. */
export function laneRuleOf({ inputs, batching }: Pick<MethodSignature, 'inputs' | 'batching'>): LaneRule {
  const padded = new Map(
    inputs.flatMap(({ name, padding }) => (padding === undefined ? [] : [[name, padding]])),
  );
  const bySameShape = batching?.sameShapes === true;
  if (!bySameShape && padded.size === 0) return undefined;
  return (block) =>
    block.columns
      .filter(({ name }) => bySameShape || padded.has(name))
      .map(({ name, dtype, shape }) => `${name}:${dtype}[${paddedShape(shape, padded.get(name)).join(',')}]`)
      .join(' ');
}

function paddedShape(shape: readonly number[], padding: Padding | undefined): readonly number[] {
  if (padding === undefined) return shape;
  // A worker pads a scalar as a tensor of one element.
  const full = shape.length === 0 ? [1] : shape;
  const { dimension, sizes } = padding;
  const given = full[dimension];
  const size = given === undefined ? undefined : sizes.find((candidate) => candidate >= given);
  return size === undefined ? full : full.with(dimension, size);
}

/** Further shapes share a queue; a batch of that takes neighbours of one shape. Shapes are the callers' to choose. */
const mostQueues = 32;
const overflow = '\0';

export class Lanes {
  readonly #bounds: BatchBounds;
  readonly #laneOf: LaneRule;
  readonly #queues = new Map<string, InstanceQueue>();
  #instances = 0;
  #turns = 0;

  constructor(bounds: BatchBounds, laneOf: LaneRule) {
    this.#bounds = bounds;
    this.#laneOf = laneOf;
    if (laneOf === undefined) this.#queues.set('', new InstanceQueue(bounds, ''));
  }

  /** Instances waiting. */
  get instances(): number {
    return this.#instances;
  }

  /** Queues in which something waits, and the only one there may be. */
  get queues(): IterableIterator<InstanceQueue> {
    return this.#queues.values();
  }

  /** The call as it waits from now on; in no place when it has no instances. */
  add(call: PredictCall): WaitingCall {
    const waiting = new WaitingCall(call, this.#split(call.parts));
    for (const place of waiting.places) {
      this.#queue(place.lane).add(place);
      this.#instances += place.left;
    }
    return waiting;
  }

  #split(parts: readonly CallPart[]): { readonly lane: string; readonly parts: readonly CallPart[] }[] {
    const laneOf = this.#laneOf;
    if (laneOf === undefined) return hasInstances(parts) ? [{ lane: '', parts }] : [];
    const byLane = new Map<string, CallPart[]>();
    for (const part of parts) {
      if (part.block.count === 0) continue;
      const lane = laneOf(part.block);
      const own = byLane.get(lane);
      if (own === undefined) byLane.set(lane, [part]);
      else own.push(part);
    }
    return [...byLane].map(([lane, own]) => ({ lane, parts: own }));
  }

  #queue(lane: string): InstanceQueue {
    const key = this.#queues.has(lane) || this.#queues.size < mostQueues ? lane : overflow;
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue = new InstanceQueue(this.#bounds, key);
    this.#queues.set(key, queue);
    return queue;
  }

  /** Of the queues that are due, the one of the highest priority that has had no turn for longest. */
  next(isDue: (queue: InstanceQueue) => boolean): InstanceQueue | undefined {
    let best: InstanceQueue | undefined;
    for (const queue of this.#queues.values()) {
      if (queue.instances === 0 || !isDue(queue)) continue;
      if (best === undefined || isBefore(queue, best)) best = queue;
    }
    return best;
  }

  take(queue: InstanceQueue, maxInstances: number, maxBytes: number): TakenBatch {
    const waited = queue.instances;
    queue.turn = ++this.#turns;
    const taken = queue.take(maxInstances, maxBytes);
    this.#instances -= waited - queue.instances;
    this.#dropIfEmpty(queue);
    return taken;
  }

  /** Takes out what still waits in the place; gives its instances, by position in the request. */
  remove(place: WaitingPlace): Run[] {
    const { home, list, left } = place;
    if (home === undefined || list === undefined) return [];
    const runs = home.remove(place);
    this.#instances -= left;
    this.#dropIfEmpty(home);
    return runs;
  }

  #dropIfEmpty({ key, instances }: Home): void {
    if (this.#laneOf !== undefined && instances === 0) this.#queues.delete(key);
  }

  /** All places in which something waits. */
  places(): WaitingPlace[] {
    return [...this.#queues.values()].flatMap((queue) => queue.places());
  }
}

function hasInstances(parts: readonly CallPart[]): boolean {
  return parts.some(({ block }) => block.count > 0);
}

function isBefore(a: InstanceQueue, b: InstanceQueue): boolean {
  return a.priority === b.priority ? a.turn < b.turn : a.priority! > b.priority!;
}
