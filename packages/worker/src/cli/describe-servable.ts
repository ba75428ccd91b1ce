/** A loaded servable in words: what `serving-worker check` prints. */
import { formatShape, type Port, type Value } from '@serving/common';
import type { FunctionStageDefinition, MethodDefinition, StageDefinition } from '../definition/definition.js';
import type { CorePlan } from '../executors/core-plan.js';
import { layoutOf } from '../models/fit.js';
import type { LoadedGraph } from '../models/loaded-model.js';
import type { LoadedServable } from '../servables/load-servable.js';
import { openPorts } from '../servables/signature.js';

/** What two runs of a model file on zeros took, or why there were none. */
export type TimedRun = { readonly firstMs: number; readonly secondMs: number } | { readonly failure: string };

type TimedRuns = ReadonlyMap<string, TimedRun>;

export function describeServable(servable: LoadedServable, plan: CorePlan, runs: TimedRuns): string {
  const { name, version, methods, models } = servable;
  const graphs = [...models.values()].flatMap((model) => model.graphs);
  const lines = [
    `servable ${name} version ${version}`,
    `plan: ${plan.summary}`,
    '',
    graphs.length === 0 ? 'models: none' : 'models:',
    ...graphs.flatMap((graph) => describeGraph(graph, runs)),
    '',
    'methods:',
    ...[...methods.values()].flatMap((method) => describeMethod(method, servable)),
    '',
    ...openLines(servable),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function describeGraph(graph: LoadedGraph, runs: TimedRuns): string[] {
  const run = runs.get(graph.file)!;
  const times =
    'failure' in run
      ? `a run on zeros failed, which real inputs need not: ${run.failure}`
      : `a run on zeros takes ${run.firstMs.toFixed(2)} ms at first, then ${run.secondMs.toFixed(2)} ms`;
  const port = (one: Port, index: number) =>
    `${describePort(one)}${graph.sharedInputs.has(index) ? ' (one for a whole run)' : ''}`;
  return [
    `  ${graph.file}: ${batching(graph)}`,
    `    inputs:  ${graph.inputs.map(port).join(', ') || 'none'}`,
    `    outputs: ${graph.outputs.map(describePort).join(', ') || 'none'}`,
    `    ${times}`,
  ];
}

function batching({ batched, batchSize }: LoadedGraph): string {
  if (!batched) return 'no batch dimension, instance after instance';
  return batchSize === 0 ? 'any number of instances a run' : `${batchSize} instances a run`;
}

/** `x1 float32 [2,2]`; what is open is a question mark. */
function describePort({ name, dtype, shape }: Port): string {
  return `${name} ${dtype ?? '?'} ${shape === undefined ? '?' : formatShape(shape)}`;
}

function describeMethod(method: MethodDefinition, { signatures }: LoadedServable): string[] {
  const signature = signatures.find(({ name }) => name === method.name)!;
  const once = method.idempotent ? '' : ', not idempotent';
  const names = slotNames(method);
  const wishes = Object.entries(method.batching).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [
    `  ${method.name}${method.isStreaming ? ', streaming' : ''}${once}`,
    `    inputs:  ${signature.inputs.map(describePort).join(', ') || 'none'}`,
    `    outputs: ${signature.outputs.map(describePort).join(', ') || 'none'}`,
    ...(wishes.length === 0 ? [] : [`    batches: ${wishes.join(', ')}`]),
    ...method.stages.map((stage, index) => {
      const isYielding = method.isStreaming && index === method.stages.length - 1;
      return `    stage ${index + 1}: ${describeStage(stage, names, isYielding)}`;
    }),
  ];
}

/** What a stage takes and gives, in words. */
interface SlotNames {
  readonly taken: ReadonlyMap<number, string>;
  readonly given: ReadonlyMap<number, string>;
}

/** Inputs and outputs of the method by their names, what is between by the stages that it comes from and goes to. */
function slotNames(method: MethodDefinition): SlotNames {
  const named = namedSlots(method);
  const [taken, given] = [new Map(named), new Map(named)];
  for (const [index, { outputs }] of method.stages.entries())
    for (const [position, slot] of outputs.entries()) {
      if (named.has(slot)) continue;
      taken.set(slot, `${outputs.length === 1 ? '' : `output ${position + 1} of `}stage ${index + 1}`);
      given.set(slot, takersOf(method, slot));
    }
  return { taken, given };
}

function takersOf({ stages }: MethodDefinition, slot: number): string {
  const takers = stages.flatMap(({ inputs }, index) => (inputs.includes(slot) ? [index + 1] : []));
  if (takers.length === 0) return 'unused';
  return `stage${takers.length === 1 ? '' : 's'} ${takers.join(' and ')}`;
}

function namedSlots(method: MethodDefinition): Map<number, string> {
  const names = new Map<number, string>();
  for (const { slot, value } of method.constants) names.set(slot, constantText(value));
  for (const { slot, name } of method.outputs) names.set(slot, name);
  for (const [slot, { name }] of method.inputs.entries()) names.set(slot, name);
  return names;
}

function constantText(value: Value): string {
  const { dtype, shape } = layoutOf(value);
  return typeof value === 'string' && value.length <= 20 ? `'${value}'` : `${dtype} ${formatShape(shape)}`;
}

function describeStage(stage: StageDefinition, { taken, given }: SlotNames, isYielding: boolean): string {
  const list = (slots: readonly number[], names: ReadonlyMap<number, string>) =>
    slots.map((slot) => names.get(slot)!).join(', ');
  const what =
    stage.kind === 'model'
      ? `model ${stage.model.files[stage.subgraph]!}`
      : `function ${functionName(stage)}`;
  const at = stage.at === undefined ? '' : `  (${stage.at})`;
  return `${what}(${list(stage.inputs, taken)}) -> ${list(stage.outputs, given)}${stage.kind === 'function' ? calls(stage) : ''}${isYielding ? ', yields one response after another' : ''}${at}`;
}

/** A function without a name of its own goes by its tag. */
function functionName({ name, run, tag }: FunctionStageDefinition): string {
  return run.name === '' && tag !== undefined ? tag : name;
}

function calls({ batchSize, timeoutMs }: FunctionStageDefinition): string {
  const within = timeoutMs === undefined ? '' : `, within ${timeoutMs} ms`;
  if (batchSize === undefined) return within;
  return `${batchSize === 0 ? ', a batch at a time' : `, up to ${batchSize} instances at a time`}${within}`;
}

function openLines({ signatures }: LoadedServable): string[] {
  const open = signatures.flatMap((signature) =>
    openPorts(signature).map((port) => `  method ${signature.name}: ${port}`),
  );
  if (open.length === 0) return ['metadata: complete'];
  return [
    'metadata: open, any dtype or shape goes, and clients are not told what to send or expect:',
    ...open,
    "  to declare it: inputs: { x: { dtype: 'float32', shape: [2, 'n'] } } in registerMethod; for a text { dtype: 'string', shape: [] }",
  ];
}
