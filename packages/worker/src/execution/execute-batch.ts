/**
 * Runs a whole method on one batch to completion: stage after stage, then the outcome of every instance. Responses of a
 * streaming method go out while its last stage runs.
 */
import { failure, ServingError, type BatchContents, type Reply, type StageDuration } from '@serving/common';
import type { MethodDefinition, StageDefinition } from '../definition/definition.js';
import type { LoadedServable } from '../servables/load-servable.js';
import { BatchValues, cancelledError, SlotValues, type InstanceRange } from './batch-values.js';
import { byRequest } from './by-request.js';
import { Deadlines } from './deadlines.js';
import { runFunctionStage } from './function-stage.js';
import { runModelStage } from './model-stage.js';
import { checkOutput } from './output-check.js';
import { collectReplies } from './replies.js';
import { Responses } from './responses.js';
import type { StageContext } from './stage-context.js';
import { runStreamingStage } from './streaming-stage.js';

export interface BatchOutcome {
  /** Final replies of the instances that have not been sent one before, each once and in order. */
  readonly replies: readonly Reply[];
  readonly durations: readonly StageDuration[];
  /**
   * Whether the next such batch may be expected to take as long: nothing was left out, neither was it cancelled nor were
   * callers' deadlines passed. How long the responses of a streaming method take says nothing of the next ones.
   */
  readonly isWhole: boolean;
}

/** What a batch has to do with the thread it runs in. */
export interface BatchControl extends Pick<
  StageContext,
  'isCancelled' | 'progress' | 'timeoutMs' | 'hasRoom'
> {
  /** As for stages, with the position of the stage. */
  readonly workOn: (first: number, count: number, stage: number) => void;
  /** When the batch arrived at the worker, in the time of `now`: its callers' remaining times count from then. */
  readonly arrivedAt: number;
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
  /** Takes instances that nobody waits for any more while somebody does for others; undefined when there are none. */
  readonly takeCancelled: () => InstanceRange | undefined;
  /**
   * Takes replies of a streaming method before the batch is done.
   * @throws when the reply cannot be sent, for instance for want of memory
   */
  readonly emit: (reply: Reply) => void;
}

/** Never throws: whatever goes wrong is an outcome of the instances concerned. */
export async function executeBatch(
  servable: LoadedServable,
  batch: BatchContents,
  control: BatchControl,
): Promise<BatchOutcome> {
  try {
    const method = methodOf(servable, batch);
    const deadlines = new Deadlines(batch.calls, control.arrivedAt, control.now);
    const { takeCancelled } = control;
    const callers = { deadlines, takeCancelled };
    const values = new BatchValues(method.inputs, method.slotCount, batch.sections, callers);
    for (const { slot, value } of method.constants) values.set(slot, SlotValues.ofConstant(value));
    const responses = method.isStreaming ? new Responses(method, values, control.emit) : undefined;
    const durations = await runStages(servable, method, { batch, values, responses }, control);
    const replies = responses?.rest() ?? checkedReplies(method, values);
    const isWhole = responses === undefined && !control.isCancelled() && !values.anyLeftOut;
    return { replies, durations, isWhole };
  } catch (thrown) {
    return { replies: [failure(0, batch.count, ServingError.from(thrown))], durations: [], isWhole: false };
  }
}

function methodOf(servable: LoadedServable, batch: BatchContents): MethodDefinition {
  const method = servable.methods.get(batch.method);
  if (method !== undefined) return method;
  throw new ServingError('METHOD_NOT_FOUND', `servable ${servable.name} has no method ${batch.method}`);
}

function checkedReplies(method: MethodDefinition, values: BatchValues): Reply[] {
  for (const output of method.outputs) checkOutput(method, output, values);
  return collectReplies(method.outputs, values);
}

/** A batch while its stages run. */
interface RunningBatch {
  readonly batch: BatchContents;
  readonly values: BatchValues;
  /** Of a streaming method. */
  readonly responses: Responses | undefined;
}

async function runStages(
  servable: LoadedServable,
  method: MethodDefinition,
  { batch, values, responses }: RunningBatch,
  control: BatchControl,
): Promise<StageDuration[]> {
  const durations: StageDuration[] = [];
  for (const [stageIndex, stage] of method.stages.entries()) {
    if (control.isCancelled()) values.failAll(cancelledError);
    values.expire();
    if (values.allFailed) break;
    const context: StageContext = {
      servable: servable.name,
      method: method.name,
      stageIndex,
      byRequest: method.idempotent ? byRequest(batch.calls) : (instances) => [instances],
      ...control,
      workOn: (first, count) => control.workOn(first, count, stageIndex),
    };
    const started = performance.now();
    const isLast = stageIndex === method.stages.length - 1;
    await runStage(servable, stage, { values, responses: isLast ? responses : undefined }, context);
    const micros = Math.round((performance.now() - started) * 1000);
    durations.push({ stage: stageName(stage), micros, model: stage.kind === 'model' });
  }
  return durations;
}

async function runStage(
  servable: LoadedServable,
  stage: StageDefinition,
  { values, responses }: Pick<RunningBatch, 'values' | 'responses'>,
  context: StageContext,
): Promise<void> {
  try {
    if (stage.kind === 'function' && responses !== undefined)
      await runStreamingStage(stage, values, context, responses);
    else if (stage.kind === 'function') await runFunctionStage(stage, values, context);
    else
      await runModelStage(stage, servable.models.get(stage.model)!.graphs[stage.subgraph]!, values, context);
  } catch (thrown) {
    values.failAll(ServingError.from(thrown));
  }
  if (context.isCancelled()) values.failAll(cancelledError);
}

function stageName(stage: StageDefinition): string {
  return stage.kind === 'function' ? stage.name : stage.model.files[stage.subgraph]!;
}
