/** A servable on disk: `<directory>/<name>/servable_config.*` and `<directory>/<name>/<version>/<model files>`. */
import { existsSync, lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { ServingError } from '@serving/common';

const configNames = [
  'servable_config.ts',
  'servable_config.mts',
  'servable_config.js',
  'servable_config.mjs',
];

/** Names that were meant to be one of those: of another language, with another separator or in another case. */
const almostConfigName = /^servables?[-_. ]?config(?:uration)?(?:\.\w+)?$/i;

export interface ServableFolder {
  readonly name: string;
  /** Absolute path of the servable's folder. */
  readonly path: string;
  readonly configFile: string | undefined;
  /** Positive versions, newest first. */
  readonly versions: readonly number[];
  /** Folders and files that look like versions or configurations but are not, with what is wrong. */
  readonly warnings: readonly string[];
}

/** @throws ServingError LOAD_FAILED when there is no such folder or it has two configurations */
export function openServableFolder(directory: string, name: string): ServableFolder {
  const root = resolve(directory);
  const path = join(root, name);
  checkFolder(root, directory, () => `expected the folder that holds servable '${name}'`);
  checkFolder(path, join(directory, name), () => whereabouts(root, directory, name));
  // A link that leads nowhere was meant to be one; reading it says so.
  const configs = configNames.filter((file) => isThere(join(path, file)));
  if (configs.length > 1)
    throw loadFailed(`servable ${name}: expected one servable_config, given ${configs.join(' and ')}`);
  const { versions, warnings } = scan(path);
  return {
    name,
    path,
    configFile: configs[0] === undefined ? undefined : join(path, configs[0]),
    versions,
    warnings,
  };
}

function checkFolder(path: string, shown: string, advice: () => string): void {
  if (isDirectory(path)) return;
  const wrong = existsSync(path) ? 'is a file, not a folder' : 'not exist';
  throw loadFailed(`Check servable config failed, directory '${shown}' ${wrong}; ${advice()}`);
}

function whereabouts(root: string, directory: string, name: string): string {
  return `no servable '${name}' in ${root} (--directory ${directory}), which ${contents(root)}; name the folder that holds ${name}/ with --directory`;
}

function contents(root: string): string {
  const names = readdirSync(root).filter((entry) => !entry.startsWith('.') && isServable(join(root, entry)));
  if (names.length > 0) return `holds: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`;
  return isServable(root) ? 'is a servable itself' : 'holds no servables';
}

function isServable(path: string): boolean {
  if (!isDirectory(path)) return false;
  return entriesOf(path).some((entry) => configNames.includes(entry) || isVersion(path, entry));
}

/** Nothing for a folder of somebody else's that may not be read, such as lost+found. */
function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function isVersion(path: string, entry: string): boolean {
  return /^[1-9]\d*$/.test(entry) && Number.isSafeInteger(Number(entry)) && isDirectory(join(path, entry));
}

function scan(path: string): { versions: number[]; warnings: string[] } {
  const versions: number[] = [];
  const warnings: string[] = [];
  for (const entry of readdirSync(path)) {
    if (!isDirectory(join(path, entry))) {
      if (almostConfigName.test(entry) && !configNames.includes(entry))
        warnings.push(
          `file '${entry}' is ignored: a configuration is called ${configNames.slice(0, -1).join(', ')} or ${configNames.at(-1)!}`,
        );
    } else if (isVersion(path, entry)) versions.push(Number(entry));
    else if (/^(v|version)?[-+_]?\d/i.test(entry))
      warnings.push(
        `folder '${entry}' is ignored: a version is a positive whole number without leading zeros`,
      );
  }
  return { versions: versions.toSorted((a, b) => b - a), warnings };
}

/** The version of a servable of functions only, which needs no folder for it. */
const versionWithoutFolder = 1;

/**
 * The version to serve: the wanted one, or the newest for 0. Without any, a configuration can still be served, as
 * version 1, if it declares no models.
 * @throws ServingError LOAD_FAILED
 */
export function chooseVersion(folder: ServableFolder, wanted: number): number {
  const newest = folder.versions[0];
  if (newest === undefined) {
    if (folder.configFile !== undefined && (wanted === 0 || wanted === versionWithoutFolder))
      return versionWithoutFolder;
    throw loadFailed(
      `servable ${folder.name}: There is no valid version directory of models; expected a folder such as ${folder.name}/1 with the model files`,
    );
  }
  if (wanted === 0) return newest;
  if (folder.versions.includes(wanted)) return wanted;
  throw loadFailed(
    `servable ${folder.name}: There is no specified version directory of models, specified version number: ${wanted}; versions there: ${folder.versions.join(', ')}`,
  );
}

/** ONNX files of a version, by name. macOS puts a file `._m.onnx` beside `m.onnx` on foreign disks and in archives. */
export function onnxFiles(folder: ServableFolder, version: number): string[] {
  return readdirSync(join(folder.path, String(version)))
    .filter((file) => !file.startsWith('.') && /\.onnx$/i.test(file))
    .toSorted();
}

export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Where a declared model file is, checked: it exists, is not empty and lies inside the servable's folder.
 * @throws ServingError LOAD_FAILED
 */
export function modelFile(folder: ServableFolder, version: number, file: string): ModelFile {
  const shown = `${folder.name}/${version}/${file}`;
  const path = resolve(folder.path, String(version), file);
  if (!existsSync(path)) {
    if (isThere(path)) throw loadFailed(`model file ${shown} not exist: it is a link that leads nowhere`);
    const there = onnxFiles(folder, version);
    throw loadFailed(
      `model file ${shown} not exist; ${there.length === 0 ? 'the version folder holds no .onnx file' : `the version folder holds: ${there.join(', ')}`}`,
    );
  }
  // Links are resolved first, so that neither `..` nor a link leads out of the servable.
  if (!realpathSync(path).startsWith(realpathSync(folder.path) + sep)) {
    throw loadFailed(`model file ${shown} lies outside the servable's folder`);
  }
  const status = statSync(path);
  const { size } = status;
  if (!status.isFile()) throw loadFailed(`model file ${shown}: expected a file, given a ${kindOf(status)}`);
  if (size === 0) throw loadFailed(`model file ${shown} is empty: expected an ONNX model`);
  return { path, bytes: size };
}

function kindOf(status: Stats): string {
  if (status.isDirectory()) return 'folder';
  if (status.isFIFO()) return 'named pipe';
  return status.isSocket() ? 'socket' : 'device';
}

/** Whatever it is, and wherever it leads. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // No file can have such a name, or nobody may look.
    return false;
  }
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function loadFailed(message: string): ServingError {
  return new ServingError('LOAD_FAILED', message);
}
