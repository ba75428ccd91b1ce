/** What the models of a version weigh, before anybody has loaded them: the plan of executors begins with it. */
import { statSync } from 'node:fs';
import type { ServableFolder } from './servable-folder.js';
import { versionFiles } from './version-files.js';

/**
 * Bytes of the files of a version, those of its sub-folders and external data included, and of files elsewhere in the
 * servable that its configuration names: what one executor's sessions weigh at least.
 */
export function modelBytes(folder: ServableFolder, version: number): number {
  const counted = new Set<string>();
  let bytes = 0;
  for (const path of versionFiles(folder, version)) {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined) continue;
    // Volumes of Kubernetes have each file twice, once by a link.
    const identity = `${file.dev}:${file.ino}`;
    if (!counted.has(identity)) bytes += file.size;
    counted.add(identity);
  }
  return bytes;
}
