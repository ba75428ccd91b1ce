/** A model stage: the instances of a batch through a model, as one run where they fit together. */
import { ServingError, type Tensor, type Value } from '@serving/common';
import type { ModelStageDefinition } from '../definition/definition.js';
import { fitted, misfit, wrongBool } from '../models/fit.js';
import type { LoadedGraph } from '../models/loaded-model.js';
import { runInstances, runStacked, WrongRows } from '../models/run-instances.js';
import { SlotValues, type BatchValues } from './batch-values.js';
import type { StageContext } from './stage-context.js';

export async function runModelStage(
  stage: ModelStageDefinition,
  graph: LoadedGraph,
  values: BatchValues,
  context: StageContext,
): Promise<void> {
  context.workOn(0, values.count);
  const columns = wholeColumns(stage, graph, values);
  if (columns !== undefined && (await runWhole(stage, graph, columns, values))) return;
  const outputs = stage.outputs.map((): (Value | undefined)[] => Array.from({ length: values.count }));
  // It may be the caller's doing, when a stage passes on what was sent, or the author's: the protocol's words come first.
  const located = ({ code, message }: ServingError) =>
    new ServingError(
      code,
      `${message}; an earlier stage gave it to model ${graph.file}, method: '${context.method}', stage index(begin with 1): ${context.stageIndex + 1}`,
    );
  const control = { ...context, mayStart: (instance: number) => values.isWanted(instance) };
  for (const [instance, outcome] of await runInstances(graph, argumentsOf(stage, values), control)) {
    if (outcome instanceof ServingError)
      values.fail(instance, isStageMade(stage, graph, values, instance) ? located(outcome) : outcome);
    else for (const [index, value] of outcome.entries()) outputs[index]![instance] = value;
  }
  for (const [index, slot] of stage.outputs.entries()) values.set(slot, SlotValues.ofRows(outputs[index]!));
}

/** Whether what the model does not take of an instance is an earlier stage's, not what the caller has sent. */
function isStageMade(
  stage: ModelStageDefinition,
  graph: LoadedGraph,
  values: BatchValues,
  instance: number,
): boolean {
  const wrong = stage.inputs.find(
    (slot, index) =>
      fitted(index, graph.inputs[index]!, values.slot(slot).row(instance)) instanceof ServingError,
  );
  return wrong !== undefined && !values.isInput(wrong);
}

function* argumentsOf(
  stage: ModelStageDefinition,
  values: BatchValues,
): Generator<readonly [number, readonly Value[]]> {
  const inputs = stage.inputs.map((slot) => values.slot(slot));
  for (const instance of values.startable()) yield [instance, inputs.map((input) => input.row(instance))];
}

/** Runs the batch as it is. False when that failed and its instances are to be told apart: they may be strangers. */
async function runWhole(
  stage: ModelStageDefinition,
  graph: LoadedGraph,
  columns: readonly Tensor[],
  values: BatchValues,
): Promise<boolean> {
  try {
    const outputs = await runStacked(graph, columns, values.count);
    for (const [index, slot] of stage.outputs.entries())
      values.set(slot, SlotValues.ofStacked(outputs[index]!));
  } catch (thrown) {
    if (values.count > 1 && !(thrown instanceof WrongRows)) return false;
    values.failAll(ServingError.from(thrown));
  }
  return true;
}

/** The stacked inputs as they are, when the whole batch can go through the model at once. */
function wholeColumns(
  stage: ModelStageDefinition,
  graph: LoadedGraph,
  values: BatchValues,
): Tensor[] | undefined {
  if (!graph.batched || graph.sharedInputs.size > 0 || values.anyFailed || values.count === 0)
    return undefined;
  if (graph.batchSize !== 0 && graph.batchSize !== values.count) return undefined;
  const columns: Tensor[] = [];
  for (const [index, slot] of stage.inputs.entries()) {
    const { column } = values.slot(slot);
    const port = graph.inputs[index]!;
    if (
      column === undefined ||
      misfit('model', index, port, column.dtype, column.shape.slice(1)) !== undefined
    )
      return undefined;
    if (wrongBool(column) !== undefined) return undefined;
    // A scalar sent as [1] has a stacked shape of one dimension more than the model's; only the rows path reshapes it.
    if (column.shape.length - 1 !== port.shape?.length) return undefined;
    columns.push(column);
  }
  return columns;
}
