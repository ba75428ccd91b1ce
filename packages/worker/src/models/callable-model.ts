/** A loaded model as functions of the servable call it. */
import { ServingError } from '@serving/common';
import type { CallableModel } from '../definition/model-caller.js';
import type { LoadedModel } from './loaded-model.js';
import { runInstances, type RunControl } from './run-instances.js';

const notReached = new ServingError('CANCELLED', 'nobody waits for the batch any more');

export function callableModel({ graphs }: LoadedModel, isCancelled: () => boolean): CallableModel {
  // A function that calls models for ever has to count as one that stands still, so the runs are no progress of it.
  const control: RunControl = { isCancelled, progress: () => undefined };
  return {
    subgraphs: graphs.length,
    inputCount: (subgraph) => graphs[subgraph]!.inputs.length,
    async run(subgraph, instances) {
      const outcomes = await runInstances(graphs[subgraph]!, instances.entries(), control);
      return instances.map((_, position) => outcomes.get(position) ?? notReached);
    },
  };
}
