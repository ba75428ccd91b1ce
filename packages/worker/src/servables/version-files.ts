/** Which files a version may be loaded from, before anybody has loaded it. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { ServableFolder } from './servable-folder.js';

/**
 * Absolute paths of the files of a version, those of its sub-folders and external data included, and of files elsewhere in
 * the servable that its configuration names.
 */
export function versionFiles({ path, configFile }: ServableFolder, version: number): string[] {
  const root = join(path, String(version));
  const elsewhere = configFile === undefined ? [] : namedElsewhere(configFile, root);
  const within = { servable: realpathSync(path) + sep, seen: new Set<string>() };
  return [root, ...elsewhere].flatMap((each) => filesBelow(each, within));
}

interface Within {
  /** Nothing outside of it is loaded, so it is not walked through. */
  readonly servable: string;
  /** Folders that were looked through: links may make a circle of them. */
  readonly seen: Set<string>;
}

/** A link that leads nowhere, or round in a circle, is none; if it is a model that is wanted, loading says so. */
function filesBelow(path: string, within: Within): string[] {
  try {
    const status = statSync(path);
    if (!status.isDirectory()) return status.isFile() ? [path] : [];
    const real = realpathSync(path);
    if (!`${real}${sep}`.startsWith(within.servable) || within.seen.has(real)) return [];
    within.seen.add(real);
    return readdirSync(path).flatMap((entry) => filesBelow(join(path, entry), within));
  } catch {
    return [];
  }
}

/** Paths such as `'../shared/m.onnx'`, and the external data beside them: `m.onnx.data`. */
const pathElsewhere = /(["'`])(\.\.\/[^"'`\n]+)\1/g;

function namedElsewhere(configFile: string, root: string): string[] {
  const named = [...textOf(configFile).matchAll(pathElsewhere)].map(([, , path]) => resolve(root, path!));
  const outside = named.filter((path) => !path.startsWith(root + sep) && isFile(path));
  const withData = outside.flatMap((path) =>
    readdirSync(dirname(path))
      .filter((entry) => entry.startsWith(basename(path)))
      .map((entry) => join(dirname(path), entry)),
  );
  return [...new Set(withData)];
}

/** Whoever runs the configuration says why it cannot be read. */
function textOf(configFile: string): string {
  return isFile(configFile) ? readFileSync(configFile, 'utf8') : '';
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
