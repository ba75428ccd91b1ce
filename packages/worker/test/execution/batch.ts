/** Batches, stages and models for tests, in few words. */
import {
  asBytes,
  Block,
  bytesColumn,
  numericColumn,
  Tensor,
  type BatchContents,
  type Column,
  type Value,
} from '@serving/common';
import type {
  FunctionStageDefinition,
  ModelDefinition,
  ModelStageDefinition,
  StageFunction,
} from '../../src/definition/definition.js';
import { ModelCaller } from '../../src/definition/model-caller.js';
import type { StageContext } from '../../src/execution/stage-context.js';
import { understandModel, type LoadedModel } from '../../src/models/loaded-model.js';
import type { ModelPort, ModelTensor, Session } from '../../src/sessions/session.js';

export const floats = (shape: readonly number[], ...values: number[]) =>
  new Tensor('float32', shape, Float32Array.from(values));

/** A column of float32 instances of one shape. */
export function floatColumn(name: string, shape: readonly number[], ...values: number[]): Column {
  return numericColumn(name, 'float32', shape, [asBytes(Float32Array.from(values))]);
}

export function textColumn(name: string, ...texts: string[]): Column {
  return bytesColumn(
    name,
    'string',
    [],
    texts.map((text) => new TextEncoder().encode(text)),
  );
}

export function blobColumn(name: string, ...blobs: Uint8Array[]): Column {
  return bytesColumn(name, 'bytes', [], blobs);
}

export const block = (count: number, ...columns: Column[]) => new Block(count, columns);

export function batchOf(method: string, ...sections: Block[]): BatchContents {
  const count = sections.reduce((sum, section) => sum + section.count, 0);
  return { batchId: 1, servable: 's', version: 1, method, calls: [], count, sections };
}

export const ports = (...names: string[]) => names.map((name) => ({ name }));

/** What a batch has to do with its thread. */
export const control = (isCancelled: () => boolean) => ({
  isCancelled,
  progress: () => undefined,
  workOn: () => undefined,
  timeoutMs: 10_000,
  arrivedAt: 0,
  now: () => 0,
  emit: () => undefined,
  takeCancelled: () => undefined,
  hasRoom: () => true,
});

export const context = (
  isCancelled = () => false,
  progress = () => {},
  byRequest: StageContext['byRequest'] = (instances) => [instances],
): StageContext => ({
  servable: 's',
  method: 'm',
  stageIndex: 1,
  timeoutMs: 10_000,
  isCancelled,
  progress,
  byRequest,
  hasRoom: () => true,
  workOn: () => undefined,
});

export function functionStage(
  run: StageFunction,
  inputs: number[],
  outputs: number[],
  options: Partial<Pick<FunctionStageDefinition, 'batchSize' | 'tag' | 'timeoutMs'>> = {},
): FunctionStageDefinition {
  const { batchSize, tag, timeoutMs } = options;
  const name = run.name || 'anonymous';
  return { kind: 'function', name, run, tag, batchSize, timeoutMs, inputs, outputs, at: undefined };
}

/** A session that runs a function instead of a model, and remembers what it was given. */
export class FakeSession implements Session {
  readonly runs: (readonly ModelTensor[])[] = [];
  inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  readonly symbols = new Set<string>();
  readonly #model: (...inputs: Tensor[]) => Tensor | Tensor[];

  constructor(
    inputs: ModelPort['shape'][],
    outputs: ModelPort['shape'][],
    model: (...inputs: Tensor[]) => Tensor | Tensor[],
  ) {
    this.inputs = inputs.map((shape, i) => ({ name: `x${i}`, dtype: 'float32', shape }));
    this.outputs = outputs.map((shape, i) => ({ name: `y${i}`, dtype: 'float32', shape }));
    this.#model = model;
  }

  async run(inputs: readonly ModelTensor[]): Promise<ModelTensor[]> {
    this.runs.push(inputs);
    const outputs = this.#model(...(inputs as Tensor[]));
    return Array.isArray(outputs) ? outputs : [outputs];
  }

  async release(): Promise<void> {
    await Promise.resolve();
  }

  /** The shape of the first input of every run. */
  get shapes(): (readonly number[])[] {
    return this.runs.map(([input]) => input!.shape);
  }
}

/** Twice the input: in any shape. */
export const doubled = (x: Tensor) =>
  new Tensor(
    'float32',
    x.shape,
    Float32Array.from(x.dataAs('float32'), (v) => 2 * v),
  );

export const modelDefinition: ModelDefinition = {
  files: ['m.onnx'],
  withBatchDim: true,
  isBatchDimStated: false,
  withoutBatchDimInputs: [],
  session: {},
  warmUp: false,
  decryption: undefined,
  caller: new ModelCaller(),
  at: 'servable_config.ts:3',
};

export function loaded(session: Session, options: Partial<ModelDefinition> = {}): LoadedModel {
  return understandModel({ ...modelDefinition, ...options }, [session]);
}

export function modelStage(model: LoadedModel, inputs: number[], outputs: number[]): ModelStageDefinition {
  return { kind: 'model', model: model.definition, subgraph: 0, inputs, outputs, at: undefined };
}

/** A value in a form that is easy to compare. */
export function plain(value: Value): unknown {
  if (value instanceof Tensor)
    return {
      dtype: value.dtype,
      shape: [...value.shape],
      data: Array.from(value.data as Iterable<number | bigint>),
    };
  if (value instanceof Uint8Array || typeof value === 'string')
    return typeof value === 'string' ? value : [...value];
  return { dtype: value.dtype, shape: [...value.shape], data: [...value.data] };
}
