/** Why an address cannot be listened on, in plain words. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ServingError } from '../errors/serving-error.js';
import { firstLine } from '../errors/thrown-text.js';
import { removeStaleSocket } from './stale-socket.js';

const unixScheme = 'unix:';

/**
 * Makes room for a unix socket at the address if it is one.
 * @param address `host:port` or `unix:path`
 * @throws ServingError ADDRESS_UNAVAILABLE
 */
export async function prepareToListen(address: string): Promise<void> {
  if (!address.startsWith(unixScheme)) return;
  const path = address.slice(unixScheme.length);
  const failure = socketFolderFailure(path);
  if (failure !== undefined) throw unavailable(address, failure);
  try {
    await removeStaleSocket(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? firstLine(cause);
    throw unavailable(address, `${code}: the socket of a server that is gone cannot be removed`, cause);
  }
}

/** @param cause what listening failed with */
export function cannotListen(address: string, cause: unknown): ServingError {
  return unavailable(address, listenFailure(cause), cause);
}

function unavailable(address: string, why: string, cause?: unknown): ServingError {
  return new ServingError('ADDRESS_UNAVAILABLE', `cannot listen on ${address}: ${why}`, { cause });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'no interface of this machine has this address',
  EACCES: 'permission denied',
};

function listenFailure(cause: unknown): string {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (syscall === 'getaddrinfo') return 'the name of the host cannot be resolved';
  if (code === undefined || syscall !== 'listen') return firstLine(cause);
  return reasons[code] === undefined ? code : `${code}: ${reasons[code]}`;
}

/** What is wrong with the folder of a socket; the system calls a missing one a lack of permission. */
function socketFolderFailure(path: string): string | undefined {
  const folder = dirname(path);
  try {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats === undefined) return `ENOENT: there is no folder ${folder}`;
    return stats.isDirectory() ? undefined : `ENOTDIR: ${folder} is a file, not a folder`;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'ENOTDIR' ? 'a part of it is a file, not a folder' : (reasons[code] ?? 'unusable');
    return `${code}: folder ${folder}: ${reason}`;
  }
}
