/** What is known of a method before requests come: what its author declared, and what models say of the rest. */
import type { MethodSignature, Port } from '@serving/common';
import type { MethodDefinition, ModelDefinition } from '../definition/definition.js';
import type { LoadedModel } from '../models/loaded-model.js';
import type { ModelPort } from '../sessions/session.js';
import { graphOf } from './check-method.js';

type Models = ReadonlyMap<ModelDefinition, LoadedModel>;
type Side = 'inputs' | 'outputs';

function declaredPorts(method: MethodDefinition, side: Side): { port: Port; slot: number }[] {
  if (side === 'outputs') return method.outputs.map((port) => ({ port, slot: port.slot }));
  return method.inputs.map((port, slot) => ({ port, slot }));
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

/**
 * The port of the model that takes or gives the slot directly, of several one that says more of it; undefined where a
 * function stands between.
 */
function modelPort(
  method: MethodDefinition,
  models: Models,
  slot: number,
  side: Side,
): ModelPort | undefined {
  let anyRank: ModelPort | undefined;
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const index = stage[side].indexOf(slot);
    const port = index === -1 ? undefined : graphOf(stage, models)[side][index]!;
    if (port?.shape !== undefined) return port;
    anyRank ??= port;
  }
  return anyRank;
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
