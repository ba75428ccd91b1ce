/** `declareModel`: an ONNX model of the servable. */
import { currentDraft, type DefinitionDraft } from '../definition/definition-draft.js';
import type { DecryptionSettings, ModelDefinition, SessionSettings } from '../definition/definition.js';
import { ModelCaller } from '../definition/model-caller.js';
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkOptions,
  checkText,
  isRecord,
  show,
} from './checks.js';
import { Model } from './model.js';

export interface ModelOptions {
  /**
   * ONNX file in each version folder, for instance `tensor_add.onnx`. A list of files is one model of several subgraphs,
   * which `model.subgraph(1)` chooses from.
   */
  file: string | readonly string[];
  /**
   * true: dimension 0 of every input and output is the batch, and clients send instances without it.
   * false: one instance is a whole model input; a batch then runs instance after instance.
   * @default true
   */
  withBatchDim?: boolean;
  /**
   * Positions, from 0, of inputs without a batch dimension. The instances of one run share their value, so only
   * instances that agree in it, byte by byte, run together.
   * @default none
   */
  withoutBatchDimInputs?: number | readonly number[];
  /** How sessions of the model are made. @default onnxruntime's defaults, with the threads of the plan */
  session?: SessionSettings;
  /**
   * Run the model once, on zeros and with symbolic dimensions of 1, before it serves: the first request is then as fast
   * as the others.
   * @default false
   */
  warmUp?: boolean;
  /**
   * The files are encrypted, as `serving-worker encrypt` does it; the key is 16, 24 or 32 bytes in base64 or hexadecimal,
   * in an environment variable or a file.
   * @default not encrypted
   */
  decryption?: { mode?: 'AES-GCM' | 'AES-CBC'; key: { env: string } | { file: string } };
}

/** In the order that messages list them in. */
const optionNames = [
  'file',
  'withBatchDim',
  'withoutBatchDimInputs',
  'session',
  'warmUp',
  'decryption',
] as const satisfies readonly (keyof ModelOptions)[];

/**
 * Declares a model of this servable. A file can be declared once.
 * @throws ServingError LOAD_FAILED naming the line when an option is unknown, missing or of the wrong type
 */
export function declareModel(options: ModelOptions): Model {
  const draft = currentDraft('declareModel');
  checkOptions(draft, 'declareModel', options, optionNames);
  checkBoolean(draft, 'declareModel: withBatchDim', options.withBatchDim);
  checkBoolean(draft, 'declareModel: warmUp', options.warmUp);
  const { withBatchDim = true, warmUp = false } = options;
  const definition: ModelDefinition = {
    files: filesOf(draft, options.file),
    withBatchDim,
    isBatchDimStated: options.withBatchDim !== undefined,
    withoutBatchDimInputs: sharedInputs(draft, withBatchDim, options.withoutBatchDimInputs),
    session: sessionSettings(draft, options.session),
    warmUp,
    decryption: decryptionSettings(draft, options.decryption),
    caller: new ModelCaller(),
    at: draft.here(),
  };
  draft.addModel(definition);
  return new Model(definition);
}

function filesOf(draft: DefinitionDraft, file: unknown): string[] {
  const files: unknown[] = Array.isArray(file) ? file : [file];
  if (files.length === 0)
    throw draft.mistake('declareModel: file: expected a file name or a list of them, given an empty list');
  for (const name of files) checkText(draft, 'declareModel: file', name, 'a file name or a list of them');
  const twice = files.find((name, index) => files.indexOf(name) !== index);
  if (twice !== undefined)
    throw draft.mistake(`Declare model failed, model file ${show(twice)} has already been used in this list`);
  return files as string[];
}

function sharedInputs(draft: DefinitionDraft, withBatchDim: boolean, given: unknown): number[] {
  const positions: unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
  for (const position of positions) checkInteger(draft, 'declareModel: withoutBatchDimInputs', position, 0);
  if (positions.length > 0 && !withBatchDim)
    throw draft.mistake(
      'declareModel: withoutBatchDimInputs: expected none with withBatchDim: false, where no input has a batch dimension',
    );
  return [...new Set(positions as number[])];
}

const sessionOptionNames = [
  'graphOptimization',
  'intraOpThreads',
  'interOpThreads',
  'memoryArena',
  'memoryPattern',
  'executionProviders',
  'freeDimensions',
  'config',
] as const satisfies readonly (keyof SessionSettings)[];

const optimizations = ['disabled', 'basic', 'extended', 'layout', 'all'];

/** As many as there may be cores. onnxruntime starts them all, and with too many it does not come back. */
const mostThreads = 4096;

function sessionSettings(draft: DefinitionDraft, given: SessionSettings | undefined): SessionSettings {
  if (given === undefined) return {};
  const what = 'declareModel: session';
  checkOptions(draft, what, given, sessionOptionNames);
  checkChoice(draft, `${what}.graphOptimization`, given.graphOptimization, optimizations);
  checkInteger(draft, `${what}.intraOpThreads`, given.intraOpThreads, 1, mostThreads);
  checkInteger(draft, `${what}.interOpThreads`, given.interOpThreads, 1, mostThreads);
  checkBoolean(draft, `${what}.memoryArena`, given.memoryArena);
  checkBoolean(draft, `${what}.memoryPattern`, given.memoryPattern);
  checkProviders(draft, `${what}.executionProviders`, given.executionProviders);
  for (const [name, size] of entriesOf(draft, `${what}.freeDimensions`, given.freeDimensions))
    checkInteger(draft, `${what}.freeDimensions.${name}`, size, 1);
  for (const [key, value] of entriesOf(draft, `${what}.config`, given.config)) {
    if (typeof value !== 'string')
      throw draft.mistake(
        `${what}.config: ${key}: expected a text, as onnxruntime takes it, given ${show(value)}`,
      );
  }
  return { ...given };
}

function checkProviders(draft: DefinitionDraft, what: string, given: unknown): void {
  if (given === undefined) return;
  const isProvider = (entry: unknown) =>
    typeof entry === 'string' || (isRecord(entry) && typeof entry['name'] === 'string');
  if (Array.isArray(given) && given.length > 0 && given.every(isProvider)) return;
  throw draft.mistake(
    `${what}: expected a list of names, or of objects with a name and the provider's options, given ${show(given)}`,
  );
}

function entriesOf(draft: DefinitionDraft, what: string, given: unknown): [string, unknown][] {
  if (given === undefined) return [];
  if (!isRecord(given)) throw draft.mistake(`${what}: expected an object, given ${show(given)}`);
  return Object.entries(given);
}

function decryptionSettings(
  draft: DefinitionDraft,
  given: ModelOptions['decryption'],
): DecryptionSettings | undefined {
  if (given === undefined) return undefined;
  const what = 'declareModel: decryption';
  checkOptions(draft, what, given, ['mode', 'key']);
  checkChoice(draft, `${what}.mode`, given.mode, ['AES-GCM', 'AES-CBC']);
  const key: unknown = given.key;
  const [source, value, ...others] = isRecord(key) ? Object.entries(key).flat() : [];
  const isSource = (source === 'env' || source === 'file') && others.length === 0;
  if (!isSource || typeof value !== 'string' || value === '')
    throw draft.mistake(
      `${what}.key: expected { env: 'NAME' } or { file: 'path' }; a key has no place in a configuration`,
    );
  return { mode: given.mode ?? 'AES-GCM', key: given.key };
}
