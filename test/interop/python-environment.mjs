// The Python side: an interpreter, and virtual environments with what a requirements file names.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cache } from './cache.mjs';
import { CannotRun } from './cannot-run.mjs';
import { run } from './run-program.mjs';

const python = process.env.PYTHON || 'python3';

/** Returns what identifies the interpreter, for the name of the environment made from it. */
export function findPython() {
  const probe =
    'import sys, venv, ensurepip; assert sys.version_info >= (3, 9), sys.version; print(sys.base_prefix, sys.version)';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', probe], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new CannotRun(
    `The interop tests need Python 3.9 or later as "${python}" (or named by the variable PYTHON), with its modules ` +
      `venv and ensurepip (a package of its own on some systems), and access to PyPI.\n` +
      (error ? error.message : stderr.trim()),
  );
}

/**
 * @param modules that an environment which is whole can import
 * @returns its interpreter
 */
export function ensureEnvironment(basePython, requirementsFile, modules) {
  const requirements = join(import.meta.dirname, requirementsFile);
  const identity = createHash('sha256').update(basePython).update(readFileSync(requirements)).digest('hex');
  const folder = join(cache, `venv-${identity.slice(0, 12)}`);
  const interpreter = join(folder, 'bin', 'python');
  // An environment is usable only where it was made, so it cannot be moved into place: a last file marks it whole.
  const marker = join(folder, 'complete');
  if (existsSync(marker) && spawnSync(interpreter, ['-c', `import ${modules}`]).status === 0)
    return interpreter;
  console.log(`Making a Python environment in ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  run(python, ['-m', 'venv', folder], 'making a virtual environment');
  runPip(
    interpreter,
    ['install', '--only-binary=:all:', '-r', requirements],
    `installing ${requirementsFile} from PyPI`,
  );
  writeFileSync(marker, '');
  return interpreter;
}

export function runPip(interpreter, args, what) {
  return run(interpreter, ['-m', 'pip', '--disable-pip-version-check', ...args], what);
}
