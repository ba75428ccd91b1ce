/** What is known of a method before requests come: what its author declared, and what models say of the rest. */
import { ServingError, type MethodSignature, type Port } from '@serving/common';
import type { MethodDefinition, ModelDefinition, ModelStageDefinition } from '../definition/definition.js';
import { shapeText } from '../models/fit.js';
import type { LoadedGraph, LoadedModel } from '../models/loaded-model.js';
import type { ModelPort } from '../sessions/session.js';

type Models = ReadonlyMap<ModelDefinition, LoadedModel>;
type Side = 'inputs' | 'outputs';

/** @throws ServingError LOAD_FAILED when a stage or a declared port does not go with the model at it */
export function checkMethod(method: MethodDefinition, models: Models): void {
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const graph = graphOf(stage, models);
    checkCount(method, stage, 'inputs', graph);
    checkCount(method, stage, 'outputs', graph);
  }
  for (const side of ['inputs', 'outputs'] as const)
    for (const { port, slot } of declaredPorts(method, side))
      checkDeclared(method, port, side, modelPort(method, models, slot, side));
}

function graphOf(stage: ModelStageDefinition, models: Models): LoadedGraph {
  return models.get(stage.model)!.graphs[stage.subgraph]!;
}

function checkCount(
  method: MethodDefinition,
  stage: ModelStageDefinition,
  what: Side,
  graph: LoadedGraph,
): void {
  const [given, ports] = [stage[what].length, graph[what]];
  if (given === ports.length) return;
  const names = ports.map((port) => port.name).join(', ');
  const hint = what === 'outputs' ? `; give addStage { outputs: ${ports.length} }` : '';
  throw new ServingError(
    'LOAD_FAILED',
    `${stage.at ?? 'servable_config'}: The ${what} count ${given} in method ${method.name} not equal to the count ${ports.length} defined in model ${graph.file} (${names})${hint}`,
  );
}

function declaredPorts(method: MethodDefinition, side: Side): { port: Port; slot: number }[] {
  if (side === 'outputs') return method.outputs.map((port) => ({ port, slot: port.slot }));
  return method.inputs.map((port, slot) => ({ port, slot }));
}

function checkDeclared(
  method: MethodDefinition,
  { name, dtype, shape }: Port,
  side: Side,
  model: ModelPort | undefined,
): void {
  if (model === undefined) return;
  if (
    (dtype === undefined || dtype === model.dtype) &&
    (shape === undefined || model.shape === undefined || canBe(shape, model.shape))
  )
    return;
  throw new ServingError(
    'LOAD_FAILED',
    `${method.at ?? 'servable_config'}: method ${method.name}: ${side}: ${name}: declared ${dtype ?? model.dtype} ${shapeText(shape ?? model.shape)}, but the model at it has ${model.dtype} ${shapeText(model.shape)}`,
  );
}

type Shape = readonly (number | string)[];

/** Whether some shape is both; `[]` and `[1]` are the same scalar. */
function canBe(a: Shape, b: Shape): boolean {
  const isScalar = (shape: Shape) => shape.length === 0 || (shape.length === 1 && shape[0] === 1);
  if (isScalar(a) && isScalar(b)) return true;
  return (
    a.length === b.length &&
    a.every(
      (dimension, axis) =>
        typeof dimension === 'string' || typeof b[axis] === 'string' || dimension === b[axis],
    )
  );
}

export function signatureOf(method: MethodDefinition, models: Models): MethodSignature {
  const portsOf = (side: Side): Port[] =>
    declaredPorts(method, side).map(({ port: { name, dtype, shape, padding }, slot }) => {
      const model = modelPort(method, models, slot, side);
      const [knownType, knownShape] = [dtype ?? model?.dtype, shape ?? model?.shape];
      return {
        name,
        ...(knownType === undefined ? {} : { dtype: knownType }),
        ...(knownShape === undefined ? {} : { shape: knownShape }),
        ...(padding === undefined ? {} : { padding }),
        ...(dtype === undefined ? {} : { isDeclared: true }),
      };
    });
  return {
    name: method.name,
    inputs: portsOf('inputs'),
    outputs: portsOf('outputs'),
    modelBatchSize: modelBatchSize(method, models),
    ...(takesSeveral(method, models) ? { batched: true } : {}),
    ...(method.isDefault ? { isDefault: true } : {}),
    ...(method.isStreaming ? { streaming: true } : {}),
    idempotent: method.idempotent,
    batching: method.batching,
  };
}

/** The port of the model that takes or gives the slot directly; undefined where a function stands between. */
function modelPort(
  method: MethodDefinition,
  models: Models,
  slot: number,
  side: Side,
): ModelPort | undefined {
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const index = stage[side].indexOf(slot);
    if (index !== -1) return graphOf(stage, models)[side][index];
  }
  return undefined;
}

/** Whether a stage takes several instances at a time. */
function takesSeveral({ stages }: MethodDefinition, models: Models): boolean {
  return stages.some((stage) =>
    stage.kind === 'model' ? graphOf(stage, models).batched : stage.batchSize !== undefined,
  );
}

function modelBatchSize(method: MethodDefinition, models: Models): number {
  let largest = 0;
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const graph = graphOf(stage, models);
    if (graph.batched) largest = Math.max(largest, graph.batchSize);
  }
  return largest;
}

/** What nobody knows of a method: ports of an open dtype or shape, `input image`. */
export function openPorts({ inputs, outputs }: MethodSignature): string[] {
  const isOpen = ({ dtype, shape }: Port) => dtype === undefined || shape === undefined;
  return [
    ...inputs.filter(isOpen).map(({ name }) => `input ${name}`),
    ...outputs.filter(isOpen).map(({ name }) => `output ${name}`),
  ];
}
