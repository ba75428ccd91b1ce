/** A batch as it is handed to an executor, and how it ends without one. */
import { encodeReply, failure, ServingError } from '@serving/common';
import type { InstanceRange } from '../execution/batch-values.js';

export type { InstanceRange };

/** A batch as it is given to an executor. */
export interface BatchWork {
  /** As its master calls it; another master may call another batch the same. */
  readonly batchId: number;
  readonly method: string;
  /** Number of instances. */
  readonly count: number;
  /** Belongs to the executor afterwards. */
  readonly frame: ArrayBuffer;
  /**
   * Takes the reply frames, those of a streaming method while the batch runs; the last reply of each instance is final,
   * later ones are to be dropped.
   * @param onTaken to be called when the frame is on its way: a method that is streaming waits when too much is not
   */
  readonly onFrame: (frame: ArrayBuffer, onTaken?: () => void) => void;
  /** Called when every instance has had a final reply. */
  readonly onDone: () => void;
  /** Called instead of any reply when no instance was started: the batch may run elsewhere. */
  readonly onReturned: () => void;
  /**
   * Called instead of any reply when the thread has ended: whether instances were run is unknown.
   * @param overdue the batch did not return in time; these were worked on, and one of them is to blame
   */
  readonly onLost: (why: string, overdue?: InstanceRange) => void;
}

/** A failure for whatever instances have no final reply yet; sinks drop the rest. */
export function failRest(work: BatchWork, { code, message }: Pick<ServingError, 'code' | 'message'>): void {
  const reply = failure(0, work.count, new ServingError(code, message));
  work.onFrame(encodeReply({ batchId: work.batchId, reply, durations: [] }));
  work.onDone();
}

export function stageFailed({ method }: BatchWork, what: string): ServingError {
  return new ServingError('STAGE_FAILED', `Call method '${method}' Failed: the batch ${what}`);
}
