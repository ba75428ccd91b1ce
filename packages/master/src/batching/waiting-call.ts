/** A call with what of it still waits in one queue. */
import type { LinkedList, Linked } from '@serving/common';
import type { Run } from '../call/answered.js';
import type { CallPart, PredictCall } from '../call/predict-call.js';

export interface WaitingSettings {
  readonly call: PredictCall;
  readonly lane: string;
  readonly parts: readonly CallPart[];
  /** Instances in the parts, at least one. */
  readonly count: number;
  readonly bytes: number;
}

export class WaitingCall implements Linked<WaitingCall> {
  previous: WaitingCall | undefined;
  next: WaitingCall | undefined;
  list: LinkedList<WaitingCall> | undefined;
  readonly call: PredictCall;
  /** Name of the lane it waits in. */
  readonly lane: string;
  /** Those of the call's parts that wait here: all of them, unless its instances are of several shapes. */
  readonly parts: readonly CallPart[];
  /** The part that goes next, and the first instance of it that waits. */
  part = 0;
  from = 0;
  /** Instances that wait. */
  left: number;
  /** Bytes of the received message that it keeps alive: its share, when the call waits in several lanes. */
  readonly bytes: number;
  readonly #given: number;

  constructor({ call, lane, parts, count, bytes }: WaitingSettings) {
    this.call = call;
    this.lane = lane;
    this.parts = parts;
    this.left = count;
    this.bytes = bytes;
    this.#given = count;
  }

  /** Some of it has been sent. */
  get isBegun(): boolean {
    return this.left < this.#given;
  }

  /** What waits, by position in the request. */
  rest(): Run[] {
    const [next, ...later] = this.parts.slice(this.part);
    if (next === undefined) return [];
    return [
      { first: next.first + this.from, count: next.block.count - this.from },
      ...later.map(({ first, block }) => ({ first, count: block.count })),
    ];
  }
}
