/**
 * Instances through a model: those that fit run together, as many at a time as it takes; those that do not fit, and
 * those that the model fails on, get an error of their own.
 */
import { formatShape, ServingError, StringTensor, type Value } from '@serving/common';
import type { InstanceOutcome } from '../definition/model-caller.js';
import type { ModelTensor } from '../sessions/session.js';
import { groupsThatFit, halves, type Group } from './groups.js';
import type { LoadedGraph } from './loaded-model.js';
import { splitRows, stack } from './stacking.js';

/** What a run has to do with the batch it belongs to. */
export interface RunControl {
  /** Nobody waits any more: looked at between runs. */
  readonly isCancelled: () => boolean;
  /** Whether somebody waits for the instance at this position: looked at before each run. */
  readonly mayStart?: (position: number) => boolean;
  /** To be called after each run. */
  readonly progress: () => void;
}

/**
 * Runs that are asked for at once. The runtime defers each run by a turn of the event loop and then computes it in this
 * thread, so that runs still follow each other but share the turn; cancellation is looked at between waves.
 */
const runsInFlight = 8;

/**
 * Runs that may be added to find out which instances the model fails on. Finding one among n takes 2 log2 n, so this
 * does for eight in a batch of 64, or for every one of them in a batch of 48.
 */
const maxRetries = 96;

interface Run {
  readonly graph: LoadedGraph;
  readonly outcomes: Map<number, InstanceOutcome>;
  readonly control: RunControl;
  retriesLeft: number;
}

/**
 * Never throws.
 * @param instances by position, the values of each: one per input of the model
 * @returns by position, the outputs or the error of each; those that nobody waited for any more are missing
 */
export async function runInstances(
  graph: LoadedGraph,
  instances: Iterable<readonly [position: number, values: readonly Value[]]>,
  control: RunControl,
): Promise<ReadonlyMap<number, InstanceOutcome>> {
  const outcomes = new Map<number, InstanceOutcome>();
  const groups = groupsThatFit(graph, instances, (position, error) => outcomes.set(position, error));
  const run: Run = { graph, outcomes, control, retriesLeft: maxRetries };
  for (let next = 0; next < groups.length && !control.isCancelled(); next += runsInFlight) {
    await Promise.all(groups.slice(next, next + runsInFlight).map((group) => runGroup(run, group)));
  }
  return outcomes;
}

/**
 * Runs a group. What a model says of a run is about one value in it as a rule, and neither that value nor its failure
 * is any business of the other callers in the batch: a group that fails is run again by halves, down to the instances.
 */
async function runGroup(run: Run, group: Group): Promise<void> {
  const { graph, outcomes, control } = run;
  const { members, inputs } = group;
  if (control.mayStart !== undefined && !members.some(control.mayStart)) return;
  try {
    const results = graph.batched ? await runRows(graph, inputs) : await graph.session.run(inputs[0]!);
    control.progress();
    const columns = graph.batched ? results.map(splitRows) : results.map((result) => [result]);
    for (const [row, position] of members.entries())
      outcomes.set(
        position,
        columns.map((column) => asValue(column[row]!)),
      );
  } catch (thrown) {
    control.progress();
    await failed(run, group, thrown);
  }
}

async function failed(run: Run, group: Group, thrown: unknown): Promise<void> {
  const { members } = group;
  if (members.length === 1 || thrown instanceof WrongRows)
    return failAll(run, members, ServingError.from(thrown));
  if (run.retriesLeft <= 0) return failAll(run, members, untold(members.length));
  run.retriesLeft -= 2;
  for (const half of halves(group)) {
    if (run.control.isCancelled()) return undefined;
    await runGroup(run, half);
  }
  return undefined;
}

function failAll({ outcomes }: Run, members: readonly number[], error: ServingError): void {
  for (const position of members) outcomes.set(position, error);
}

/** The model's own text stays out of it: it may quote a value that only one of the callers gave. */
function untold(count: number): ServingError {
  const why = `the model failed on a batch of instances, too many times to tell which of ${count} it was`;
  return new ServingError('SESSION_FAILED', `Predict Failed: ${why}`);
}

/** A single text without dimensions is a plain value. */
function asValue(tensor: ModelTensor): Value {
  return tensor instanceof StringTensor && tensor.shape.length === 0 ? tensor.data[0]! : tensor;
}

function runRows(graph: LoadedGraph, inputs: Group['inputs']): Promise<ModelTensor[]> {
  const count = inputs.length;
  const size = graph.batchSize || count;
  const stacked = graph.inputs.map((_, index) => {
    if (graph.sharedInputs.has(index)) return inputs[0]![index]!;
    return stack(
      inputs.map((row) => row[index]!),
      size,
    );
  });
  return runStacked(graph, stacked, size);
}

/** The model is declared wrongly: fewer instances at a time would not make its outputs right. */
export class WrongRows extends ServingError {}

/** Runs stacked inputs and makes sure that each output has one row per instance. @throws ServingError SESSION_FAILED */
export async function runStacked(
  graph: LoadedGraph,
  inputs: readonly ModelTensor[],
  count: number,
): Promise<ModelTensor[]> {
  const results = await graph.session.run(inputs);
  for (const [index, result] of results.entries()) {
    if (result.shape[0] === count) continue;
    const { name } = graph.outputs[index]!;
    throw new WrongRows(
      'SESSION_FAILED',
      `Predict Failed: output ${name} of model ${graph.file}: expected ${count} rows for ${count} instances, given shape ${formatShape(result.shape)}; declare the model with withBatchDim: false if dimension 0 is not the batch`,
    );
  }
  return results;
}
