/** A declared model with its sessions, the batch dimension understood: what one instance looks like, how many fit in a run. */
import { ServingError } from '@serving/common';
import { modelKey, type ModelDefinition } from '../definition/definition.js';
import { nameless, type ModelPort, type Session } from '../sessions/session.js';
import { differentBatches } from './batch-dimension.js';

/** One file of a model. */
export interface LoadedGraph {
  /** The file, for messages. */
  readonly file: string;
  readonly session: Session;
  /** Dimension 0 is the batch. */
  readonly batched: boolean;
  /** Instances a run takes: a number when the model fixes it, 0 when any number. Without a batch dimension 1. */
  readonly batchSize: number;
  /** Ports as one instance sees them: without the batch dimension. */
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** Positions of inputs that have no batch dimension although the others do: a run has one value of each. */
  readonly sharedInputs: ReadonlySet<number>;
}

export interface LoadedModel {
  readonly definition: ModelDefinition;
  /** One per file. */
  readonly graphs: readonly LoadedGraph[];
}

/**
 * @param sessions one per file, in order
 * @throws ServingError LOAD_FAILED when the batch dimension is missing or disagrees between inputs, outputs and files
 */
export function understandModel(definition: ModelDefinition, sessions: readonly Session[]): LoadedModel {
  checkFreeDimensions(definition, sessions);
  const graphs = sessions.map((session, index) => understandGraph(definition, index, session));
  const sizes = [...new Set(graphs.map(({ batchSize }) => batchSize))];
  if (sizes.length > 1)
    throw mistake(
      modelKey(definition),
      `the batch sizes ${sizes.map((size) => size || 'any').join(' and ')} of its subgraphs differ; expected one for all`,
    );
  return { definition, graphs };
}

/** A misspelt name would be no dimension's, and nobody would learn that it has no effect. */
function checkFreeDimensions(definition: ModelDefinition, sessions: readonly Session[]): void {
  const symbols = new Set(sessions.flatMap((session) => [...session.symbols]));
  for (const name of Object.keys(definition.session.freeDimensions ?? {})) {
    if (symbols.has(name)) continue;
    const there = symbols.size === 0 ? 'it has none' : `it has ${[...symbols].join(', ')}`;
    const advice = name === nameless ? '; a dimension without a name cannot be given a size' : '';
    throw mistake(
      modelKey(definition),
      `session.freeDimensions: expected names of its symbolic dimensions, given ${name}; ${there}${advice}`,
    );
  }
}

function understandGraph(definition: ModelDefinition, index: number, session: Session): LoadedGraph {
  const file = definition.files[index]!;
  if (!definition.withBatchDim) {
    const { inputs, outputs } = session;
    return { file, session, batched: false, batchSize: 1, inputs, outputs, sharedInputs: new Set() };
  }
  const sharedInputs = sharedOf(definition, file, session);
  const batchedInputs = session.inputs.filter((_, position) => !sharedInputs.has(position));
  return {
    file,
    session,
    batched: true,
    batchSize: batchSizeOf(definition, file, batchedInputs, session.outputs),
    inputs: session.inputs.map((port, position) => (sharedInputs.has(position) ? port : perInstance(port))),
    outputs: session.outputs.map(perInstance),
    sharedInputs,
  };
}

function sharedOf(definition: ModelDefinition, file: string, { inputs }: Session): ReadonlySet<number> {
  const missing = definition.withoutBatchDimInputs.find((position) => position >= inputs.length);
  if (missing !== undefined)
    throw mistake(
      file,
      `withoutBatchDimInputs: expected positions below ${inputs.length}, the number of its inputs, given ${missing}`,
    );
  return new Set(definition.withoutBatchDimInputs);
}

const declareOtherwise =
  'with withBatchDim: false, or name the inputs without a batch dimension in withoutBatchDimInputs';

function batchSizeOf(
  definition: ModelDefinition,
  file: string,
  inputs: readonly ModelPort[],
  outputs: readonly ModelPort[],
): number {
  // A batch of one is a whole run.
  if (inputs.length === 0 && !outputs.every(({ shape }) => shape?.[0] === 1))
    throw mistake(
      file,
      'none of its inputs has a batch dimension, so that its outputs are those of a whole run; declare it with withBatchDim: false',
    );
  const anyRank = inputs.find(({ shape }) => shape === undefined);
  if (anyRank !== undefined)
    throw mistake(
      file,
      `${anyRank.name} may have any number of dimensions, and so none for the batch; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs`,
    );
  const sizes = new Set<number>();
  for (const port of [...inputs, ...outputs]) {
    // Whether an output of any rank has a row for each instance is seen in each run.
    if (port.shape === undefined) continue;
    const size = port.shape[0];
    if (size === undefined) {
      throw mistake(
        file,
        `${port.name} is a scalar and has no batch dimension; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs`,
      );
    }
    if (typeof size === 'number') sizes.add(size);
  }
  const different = definition.isBatchDimStated ? undefined : differentBatches(inputs);
  if (different !== undefined)
    throw mistake(
      file,
      `dimension 0 of its inputs has different names, ${different}, and may not be the batch of all; declare it with withBatchDim: true if it is, and otherwise ${declareOtherwise}`,
    );
  if (sizes.has(0))
    throw mistake(
      file,
      'the batch size 0, dimension 0 of its inputs and outputs, holds no instance; declare the model with withBatchDim: false, or export it with a symbolic dimension',
    );
  const [size = 0, other] = sizes;
  if (other !== undefined)
    throw mistake(
      file,
      `the batch sizes ${[...sizes].join(' and ')} of its inputs and outputs differ; declare it ${declareOtherwise}`,
    );
  return size;
}

function perInstance(port: ModelPort): ModelPort {
  return { ...port, shape: port.shape?.slice(1) };
}

function mistake(file: string, what: string): ServingError {
  return new ServingError('LOAD_FAILED', `model ${file}: ${what}`);
}
