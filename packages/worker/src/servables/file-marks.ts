/** By what a file is known again, without keeping its content. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** Larger files are not read: a model of gigabytes would be read twice at every start. */
const mostHashedBytes = 16 * 2 ** 20;

interface FileMark {
  readonly size: number;
  readonly mtimeMs: number;
  /** Of the content; undefined for a large file, which is known by its size and the time of its last change. */
  readonly sha256: string | undefined;
}

/** Files by their paths from the folder that holds the servable, as messages show them. */
export type FileMarks = Readonly<Record<string, FileMark>>;

/**
 * @param root the servable's folder
 * @param known marks of before: a file of the same size and time is not read again
 */
export function marksOf(root: string, paths: readonly string[], known: FileMarks = {}): FileMarks {
  const marks: Record<string, FileMark> = {};
  for (const path of paths) {
    const shownAs = relative(dirname(root), path);
    const mark = markOf(path, known[shownAs]);
    if (mark !== undefined) marks[shownAs] = mark;
  }
  return marks;
}

/** Undefined for what is no file, cannot be read or has just gone; if it is needed, loading says so. */
function markOf(path: string, known: FileMark | undefined): FileMark | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return undefined;
    const { size, mtimeMs } = stats;
    if (known?.size === size && known.mtimeMs === mtimeMs) return known;
    const isHashed = size <= mostHashedBytes;
    const sha256 = isHashed ? createHash('sha256').update(readFileSync(path)).digest('base64') : undefined;
    return { size, mtimeMs, sha256 };
  } catch {
    return undefined;
  }
}

/** `add/1/m.onnx has changed`, `add/lib.ts is gone` and, of those that count, `add/new.ts is new`. */
export function changesIn(before: FileMarks, after: FileMarks, newOnesCount: boolean): string[] {
  const changes: string[] = [];
  for (const [path, was] of Object.entries(before)) {
    const is = after[path];
    if (is === undefined) changes.push(`${path} is gone`);
    else if (!isSame(was, is)) changes.push(`${path} has changed`);
  }
  if (!newOnesCount) return changes;
  const added = Object.keys(after).filter((path) => !Object.hasOwn(before, path));
  return [...changes, ...added.map((path) => `${path} is new`)];
}

function isSame(a: FileMark, b: FileMark): boolean {
  if (a.size !== b.size) return false;
  return a.sha256 === undefined ? a.mtimeMs === b.mtimeMs : a.sha256 === b.sha256;
}
