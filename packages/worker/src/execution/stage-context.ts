/** What a stage may know of the batch it runs in. */
export interface StageContext {
  readonly servable: string;
  readonly method: string;
  /** Position of the stage in the method, from 0. */
  readonly stageIndex: number;
  /** Longest time a promise of a function may take, in milliseconds, unless its stage says otherwise. */
  readonly timeoutMs: number;
  /** Nobody waits for the batch any more: checked between stages, instances and model runs. */
  readonly isCancelled: () => boolean;
  /** To be called after each instance or model run: the time limit counts from the last one. */
  readonly progress: () => void;
  /** To be called before instances are worked on: should the thread not come back, these are to blame. */
  readonly workOn: (first: number, count: number) => void;
  /** Whether responses may be given: false while too many of those before are not on their way yet. */
  readonly hasRoom: () => boolean;
  /**
   * The instances by the request they came with, where it is allowed to run them twice; otherwise all of them together.
   */
  readonly byRequest: (instances: readonly number[]) => readonly (readonly number[])[];
}
