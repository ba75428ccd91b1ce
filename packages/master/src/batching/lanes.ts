/**
 * The queues of one method: a single one, or, where batches are to hold equal shapes only, one for each shape or padded
 * size that waits.
 */
import type { Block, MethodSignature, Padding } from '@serving/common';
import type { Run } from '../call/answered.js';
import { instancesOf, type CallPart, type PredictCall } from '../call/predict-call.js';
import { InstanceQueue, type BatchBounds } from './instance-queue.js';
import { WaitingCall } from './waiting-call.js';

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
  const given = padding === undefined ? undefined : shape[padding.dimension];
  if (padding === undefined || given === undefined) return shape;
  const { dimension, sizes } = padding;
  const size = sizes.find((candidate) => candidate >= given);
  return size === undefined ? shape : shape.with(dimension, size);
}

export class Lanes {
  readonly #bounds: BatchBounds;
  readonly #laneOf: LaneRule;
  readonly #queues = new Map<string, InstanceQueue>();
  #instances = 0;

  constructor(bounds: BatchBounds, laneOf: LaneRule) {
    this.#bounds = bounds;
    this.#laneOf = laneOf;
    if (laneOf === undefined) this.#queues.set('', new InstanceQueue(bounds));
  }

  /** Instances waiting. */
  get instances(): number {
    return this.#instances;
  }

  get queues(): IterableIterator<InstanceQueue> {
    return this.#queues.values();
  }

  /** The call as it waits from now on: once for each lane; not at all when it has no instances. */
  add(call: PredictCall): WaitingCall[] {
    const waiting = this.#split(call);
    for (const one of waiting) {
      this.#queue(one.lane).add(one);
      this.#instances += one.left;
    }
    return waiting;
  }

  #split(call: PredictCall): WaitingCall[] {
    const { parts, retainedBytes: bytes } = call;
    const count = instancesOf(call);
    if (count === 0) return [];
    const laneOf = this.#laneOf;
    if (laneOf === undefined) return [new WaitingCall({ call, lane: '', parts, count, bytes })];
    const byLane = groupByLane(parts, laneOf);
    const share = Math.floor(bytes / byLane.size);
    return [...byLane].map(
      ([lane, own], index) =>
        new WaitingCall({
          call,
          lane,
          parts: own,
          count: countOf(own),
          bytes: index === 0 ? bytes - share * (byLane.size - 1) : share,
        }),
    );
  }

  #queue(lane: string): InstanceQueue {
    const known = this.#queues.get(lane);
    if (known !== undefined) return known;
    const queue = new InstanceQueue(this.#bounds);
    this.#queues.set(lane, queue);
    return queue;
  }

  /** Instances have been taken out of a queue. */
  taken(count: number): void {
    this.#instances -= count;
    this.#dropEmpty();
  }

  /** Takes out what still waits; gives its instances, by position in the request. */
  remove(waiting: WaitingCall): Run[] {
    if (waiting.list === undefined) return [];
    this.#instances -= waiting.left;
    const runs = this.#queues.get(waiting.lane)!.remove(waiting);
    this.#dropEmpty();
    return runs;
  }

  /** Shapes are the callers' to choose, so empty lanes must not pile up. */
  #dropEmpty(): void {
    if (this.#laneOf === undefined) return;
    for (const [lane, queue] of this.#queues) if (queue.instances === 0) this.#queues.delete(lane);
  }

  waiting(): WaitingCall[] {
    return [...this.#queues.values()].flatMap((queue) => queue.waiting());
  }
}

function groupByLane(
  parts: readonly CallPart[],
  laneOf: (block: Block) => string,
): ReadonlyMap<string, CallPart[]> {
  const byLane = new Map<string, CallPart[]>();
  for (const part of parts) {
    // Lanes hold instances.
    if (part.block.count === 0) continue;
    const lane = laneOf(part.block);
    const own = byLane.get(lane);
    if (own === undefined) byLane.set(lane, [part]);
    else own.push(part);
  }
  return byLane;
}

function countOf(parts: readonly CallPart[]): number {
  return parts.reduce((sum, { block }) => sum + block.count, 0);
}
