/** A session with its batch dimension understood: what one instance looks like and how many fit in a run. */
import { ServingError } from '@serving/common';
import type { ModelPort, Session } from '../sessions/session.js';
import type { ModelDefinition } from './definition.js';

export interface LoadedModel {
  readonly definition: ModelDefinition;
  readonly session: Session;
  /** Dimension 0 is the batch. */
  readonly batched: boolean;
  /** Instances a run takes: a number when the model fixes it, 0 when any number. Without a batch dimension 1. */
  readonly batchSize: number;
  /** Ports as one instance sees them: without the batch dimension. */
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
}

/** @throws ServingError LOAD_FAILED when the batch dimension is missing or disagrees between inputs and outputs */
export function understandModel(definition: ModelDefinition, session: Session): LoadedModel {
  if (!definition.withBatchDim) {
    return {
      definition,
      session,
      batched: false,
      batchSize: 1,
      inputs: session.inputs,
      outputs: session.outputs,
    };
  }
  const ports = [...session.inputs, ...session.outputs];
  const sizes = new Set<number>();
  for (const port of ports) {
    const size = port.shape[0];
    if (size === undefined) {
      throw mistake(
        definition,
        `${port.name} is a scalar and has no batch dimension; declare the model with withBatchDim: false`,
      );
    }
    if (typeof size === 'number') sizes.add(size);
  }
  const [size = 0, other] = sizes;
  if (other !== undefined)
    throw mistake(
      definition,
      `the batch sizes ${[...sizes].join(' and ')} of its inputs and outputs differ; declare it with withBatchDim: false`,
    );
  const perInstance = (port: ModelPort): ModelPort => ({ ...port, shape: port.shape.slice(1) });
  return {
    definition,
    session,
    batched: true,
    batchSize: size,
    inputs: session.inputs.map(perInstance),
    outputs: session.outputs.map(perInstance),
  };
}

/** Whether dimension 0 of every input and output is symbolic, so that any number of instances can share a run. */
export function isFreelyBatched(session: Session): boolean {
  return [...session.inputs, ...session.outputs].every((port) => typeof port.shape[0] === 'string');
}

function mistake({ file, at }: ModelDefinition, what: string): ServingError {
  return new ServingError('LOAD_FAILED', `${at === undefined ? '' : `${at}: `}model ${file}: ${what}`);
}
