/** What a stage may know of the batch it runs in. */
export interface StageContext {
  readonly servable: string;
  readonly method: string;
  /** Position of the stage in the method, from 0. */
  readonly stageIndex: number;
  /** Nobody waits for the batch any more: checked between stages, instances and model runs. */
  readonly isCancelled: () => boolean;
  /** To be called after each instance or model run: the time limit counts from the last one. */
  readonly progress: () => void;
}
