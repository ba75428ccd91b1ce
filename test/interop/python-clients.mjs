// The Python side: an interpreter, a virtual environment, and the clients of the released wheels.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { CannotRun } from './cannot-run.mjs';

const here = import.meta.dirname;
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'serving-interop');
const python = process.env.PYTHON || 'python3';

const DISTRIBUTION = 'mindspore-serving';
/** Its client is what the protocol is known by, so a run without it is no run. */
const LAST_RELEASE = '2.0.2';
/** The Pythons that releases were built for, best first. */
const WHEEL_PYTHONS = ['3.9', '3.8', '3.7'];
const WHEEL_PLATFORM = ['--only-binary=:all:', '--platform', 'manylinux2014_x86_64'];
const INSTALL_TIME_LIMIT_MS = 600_000;

/** Every client to check: its name, its interpreter, the folders to put on Python's path, and the program that checks it. */
export function preparePythonClients() {
  const basePython = findPython();
  mkdirSync(cache, { recursive: true });
  const interpreter = ensureEnvironment(basePython, 'requirements.txt', 'grpc, google.protobuf, numpy');
  const releases = findReleases(interpreter);
  const checked = { interpreter, checks: join('checks', 'main.py') };
  const clients = releases.map(({ version, wheelPython }) => ({
    ...checked,
    name: `${DISTRIBUTION}-${version}`,
    paths: [ensureClient(interpreter, version, wheelPython)],
  }));
  // Releases up to 1.2 put instances in field 3, and none of them is on PyPI as a wheel.
  clients.push({ ...checked, name: 'raw-1.2-field-3', paths: [join(here, 'client-1.2')] });
  clients.push({
    name: 'tritonclient-grpc',
    interpreter: ensureEnvironment(basePython, 'requirements-triton.txt', 'tritonclient.grpc'),
    paths: [],
    checks: join('triton', 'main.py'),
  });
  clients.push({
    name: 'tensorflow-rest-requests',
    interpreter: ensureEnvironment(basePython, 'requirements-tensorflow.txt', 'numpy, requests'),
    paths: [],
    checks: join('tensorflow', 'main.py'),
  });
  return clients;
}

/** Returns what identifies the interpreter, for the name of the environment made from it. */
function findPython() {
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

/** @param modules that an environment which is whole can import */
function ensureEnvironment(basePython, requirementsFile, modules) {
  const requirements = join(here, requirementsFile);
  const identity = createHash('sha256').update(basePython).update(readFileSync(requirements)).digest('hex');
  const folder = join(cache, `venv-${identity.slice(0, 12)}`);
  const interpreter = join(folder, 'bin', 'python');
  // An environment is usable only where it was made, so it cannot be moved into place: a last file marks it whole.
  const marker = join(folder, 'complete');
  if (existsSync(marker) && spawnSync(interpreter, ['-c', `import ${modules}`]).status === 0)
    return interpreter;
  console.log(`Making a Python environment in ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  runPython(python, ['-m', 'venv', folder], 'making a virtual environment');
  runPip(
    interpreter,
    ['install', '--only-binary=:all:', '-r', requirements],
    'installing the requirements from PyPI',
  );
  writeFileSync(marker, '');
  return interpreter;
}

/** Every release with a wheel for any of its Pythons, oldest first. */
function findReleases(interpreter) {
  const wheelPythons = new Map();
  for (const wheelPython of WHEEL_PYTHONS) {
    const args = [
      'index',
      'versions',
      '--pre',
      ...WHEEL_PLATFORM,
      '--python-version',
      wheelPython,
      DISTRIBUTION,
    ];
    // No wheel for this Python is a failure to pip, so only the list says anything.
    const { stdout } = spawnPython(interpreter, ['-m', 'pip', ...args]);
    const [, list = ''] = /^Available versions: (.*)$/m.exec(stdout) ?? [];
    for (const version of list.split(', ').filter(Boolean)) {
      if (!wheelPythons.has(version)) wheelPythons.set(version, wheelPython);
    }
  }
  if (!wheelPythons.has(LAST_RELEASE)) {
    throw new CannotRun(
      `The interop tests need PyPI, and found no wheel of ${DISTRIBUTION} ${LAST_RELEASE} there: ` +
        `pip lists ${[...wheelPythons.keys()].join(', ') || 'no version'}.`,
    );
  }
  const byAge = (a, b) => a.version.localeCompare(b.version, 'en', { numeric: true });
  return [...wheelPythons].map(([version, wheelPython]) => ({ version, wheelPython })).toSorted(byAge);
}

/** Only the client is kept: a wheel is some megabytes of server libraries. */
function ensureClient(interpreter, version, wheelPython) {
  const folder = join(cache, `client-${version}`);
  if (existsSync(folder)) return folder;
  console.log(`Taking the client out of ${DISTRIBUTION} ${version}`);
  const work = mkdtempSync(join(cache, 'download-'));
  try {
    const args = ['download', '--no-deps', ...WHEEL_PLATFORM, '--python-version', wheelPython, '-d', work];
    runPip(
      interpreter,
      [...args, `${DISTRIBUTION}==${version}`],
      `downloading ${DISTRIBUTION} ${version} from PyPI`,
    );
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
    const client = join(work, 'client');
    runPython(
      interpreter,
      [join(here, 'extract_client.py'), join(work, wheel), client],
      'unpacking the wheel',
    );
    renameSync(client, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

function runPip(interpreter, args, what) {
  runPython(interpreter, ['-m', 'pip', '--disable-pip-version-check', ...args], what);
}

function runPython(interpreter, args, what) {
  const { status, signal, error, stdout, stderr } = spawnPython(interpreter, args);
  if (status === 0) return;
  const reason = error?.message ?? `${stdout}${stderr}`.trim();
  throw new CannotRun(`The interop tests failed at ${what} (${signal ?? `exit code ${status}`}):\n${reason}`);
}

function spawnPython(interpreter, args) {
  return spawnSync(interpreter, args, { encoding: 'utf8', timeout: INSTALL_TIME_LIMIT_MS });
}
