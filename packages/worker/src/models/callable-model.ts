/** A loaded model as functions of the servable call it. */
import { setImmediate } from 'node:timers/promises';
import { allocate, asBytes, ServingError, Tensor, type Value } from '@serving/common';
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
      // How long a function that calls models for ever may take is what its timeout says: the runs are no progress of it.
      const control = { isCancelled: isLeft, progress: () => undefined };
      const given = instances.map((values) => values.map(asGiven));
      const outcomes = await runInstances(graphs[subgraph]!, given.entries(), control);
      // One that tries again for ever would keep the thread to itself.
      if (isLeft()) await setImmediate();
      return instances.map((_, position) => outcomes.get(position) ?? notReached);
    },
  };
}

/** A run begins after the call has returned, and a loop may have filled the same array again by then. */
function asGiven(value: Value): Value {
  if (!(value instanceof Tensor)) return value;
  const { dtype, shape, data } = value;
  const copy = allocate(dtype, data.length);
  asBytes(copy).set(asBytes(data));
  return new Tensor(dtype, shape, copy);
}
