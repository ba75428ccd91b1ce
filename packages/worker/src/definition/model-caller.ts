/** What connects a declared model to its sessions, so that functions of the servable can run it. */
import { ServingError, type Value } from '@serving/common';

/** The outputs of each instance, or why it has none. */
export type InstanceOutcome = readonly Value[] | ServingError;

/** A loaded model as functions call it. */
export interface CallableModel {
  readonly subgraphs: number;
  /** Inputs that a subgraph takes. */
  inputCount(subgraph: number): number;
  /** Runs instances, as many at a time as the model takes. */
  run(subgraph: number, instances: readonly (readonly Value[])[]): Promise<readonly InstanceOutcome[]>;
}

/** Made with the declaration, connected once the model is loaded. */
export class ModelCaller {
  #model: CallableModel | undefined;

  connect(model: CallableModel): void {
    this.#model = model;
  }

  /** @throws ServingError LOAD_FAILED while the configuration is still being read */
  get model(): CallableModel {
    if (this.#model !== undefined) return this.#model;
    throw new ServingError('LOAD_FAILED', 'the model is not loaded yet: models can be called by stages only');
  }
}
