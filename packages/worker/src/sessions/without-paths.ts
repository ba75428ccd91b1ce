/** Messages of onnxruntime, with the names that files have in the servable instead of where they are on this machine. */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { ModelSource } from './onnx-file.js';

/** External data and the folder it has to be in come in quotation marks, with links resolved. */
const quotedPath = /"((?:[A-Za-z]:)?[\\/][^"]*)"/g;

/**
 * Full paths are nobody's business but the operator's own: the model's becomes what it is shown as, others become what they
 * are beside it, or only a name.
 */
export function withoutPaths(message: string, source: ModelSource, shownAs: string): string {
  const folders = typeof source === 'string' ? foldersOf(source) : [];
  const named = typeof source === 'string' ? message.replaceAll(source, shownAs) : message;
  const shown = (path: string) => {
    const inside = folders.map((folder) => relative(folder, path)).find(isInside);
    return inside === undefined ? `…/${basename(path)}` : join(dirname(shownAs), inside);
  };
  return named.replaceAll(quotedPath, (_, path: string) => `"${shown(path)}"`);
}

/** As it is named, and where it really is. */
function foldersOf(source: string): string[] {
  const folder = dirname(source);
  try {
    return [folder, realpathSync(folder)];
  } catch {
    // It is gone, and the message is to be about what was wrong before.
    return [folder];
  }
}

function isInside(path: string): boolean {
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}
