/** What connects a declared model to its sessions, so that functions of the servable can run it. */
import type { ServingError, Value } from '@serving/common';

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

  /** Undefined while the configuration is still being read. */
  get model(): CallableModel | undefined {
    return this.#model;
  }
}
