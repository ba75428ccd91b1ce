/**
 * A model stage: instances that fit the model run together, as many at a time as it takes. Instances whose inputs do
 * not fit fail alone, with MindSpore Serving's texts followed by what was expected and given.
 */
import {
  elementWidth,
  formatShape,
  mindsporeTypeName,
  ServingError,
  Tensor,
  type DataType,
  type Value,
} from '@serving/common';
import type { ModelStageDefinition } from '../servables/definition.js';
import type { LoadedModel } from '../servables/loaded-model.js';
import type { ModelPort } from '../sessions/session.js';
import { rowsOf, SlotValues, stack, type BatchValues } from './batch-values.js';
import type { StageContext } from './stage-context.js';

/**
 * Runs that are asked for at once. The runtime defers each run by a turn of the event loop and then computes it in this
 * thread, so that runs still follow each other but share the turn; cancellation is looked at between waves.
 */
const runsInFlight = 8;

/**
 * Runs that a stage may add to find out which instances the model fails on. Finding one among n takes 2 log2 n, so this
 * does for eight in a batch of 64, or for every one of them in a batch of 48.
 */
const maxRetries = 96;

export async function runModelStage(
  stage: ModelStageDefinition,
  model: LoadedModel,
  values: BatchValues,
  context: StageContext,
): Promise<void> {
  const columns = wholeColumns(stage, model, values);
  if (columns !== undefined && (await runWhole(stage, model, columns, values))) return;
  const outputs = stage.outputs.map((): (Value | undefined)[] => Array.from({ length: values.count }));
  const groups = groupsThatFit(stage, model, values);
  const run = { model, values, outputs, context, retries: { left: maxRetries } };
  for (let next = 0; next < groups.length && !context.isCancelled(); next += runsInFlight) {
    const wave = groups.slice(next, next + runsInFlight);
    await Promise.all(wave.map((group) => runGroup(run, group)));
  }
  for (const [index, slot] of stage.outputs.entries()) values.set(slot, SlotValues.ofRows(outputs[index]!));
}

/** Runs the batch as it is. False when that failed and its instances are to be told apart: they may be strangers. */
async function runWhole(
  stage: ModelStageDefinition,
  model: LoadedModel,
  columns: readonly Tensor[],
  values: BatchValues,
): Promise<boolean> {
  try {
    const outputs = await runStacked(model, columns, values.count);
    for (const [index, slot] of stage.outputs.entries())
      values.set(slot, SlotValues.ofColumn(outputs[index]!));
  } catch (thrown) {
    if (values.count > 1 && !(thrown instanceof WrongRows)) return false;
    values.failAll(ServingError.from(thrown));
  }
  return true;
}

/** The stacked inputs as they are, when the whole batch can go through the model at once. */
function wholeColumns(
  stage: ModelStageDefinition,
  model: LoadedModel,
  values: BatchValues,
): Tensor[] | undefined {
  if (!model.batched || values.anyFailed || values.count === 0) return undefined;
  if (model.batchSize !== 0 && model.batchSize !== values.count) return undefined;
  const columns: Tensor[] = [];
  for (const [index, slot] of stage.inputs.entries()) {
    const column = values.slot(slot).column;
    if (
      column === undefined ||
      misfit(index, model.inputs[index]!, column.dtype, column.shape.slice(1)) !== undefined
    )
      return undefined;
    // A scalar sent as [1] has a stacked shape of one dimension more than the model's; only the rows path reshapes it.
    if (column.shape.length - 1 !== model.inputs[index]!.shape.length) return undefined;
    columns.push(column);
  }
  return columns;
}

interface Group {
  readonly instances: number[];
  /** Per instance the model's inputs, in the model's own shapes. */
  readonly inputs: Tensor[][];
}

/** Instances of one shape each, at most as many as the model takes; those that do not fit are failed. */
function groupsThatFit(stage: ModelStageDefinition, model: LoadedModel, values: BatchValues): Group[] {
  const limit = model.batched ? model.batchSize || Infinity : 1;
  const open = new Map<string, Group>();
  const groups: Group[] = [];
  for (const instance of values.alive()) {
    const inputs = fittingInputs(stage, model, values, instance);
    if (inputs === undefined) continue;
    const key = limit === 1 ? '' : inputs.map((input) => input.shape.join()).join(';');
    let group = open.get(key);
    if (group === undefined || group.instances.length >= limit) {
      group = { instances: [], inputs: [] };
      open.set(key, group);
      groups.push(group);
    }
    group.instances.push(instance);
    group.inputs.push(inputs);
  }
  return groups;
}

function fittingInputs(
  stage: ModelStageDefinition,
  model: LoadedModel,
  values: BatchValues,
  instance: number,
): Tensor[] | undefined {
  const inputs: Tensor[] = [];
  for (const [index, slot] of stage.inputs.entries()) {
    const value = values.slot(slot).row(instance);
    const port = model.inputs[index]!;
    const problem =
      value instanceof Tensor
        ? misfit(index, port, value.dtype, value.shape)
        : notNumeric(index, port, value);
    if (problem !== undefined) {
      values.fail(instance, problem);
      return undefined;
    }
    inputs.push(inModelShape(value as Tensor, port));
  }
  return inputs;
}

/** The same elements with `[]` for `[1]` or the other way round, as the model has it. */
function inModelShape(tensor: Tensor, port: ModelPort): Tensor {
  if (tensor.shape.length === port.shape.length) return tensor;
  return new Tensor(tensor.dtype, port.shape.length === 0 ? [] : [1], tensor.data);
}

/** MindSpore Serving's rule that `[]` and `[1]` are the same scalar, beside an exact comparison of shapes. */
function fits(port: ModelPort, shape: readonly number[]): boolean {
  if (shape.length === 0 && port.shape.length === 1)
    return port.shape[0] === 1 || typeof port.shape[0] === 'string';
  if (port.shape.length === 0) return shape.length === 0 || (shape.length === 1 && shape[0] === 1);
  if (shape.length !== port.shape.length) return false;
  return port.shape.every((dimension, axis) => typeof dimension === 'string' || dimension === shape[axis]);
}

function misfit(
  index: number,
  port: ModelPort,
  dtype: DataType,
  shape: readonly number[],
): ServingError | undefined {
  if (dtype === port.dtype && fits(port, shape)) return undefined;
  const problem =
    dtype === port.dtype
      ? sizeText(index, port, shape)
      : `Given model input ${index} data type ${mindsporeTypeName(dtype)} not match the data type ${mindsporeTypeName(port.dtype)} defined in model`;
  return new ServingError(
    'INPUT_MISMATCH',
    `${problem}; input ${port.name}: expected ${port.dtype} ${formatShape(port.shape)}, given ${dtype} ${formatShape(shape)}`,
  );
}

/** The original compares sizes only, so its text for a wrong shape speaks of sizes; without fixed sizes, of shapes. */
function sizeText(index: number, port: ModelPort, shape: readonly number[]): string {
  const given = shape.reduce((product, dimension) => product * dimension, elementWidth(port.dtype));
  const expected = port.shape.reduce<number>(
    (product, dimension) => (typeof dimension === 'string' ? NaN : product * dimension),
    elementWidth(port.dtype),
  );
  if (Number.isNaN(expected) || expected === given) {
    return `Given model input ${index} shape ${formatShape(shape)} not match the shape ${formatShape(port.shape)} defined in model`;
  }
  return `Given model input ${index} size ${given} not match the size ${expected} defined in model`;
}

function notNumeric(index: number, port: ModelPort, value: string | Uint8Array): ServingError {
  const dtype = typeof value === 'string' ? 'string' : 'bytes';
  return misfit(index, port, dtype, [])!;
}

/** What the groups of a stage share. */
interface StageRun {
  readonly model: LoadedModel;
  readonly values: BatchValues;
  readonly outputs: (Value | undefined)[][];
  readonly context: StageContext;
  readonly retries: { left: number };
}

/**
 * Runs a group. What a model says of a run is about one value in it as a rule, and neither that value nor its failure
 * is any business of the other callers in the batch: a group that fails is run again by halves, down to the instances.
 */
async function runGroup(run: StageRun, group: Group): Promise<void> {
  const { model, values, outputs, context, retries } = run;
  const { instances, inputs } = group;
  try {
    const results = model.batched ? await runRows(model, inputs) : await runOne(model, inputs[0]!);
    context.progress();
    for (const [index, rows] of results.entries()) {
      for (const [position, instance] of instances.entries()) outputs[index]![instance] = rows[position];
    }
  } catch (thrown) {
    context.progress();
    if (instances.length === 1 || thrown instanceof WrongRows)
      return failTogether(values, instances, ServingError.from(thrown));
    if (retries.left <= 0) return failTogether(values, instances, untold(instances.length));
    retries.left -= 2;
    for (const half of halves(group)) {
      if (context.isCancelled()) return;
      await runGroup(run, half);
    }
  }
}

function halves({ instances, inputs }: Group): Group[] {
  const middle = instances.length >> 1;
  return [
    { instances: instances.slice(0, middle), inputs: inputs.slice(0, middle) },
    { instances: instances.slice(middle), inputs: inputs.slice(middle) },
  ];
}

function failTogether(values: BatchValues, instances: readonly number[], error: ServingError): void {
  for (const instance of instances) values.fail(instance, error);
}

/** The model's own text stays out of it: it may quote a value that only one of the callers gave. */
function untold(count: number): ServingError {
  const why = `the model failed on a batch of instances, too many times to tell which of ${count} it was`;
  return new ServingError('SESSION_FAILED', `Predict Failed: ${why}`);
}

async function runRows(model: LoadedModel, inputs: readonly Tensor[][]): Promise<Tensor[][]> {
  const count = inputs.length;
  const stacked = model.inputs.map((_, index) =>
    stack(
      inputs.map((row) => row[index]!),
      model.batchSize || count,
    ),
  );
  const results = await runStacked(model, stacked, model.batchSize || count);
  return results.map(rowsOf);
}

async function runOne(model: LoadedModel, inputs: readonly Tensor[]): Promise<Tensor[][]> {
  const results = await model.session.run(inputs);
  return results.map((result) => [result]);
}

/** The model is declared wrongly: fewer instances at a time would not make its outputs right. */
class WrongRows extends ServingError {}

/** Runs stacked inputs and makes sure that each output has one row per instance. */
async function runStacked(model: LoadedModel, inputs: readonly Tensor[], count: number): Promise<Tensor[]> {
  const results = await model.session.run(inputs);
  for (const [index, result] of results.entries()) {
    if (result.shape[0] === count) continue;
    const { name } = model.outputs[index]!;
    throw new WrongRows(
      'SESSION_FAILED',
      `Predict Failed: output ${name} of model ${model.definition.file}: expected ${count} rows for ${count} instances, given shape ${formatShape(result.shape)}; declare the model with withBatchDim: false if dimension 0 is not the batch`,
    );
  }
  return results;
}
