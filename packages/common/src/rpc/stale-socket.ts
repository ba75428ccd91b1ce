/** A server that was killed leaves its unix socket behind, and the file alone makes the next one fail to listen. */
import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** Removes the socket at `path` if nobody listens to it. Whatever else is there is left for `listen` to complain of. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  if (await isRefused(path)) unlinkSync(path);
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
