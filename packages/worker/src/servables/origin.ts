/**
 * What an executor loaded a servable from. All executors of a replica have to be of one kind: one that is loaded later, in
 * the place of one that was lost, must not serve an edited configuration or another model under the same version.
 */
import { dirname, join } from 'node:path';
import { ServingError, type MethodSignature } from '@serving/common';
import type { ModelDefinition } from '../definition/definition.js';
import { configurationFiles } from './configuration-files.js';
import { changesIn, marksOf, type FileMarks } from './file-marks.js';
import { modelFile, openServableFolder, type ServableFolder } from './servable-folder.js';
import { versionFiles } from './version-files.js';

/** The files of a servable version as they are. */
interface ServableFiles {
  readonly configuration: FileMarks;
  /** Of the version's folder, external data of models among them, and of models elsewhere. */
  readonly version: FileMarks;
}

export interface Origin {
  readonly files: ServableFiles;
  /** An unchanged configuration may declare other methods: by the environment, say. */
  readonly signatures: readonly MethodSignature[];
}

/** Files are looked at before and after a servable is loaded: what it was loaded from is known only when they are the same. */
export class OriginCheck {
  readonly #folder: ServableFolder;
  readonly #version: number;
  readonly #expected: Origin | undefined;
  readonly #before: ServableFiles;

  /**
   * To be made before anything is loaded.
   * @param expected what other executors were loaded from
   * @throws ServingError LOAD_FAILED when files are not as they were then
   */
  constructor(folder: ServableFolder, version: number, expected: Origin | undefined) {
    this.#folder = folder;
    this.#version = version;
    this.#expected = expected;
    this.#before = filesOf(folder, version, [], expected?.files);
    if (expected !== undefined) this.#refuse(fileChanges(expected.files, this.#before));
  }

  /** What the servable was loaded from. @throws ServingError LOAD_FAILED when that is not what it should be */
  loaded(models: readonly ModelDefinition[], signatures: readonly MethodSignature[]): Origin {
    const folder = openServableFolder(dirname(this.#folder.path), this.#folder.name);
    const files = filesOf(folder, this.#version, models, this.#before);
    const changes = fileChanges(this.#before, files);
    if (changes.length > 0)
      throw this.#failure(
        `expected files that stay as they are while it is loaded; meanwhile ${changes.join(', ')}`,
      );
    if (this.#expected !== undefined)
      this.#refuse(methodChanges(this.#expected.signatures, signatures).map((change) => `method ${change}`));
    return { files, signatures };
  }

  #refuse(changes: readonly string[]): void {
    if (changes.length === 0) return;
    throw this.#failure(
      `expected what its first executor was loaded from; since then ${changes.join(', ')}; a restart serves what is there now`,
    );
  }

  #failure(what: string): ServingError {
    return new ServingError('LOAD_FAILED', `servable ${this.#folder.name} version ${this.#version}: ${what}`);
  }
}

function filesOf(
  folder: ServableFolder,
  version: number,
  models: readonly ModelDefinition[],
  known?: ServableFiles,
): ServableFiles {
  const configuration = folder.configFile === undefined ? [] : configurationFiles(folder.configFile);
  const seen = Object.keys(known?.version ?? {}).map((shown) => join(dirname(folder.path), shown));
  const declared = models.flatMap(({ files }) => files.map((file) => modelFile(folder, version, file).path));
  return {
    configuration: marksOf(folder.path, configuration, known?.configuration),
    version: marksOf(folder.path, [...versionFiles(folder, version), ...seen, ...declared], known?.version),
  };
}

/** What is added beside a model is none of its business. */
function fileChanges(before: ServableFiles, after: ServableFiles): string[] {
  return [
    ...changesIn(before.configuration, after.configuration, true),
    ...changesIn(before.version, after.version, false),
  ];
}

function methodChanges(before: readonly MethodSignature[], after: readonly MethodSignature[]): string[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  const [were, are] = [before, after].map(
    (methods) => new Map(methods.map((method) => [method.name, JSON.stringify(method)])),
  ) as [Map<string, string>, Map<string, string>];
  return [...names]
    .filter((name) => were.get(name) !== are.get(name))
    .map((name) => `${name} ${!are.has(name) ? 'is gone' : were.has(name) ? 'has changed' : 'is new'}`);
}
