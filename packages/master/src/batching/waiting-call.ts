/** A call while something of it waits, and the places in which it does: one, or one for each of its shapes. */
import type { Heaped, Linked, LinkedList } from '@serving/common';
import type { Run } from '../call/answered.js';
import type { CallPart, PredictCall } from '../call/predict-call.js';

export class WaitingCall implements Heaped {
  /** Among the deadlines of the method; -1 without one, and when nothing waits any more. */
  heapIndex = -1;
  readonly call: PredictCall;
  readonly places: readonly WaitingPlace[];
  /** Places in which something waits. */
  open: number;
  /** Some of it has been sent. */
  isBegun = false;

  constructor(
    call: PredictCall,
    places: readonly { readonly lane: string; readonly parts: readonly CallPart[] }[],
  ) {
    this.call = call;
    this.places = places.map(({ lane, parts }) => new WaitingPlace(this, lane, parts));
    this.open = this.places.length;
  }

  /** Instances that wait, in all places. */
  get left(): number {
    return this.places.reduce((sum, { left }) => sum + left, 0);
  }
}

/** A queue of places. */
export interface Home {
  readonly key: string;
  readonly instances: number;
  remove(place: WaitingPlace): Run[];
}

/** What of a call waits in one queue. */
export class WaitingPlace implements Linked<WaitingPlace> {
  previous: WaitingPlace | undefined;
  next: WaitingPlace | undefined;
  list: LinkedList<WaitingPlace> | undefined;
  /** The queue it was put into. */
  home: Home | undefined;
  readonly waiting: WaitingCall;
  /** What its instances have in common, as far as batches are told apart by it. */
  readonly lane: string;
  readonly parts: readonly CallPart[];
  /** The part that goes next, and the first instance of it that waits. */
  part = 0;
  from = 0;
  /** Instances that wait. */
  left: number;

  constructor(waiting: WaitingCall, lane: string, parts: readonly CallPart[]) {
    this.waiting = waiting;
    this.lane = lane;
    this.parts = parts;
    this.left = parts.reduce((sum, { block }) => sum + block.count, 0);
  }

  get call(): PredictCall {
    return this.waiting.call;
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
