/** What the models of a version weigh, before anybody has loaded them: the plan of executors begins with it. */
import { statSync } from 'node:fs';
import type { ServableFolder } from './servable-folder.js';
import { versionFiles } from './version-files.js';

/**
 * Bytes of the files of a version, those of its sub-folders and external data included, and of files elsewhere in the
 * servable that its configuration names: what one executor's sessions weigh at least.
 */
export function modelBytes(folder: ServableFolder, version: number): number {
  return versionFiles(folder, version).reduce(
    (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
