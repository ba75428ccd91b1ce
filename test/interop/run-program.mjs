// Programs that prepare the clients: one that fails says why nothing can be run.
import { spawnSync } from 'node:child_process';

import { CannotRun } from './cannot-run.mjs';

const TIME_LIMIT_MS = 600_000;

/**
 * @param what it is about, for the error
 * @returns what it printed
 * @throws CannotRun with all that it printed when it fails
 */
export function run(program, args, what, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: TIME_LIMIT_MS,
    ...options,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? `${stdout}${stderr}`.trim();
  throw new CannotRun(`The interop tests failed at ${what} (${signal ?? `exit code ${status}`}):\n${reason}`);
}
