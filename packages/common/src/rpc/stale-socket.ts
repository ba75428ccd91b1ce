/** A server that was killed leaves its unix socket behind, and the file alone makes the next one fail to listen. */
import { linkSync, lstatSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs';
import { connect } from 'node:net';
import process from 'node:process';

/**
 * Removes the socket at `path` if nobody listens to it. Whatever else is there is left for `listen` to complain of.
 * Of servers that start at once, each may find the same socket stale, and the first of them listens by the time the
 * next one would remove it: so the file is moved aside, and put back should it be another one by then.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = socketAt(path);
  if (found === undefined || !(await isRefused(path))) return;
  const aside = `${path}.${process.pid}-stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Without an await in between: of a live server's socket the place is empty for some microseconds only.
  if (!isSame(found, lstatSync(aside, { bigint: true }))) putBack(aside, path);
  unlinkSync(aside);
}

function socketAt(path: string): BigIntStats | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  return stats?.isSocket() === true ? stats : undefined;
}

/** The number of a file that is gone may be given to the next one, and renaming changes ctime but not mtime. */
function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.mtimeNs === b.mtimeNs;
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (refused: boolean) => {
      socket.destroy();
      resolve(refused);
    };
    socket.once('connect', () => settle(false));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ECONNREFUSED'));
  });
}
