/** A loaded model as functions of the servable call it. */
import { setImmediate } from 'node:timers/promises';
import { ServingError } from '@serving/common';
import type { CallableModel } from '../definition/model-caller.js';
import type { LoadedModel } from './loaded-model.js';
import { currentUser } from './model-user.js';
import { runInstances } from './run-instances.js';

const notReached = new ServingError('CANCELLED', 'nobody waits for the batch any more');

export function callableModel({ graphs }: LoadedModel, isCancelled: () => boolean): CallableModel {
  return {
    subgraphs: graphs.length,
    inputCount: (subgraph) => graphs[subgraph]!.inputs.length,
    async run(subgraph, instances) {
      const user = currentUser();
      const isLeft = () => user?.isLeft === true || isCancelled();
      // A function that calls models for ever has to count as one that stands still, so the runs are no progress of it.
      const control = { isCancelled: isLeft, progress: () => undefined };
      const outcomes = await runInstances(graphs[subgraph]!, instances.entries(), control);
      // One that tries again for ever would keep the thread to itself.
      if (isLeft()) await setImmediate();
      return instances.map((_, position) => outcomes.get(position) ?? notReached);
    },
  };
}
