/** Runs a servable_config, or makes the definition of a servable that has none. */
import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as common from '@serving/common';
import { firstLine, ServingError } from '@serving/common';
import { createJiti } from 'jiti';
import * as authoring from '../authoring/authoring.js';
import { modelKey, type ServableDefinition } from '../definition/definition.js';
import { DefinitionDraft, innermostLine, shownFile, withDraft } from '../definition/definition-draft.js';
import { ModelCaller } from '../definition/model-caller.js';
import { MissingExport, withKnownExports } from './known-exports.js';
import { onnxFiles, type ServableFolder } from './servable-folder.js';

/** @throws ServingError LOAD_FAILED naming file and line */
export async function loadDefinition(folder: ServableFolder, version: number): Promise<ServableDefinition> {
  if (folder.configFile === undefined) return withoutConfiguration(folder, version);
  const definition = await runConfiguration(folder.configFile);
  const [model] = definition.models;
  if (model !== undefined && folder.versions.length === 0) {
    throw new ServingError(
      'LOAD_FAILED',
      `${model.at ?? shownFile(folder.configFile)}: There is no valid version directory of models while there are models declared; expected a folder such as ${folder.name}/1 with ${modelKey(model)}`,
    );
  }
  return definition;
}

async function runConfiguration(configFile: string): Promise<ServableDefinition> {
  // The modules of this very graph are handed in, so that the configuration works where no node_modules is above it and
  // its declarations reach the draft opened here, with `require` as with `import`.
  const jiti = createJiti(import.meta.url, {
    virtualModules: {
      '@serving/worker': withKnownExports('@serving/worker', authoring),
      '@serving/common': withKnownExports('@serving/common', common),
    },
    fsCache: false,
    moduleCache: false,
  });
  try {
    // A file that cannot be read at all is a missing module to jiti.
    readFileSync(configFile);
    return await heard(() => withDraft(new DefinitionDraft(configFile), () => jiti.import(configFile)));
  } catch (thrown) {
    if (thrown instanceof ServingError && thrown.code === 'LOAD_FAILED') throw thrown;
    throw new ServingError('LOAD_FAILED', describe(thrown, configFile), { cause: thrown });
  }
}

/**
 * A promise that a configuration leaves rejected ends its thread as soon as it gets a turn: each thread, again and again,
 * once the servable is loaded and announced.
 */
async function heard<T>(load: () => Promise<T>): Promise<T> {
  const unheard: unknown[] = [];
  const listen = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  try {
    const loaded = await load();
    await setImmediate();
    if (unheard.length > 0) throw unheard[0];
    return loaded;
  } finally {
    process.off('unhandledRejection', listen);
  }
}

function describe(thrown: unknown, configFile: string): string {
  try {
    if (thrown instanceof Error) return describeError(thrown, configFile);
  } catch {
    // Its properties may throw as well, or be of any type.
  }
  return `${shownFile(configFile)}: threw ${firstLine(thrown)}`;
}

function describeError(thrown: Error, configFile: string): string {
  const parsed = /^ParseError: (.*?)\s*\n\s*(.*):(\d+):(\d+)/.exec(thrown.message);
  if (parsed !== null) {
    const [, what, path, line, column] = parsed;
    // jiti counts columns from 0, editors from 1.
    return `${shownIn(dirname(configFile), path!)}:${line}:${Number(column) + 1}: does not parse: ${what}`;
  }
  const place = innermostLine(thrown, dirname(configFile)) ?? shownFile(configFile);
  if (thrown instanceof MissingExport || thrown instanceof ServingError) return `${place}: ${thrown.message}`;
  const [name, line] = [thrown.name, firstLine(thrown)];
  return `${place}: ${name === line ? name : `${name}: ${line}`}${pathAdvice(thrown, configFile)}`;
}

/** A file that cannot be read is mostly looked for in another folder than its author thinks. */
function pathAdvice({ syscall, path }: NodeJS.ErrnoException, configFile: string): string {
  if (syscall === undefined) return '';
  const advice =
    path === undefined || isAbsolute(path)
      ? ''
      : `; the path is relative to ${process.cwd()}; for a file beside the configuration, give new URL('./${path}', import.meta.url)`;
  return `; the configuration is ${configFile}${advice}`;
}

/** A module of the servable as messages name it: `add/lib/helper.ts`. */
function shownIn(folder: string, path: string): string {
  const at = path.indexOf(folder + sep);
  return join(basename(folder), at === -1 ? basename(path) : path.slice(at + folder.length + 1));
}

/** One method `predict` with the model's own inputs and outputs; their names come from the session later. */
function withoutConfiguration(folder: ServableFolder, version: number): ServableDefinition {
  const files = onnxFiles(folder, version);
  if (files.length !== 1) {
    const given = files.length === 0 ? 'none' : files.join(', ');
    throw new ServingError(
      'LOAD_FAILED',
      `servable ${folder.name} has no servable_config, so its version folder must hold exactly one .onnx file: ${folder.name}/${version} holds ${given}`,
    );
  }
  const model = {
    files,
    withBatchDim: false,
    isBatchDimStated: false,
    withoutBatchDimInputs: [],
    session: {},
    warmUp: false,
    decryption: undefined,
    caller: new ModelCaller(),
    at: undefined,
  };
  return { models: [model], methods: [] };
}
