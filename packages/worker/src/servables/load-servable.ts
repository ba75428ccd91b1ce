/** Folder → definition → sessions: a servable version that is ready to execute, and its signature. */
import { ServingError, type MethodSignature, type Port } from '@serving/common';
import type { Device } from '../sessions/execution-providers.js';
import { createOnnxSession } from '../sessions/onnx-session.js';
import type { NativeGuard } from '../sessions/session.js';
import type { MethodDefinition, ModelDefinition, ModelStageDefinition } from './definition.js';
import { loadDefinition } from './load-definition.js';
import { isFreelyBatched, understandModel, type LoadedModel } from './loaded-model.js';
import { modelFile, openServableFolder, type ServableFolder } from './servable-folder.js';

export interface LoadRequest {
  readonly directory: string;
  readonly servable: string;
  /** A positive version that exists. */
  readonly version: number;
  readonly intraOpThreads: number;
  readonly device: Device;
}

export interface LoadedServable {
  readonly name: string;
  readonly version: number;
  readonly methods: ReadonlyMap<string, MethodDefinition>;
  readonly models: ReadonlyMap<ModelDefinition, LoadedModel>;
  readonly signatures: readonly MethodSignature[];
}

/** @throws ServingError LOAD_FAILED naming the file and line or the model at fault */
export async function loadServable(request: LoadRequest, guard: NativeGuard): Promise<LoadedServable> {
  const folder = openServableFolder(request.directory, request.servable);
  const definition = await loadDefinition(folder, request.version);
  const models = new Map<ModelDefinition, LoadedModel>();
  for (const model of definition.models) models.set(model, await loadModel(folder, request, model, guard));
  const methods = folder.configFile === undefined ? [predictMethod(models)] : definition.methods;
  for (const method of methods) checkMethod(method, models);
  return {
    name: request.servable,
    version: request.version,
    methods: new Map(methods.map((method) => [method.name, method])),
    models,
    signatures: methods.map((method) => signatureOf(method, models)),
  };
}

async function loadModel(
  folder: ServableFolder,
  request: LoadRequest,
  model: ModelDefinition,
  guard: NativeGuard,
): Promise<LoadedModel> {
  const { path } = modelFile(folder, request.version, model.file);
  const shownAs = `${folder.name}/${request.version}/${model.file}`;
  const { intraOpThreads, device } = request;
  const session = await createOnnxSession(path, { intraOpThreads, device, shownAs, guard });
  const withBatchDim = folder.configFile === undefined ? isFreelyBatched(session) : model.withBatchDim;
  return understandModel({ ...model, withBatchDim }, session);
}

/** The method of a servable without a configuration: the model's own inputs and outputs. */
function predictMethod(models: ReadonlyMap<ModelDefinition, LoadedModel>): MethodDefinition {
  const [[model, { session }]] = [...models] as [[ModelDefinition, LoadedModel]];
  const inputs = session.inputs.map((port) => port.name);
  const slots = session.outputs.map((_, index) => inputs.length + index);
  return {
    name: 'predict',
    inputs,
    outputs: session.outputs.map((port, index) => ({ name: port.name, slot: slots[index]! })),
    stages: [
      { kind: 'model', model, inputs: inputs.map((_, index) => index), outputs: slots, at: undefined },
    ],
    slotCount: inputs.length + slots.length,
    idempotent: true,
    at: undefined,
  };
}

function checkMethod(method: MethodDefinition, models: ReadonlyMap<ModelDefinition, LoadedModel>): void {
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const { session } = models.get(stage.model)!;
    checkCount(method, stage, 'inputs', stage.inputs.length, session.inputs);
    checkCount(method, stage, 'outputs', stage.outputs.length, session.outputs);
  }
}

function checkCount(
  method: MethodDefinition,
  stage: ModelStageDefinition,
  what: 'inputs' | 'outputs',
  given: number,
  ports: readonly { name: string }[],
): void {
  if (given === ports.length) return;
  const names = ports.map((port) => port.name).join(', ');
  const hint = what === 'outputs' ? `; give addStage { outputs: ${ports.length} }` : '';
  throw new ServingError(
    'LOAD_FAILED',
    `${stage.at ?? 'servable_config'}: The ${what} count ${given} in method ${method.name} not equal to the count ${ports.length} defined in model ${stage.model.file} (${names})${hint}`,
  );
}

function signatureOf(
  method: MethodDefinition,
  models: ReadonlyMap<ModelDefinition, LoadedModel>,
): MethodSignature {
  const inputs: Port[] = method.inputs.map((name, slot) => ({
    name,
    ...knownOf(method, models, slot, 'inputs'),
  }));
  const outputs: Port[] = method.outputs.map(({ name, slot }) => ({
    name,
    ...knownOf(method, models, slot, 'outputs'),
  }));
  return {
    name: method.name,
    inputs,
    outputs,
    modelBatchSize: modelBatchSize(method, models),
    idempotent: method.idempotent,
  };
}

/** What a model says of a slot it takes or gives directly; nothing where a function stands between. */
function knownOf(
  method: MethodDefinition,
  models: ReadonlyMap<ModelDefinition, LoadedModel>,
  slot: number,
  side: 'inputs' | 'outputs',
): Omit<Port, 'name'> {
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const index = stage[side].indexOf(slot);
    if (index === -1) continue;
    const { dtype, shape } = models.get(stage.model)![side][index]!;
    return { dtype, shape };
  }
  return {};
}

function modelBatchSize(method: MethodDefinition, models: ReadonlyMap<ModelDefinition, LoadedModel>): number {
  let largest = 0;
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const model = models.get(stage.model)!;
    if (model.batched) largest = Math.max(largest, model.batchSize);
  }
  return largest;
}
