/** What a servable consists of, as data: models and methods as ordered stages over numbered slots. No behaviour. */
import type { Batching, Port, Value } from '@serving/common';
import type { ModelCaller } from './model-caller.js';

/** Where something was written, for messages: `add/servable_config.ts:12`, or undefined when nobody wrote it. */
export type SourceLine = string | undefined;

/** How sessions of a model are made. What is undefined is onnxruntime's own default, or the plan's. */
export interface SessionSettings {
  readonly graphOptimization?: 'disabled' | 'basic' | 'extended' | 'layout' | 'all';
  /** Threads inside one operator. */
  readonly intraOpThreads?: number;
  /** Threads over which independent operators are spread; more than one runs them in parallel. */
  readonly interOpThreads?: number;
  readonly memoryArena?: boolean;
  readonly memoryPattern?: boolean;
  /** Providers to try before the CPU, instead of the device's own. */
  readonly executionProviders?: readonly ExecutionProvider[];
  /** Sizes for symbolic dimensions, by their names. */
  readonly freeDimensions?: Readonly<Record<string, number>>;
  /** Further entries of onnxruntime's session configuration, by their full keys. */
  readonly config?: Readonly<Record<string, string>>;
}

/** As onnxruntime takes it: a name, or a name with the provider's own options. */
export type ExecutionProvider = string | { readonly name: string; readonly [option: string]: unknown };

/** How a model's files are to be decrypted. */
export interface DecryptionSettings {
  readonly mode: 'AES-GCM' | 'AES-CBC';
  readonly key: { readonly env: string } | { readonly file: string };
}

export interface ModelDefinition {
  /** File names below the version folder: one per subgraph. */
  readonly files: readonly string[];
  /** Dimension 0 of every input and output is the batch; instances come without it. */
  readonly withBatchDim: boolean;
  /** Whether the author has said so, or not, instead of leaving it at the default. */
  readonly isBatchDimStated: boolean;
  /** Inputs without that dimension, by position: all instances of a run share one value. */
  readonly withoutBatchDimInputs: readonly number[];
  readonly session: SessionSettings;
  /** Run it once, on zeros, before it serves. */
  readonly warmUp: boolean;
  readonly decryption: DecryptionSettings | undefined;
  /** By which functions of the servable run it. */
  readonly caller: ModelCaller;
  readonly at: SourceLine;
}

/** The model's name in messages: its files. */
export function modelKey({ files }: Pick<ModelDefinition, 'files'>): string {
  return files.join(';');
}

/** What a function stage may be: it gets one value per argument and returns one per output. */
// oxlint-disable-next-line typescript/no-explicit-any -- the author's own parameter types are not ours to know
export type StageFunction = (...inputs: any[]) => unknown;

interface StageSlots {
  /** Slots the arguments come from. A method's inputs are slots 0, 1, …; each stage output adds one. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly at: SourceLine;
}

export interface FunctionStageDefinition extends StageSlots {
  readonly kind: 'function';
  readonly name: string;
  /** The stage in its author's words, for errors. */
  readonly tag: string | undefined;
  readonly run: StageFunction;
  /**
   * Undefined: called with the values of one instance. Otherwise with a list of instances: at most so many, or with 0
   * all that are there.
   */
  readonly batchSize: number | undefined;
  /** Longest time a promise of it may take, in milliseconds; undefined for the executor's limit. */
  readonly timeoutMs: number | undefined;
}

export interface ModelStageDefinition extends StageSlots {
  readonly kind: 'model';
  readonly model: ModelDefinition;
  readonly subgraph: number;
  /** The model has several files, and its author did not say which one is meant. */
  readonly isFileImplied?: boolean;
}

export type StageDefinition = FunctionStageDefinition | ModelStageDefinition;

export interface MethodOutput extends Port {
  /** The slot it is read from. */
  readonly slot: number;
}

/** A value that is the same for every instance. */
export interface MethodConstant {
  readonly slot: number;
  readonly value: Value;
}

export interface MethodDefinition {
  readonly name: string;
  /** With the dtypes and shapes that were declared. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly MethodOutput[];
  readonly stages: readonly StageDefinition[];
  readonly constants: readonly MethodConstant[];
  readonly slotCount: number;
  /** Whether an instance may be run again when the process that had it was lost. */
  readonly idempotent: boolean;
  /** Whether it is meant when a request names the servable alone. */
  readonly isDefault: boolean;
  /** Whether it gives many responses to an instance: what its last stage, a function called per instance, yields. */
  readonly isStreaming: boolean;
  readonly batching: Batching;
  readonly at: SourceLine;
}

export interface ServableDefinition {
  readonly models: readonly ModelDefinition[];
  readonly methods: readonly MethodDefinition[];
}
