/** Folder → definition → sessions: a servable version that is ready to execute, and its signature. */
import { readFileSync } from 'node:fs';
import { ServingError, type MethodSignature } from '@serving/common';
import {
  modelKey,
  type MethodDefinition,
  type ModelDefinition,
  type ServableDefinition,
} from '../definition/definition.js';
import { isFreelyBatched } from '../models/batch-dimension.js';
import { callableModel } from '../models/callable-model.js';
import { understandModel, type LoadedModel } from '../models/loaded-model.js';
import { decryptModel, readKey } from '../models/model-cipher.js';
import { warmUp } from '../models/warm-up.js';
import type { Device } from '../sessions/execution-providers.js';
import type { ModelSource } from '../sessions/onnx-file.js';
import { createOnnxSession } from '../sessions/onnx-session.js';
import type { NativeGuard, Session } from '../sessions/session.js';
import { checkMethod } from './check-method.js';
import { loadDefinition } from './load-definition.js';
import { OriginCheck, type Origin } from './origin.js';
import { modelFile, openServableFolder, type ServableFolder } from './servable-folder.js';
import { signatureOf } from './signature.js';

export interface LoadRequest {
  readonly directory: string;
  readonly servable: string;
  /** A positive version that exists, or 1 for a servable without versions. */
  readonly version: number;
  readonly intraOpThreads: number;
  readonly device: Device;
  /** What other executors of the replica were loaded from: this one has to be like them. */
  readonly origin?: Origin;
}

/** What loading has to do with the thread it runs in. */
export interface LoadControl extends NativeGuard {
  /** Whether nobody waits for the batch that is running. */
  readonly isCancelled: () => boolean;
}

export interface LoadedServable {
  readonly name: string;
  readonly version: number;
  readonly methods: ReadonlyMap<string, MethodDefinition>;
  readonly models: ReadonlyMap<ModelDefinition, LoadedModel>;
  readonly signatures: readonly MethodSignature[];
}

/** A servable with what it was loaded from. */
export interface OriginalServable extends LoadedServable {
  readonly origin: Origin;
}

/**
 * @throws ServingError LOAD_FAILED naming the file and line or the model at fault, or what is not as in `request.origin`
 */
export async function loadServable(request: LoadRequest, control: LoadControl): Promise<OriginalServable> {
  const folder = openServableFolder(request.directory, request.servable);
  const check = new OriginCheck(folder, request.version, request.origin);
  const definition = await loadDefinition(folder, request.version);
  const models = new Map<ModelDefinition, LoadedModel>();
  for (const model of definition.models) {
    const loading = loadModel(folder, request, model, control);
    models.set(model, await loading.catch((thrown) => Promise.reject(placed(model, thrown))));
  }
  const methods = folder.configFile === undefined ? [predictMethod(models)] : definition.methods;
  for (const method of methods) checkMethod(method, models);
  const signatures = methods.map((method) => signatureOf(method, models));
  return {
    name: request.servable,
    version: request.version,
    methods: new Map(methods.map((method) => [method.name, method])),
    models,
    signatures,
    origin: check.loaded(definition.models, signatures),
  };
}

/** What is wrong with a model is said with the line that declares it, whoever found it. */
function placed({ at }: ModelDefinition, thrown: unknown): unknown {
  if (at === undefined || !(thrown instanceof ServingError) || thrown.code !== 'LOAD_FAILED') return thrown;
  return new ServingError('LOAD_FAILED', `${at}: ${thrown.message}`, { cause: thrown.cause });
}

async function loadModel(
  folder: ServableFolder,
  request: LoadRequest,
  definition: ModelDefinition,
  control: LoadControl,
): Promise<LoadedModel> {
  const sessions: Session[] = [];
  for (const file of definition.files)
    sessions.push(await openSession(folder, request, definition, file, control));
  const withBatchDim =
    folder.configFile === undefined ? isFreelyBatched(sessions[0]!) : definition.withBatchDim;
  const model = understandModel({ ...definition, withBatchDim }, sessions);
  definition.caller.connect(callableModel(model, control.isCancelled));
  if (definition.warmUp) await warmUp(model, `${folder.name}/${request.version}/${modelKey(definition)}`);
  return model;
}

function openSession(
  folder: ServableFolder,
  request: LoadRequest,
  definition: ModelDefinition,
  file: string,
  guard: NativeGuard,
): Promise<Session> {
  const { path } = modelFile(folder, request.version, file);
  const shownAs = `${folder.name}/${request.version}/${file}`;
  const { intraOpThreads, device } = request;
  const settings = definition.session;
  return createOnnxSession(sourceOf(path, definition, shownAs), {
    intraOpThreads,
    device,
    settings,
    shownAs,
    guard,
  });
}

function sourceOf(path: string, { decryption }: ModelDefinition, shownAs: string): ModelSource {
  if (decryption === undefined) return path;
  return decryptModel(readFileSync(path), decryption.mode, readKey(decryption.key), shownAs);
}

/** The method of a servable without a configuration: the model's own inputs and outputs. */
function predictMethod(models: ReadonlyMap<ModelDefinition, LoadedModel>): MethodDefinition {
  const [[model, { graphs }]] = [...models] as [[ServableDefinition['models'][number], LoadedModel]];
  const { inputs, outputs } = graphs[0]!;
  const slots = outputs.map((_, index) => inputs.length + index);
  return {
    name: 'predict',
    inputs: inputs.map(({ name }) => ({ name })),
    outputs: outputs.map(({ name }, index) => ({ name, slot: slots[index]! })),
    stages: [
      {
        kind: 'model',
        model,
        subgraph: 0,
        inputs: inputs.map((_, index) => index),
        outputs: slots,
        at: undefined,
      },
    ],
    constants: [],
    slotCount: inputs.length + slots.length,
    idempotent: true,
    isDefault: false,
    isStreaming: false,
    batching: {},
    at: undefined,
  };
}
