/** Why an address cannot be listened on, in the system's words instead of grpc-js's. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { firstLine } from '../errors/serving-error.js';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'no interface of this machine has this address',
  EACCES: 'permission denied',
};

export function listenFailure(cause: unknown): string {
  const text = firstLine(cause);
  // grpc-js: `No address added out of total 1 resolved errors: [listen EADDRINUSE: address already in use …]`.
  const code = /\blisten (E[A-Z]+)\b/.exec(text)?.[1];
  if (code !== undefined) return reasons[code] === undefined ? code : `${code}: ${reasons[code]}`;
  return /^Name resolution failed\b/.test(text) ? 'the name of the host cannot be resolved' : text;
}

/** What is wrong with the folder of a socket; the system calls a missing one a lack of permission. */
export function socketFolderFailure(path: string): string | undefined {
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
