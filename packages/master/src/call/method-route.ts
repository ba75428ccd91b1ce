/** The servable version and method a request was bound to. */
import type { MethodSignature } from '@serving/common';
import type { PredictCall } from './predict-call.js';

export interface MethodRoute {
  readonly servable: string;
  readonly version: number;
  readonly method: MethodSignature;
  /** The next step. */
  readonly queue: CallQueue;
}

export interface CallQueue {
  /** Instances that wait. */
  readonly waiting: number;
  /** Takes responsibility for the call: from here on its sink gets an outcome for every instance, whatever happens. */
  enqueue(call: PredictCall): void;
}
