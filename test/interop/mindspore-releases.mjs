// The clients of MindSpore Serving, out of the released wheels.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { cache, makeFolder } from './cache.mjs';
import { CannotRun } from './cannot-run.mjs';
import { runPip } from './python-environment.mjs';
import { run } from './run-program.mjs';

const DISTRIBUTION = 'mindspore-serving';
/** Its client is what the protocol is known by, so a run without it is no run. */
const LAST_RELEASE = '2.0.2';
/** The Pythons that releases were built for, best first. */
const WHEEL_PYTHONS = ['3.9', '3.8', '3.7'];
const WHEEL_PLATFORM = ['--only-binary=:all:', '--platform', 'manylinux2014_x86_64'];
const LIST_TIME_LIMIT_MS = 120_000;

/** Name and folder of the client of every release with a wheel for any of its Pythons, oldest first. */
export function mindsporeReleases(interpreter) {
  return findReleases(interpreter).map(({ version, wheelPython }) => ({
    name: `${DISTRIBUTION}-${version}`,
    folder: ensureClient(interpreter, version, wheelPython),
  }));
}

function findReleases(interpreter) {
  const wheelPythons = new Map();
  for (const wheelPython of WHEEL_PYTHONS) {
    const wanted = ['--pre', ...WHEEL_PLATFORM, '--python-version', wheelPython, DISTRIBUTION];
    // No wheel for this Python is a failure to pip, so only the list says anything.
    const { stdout } = spawnSync(interpreter, ['-m', 'pip', 'index', 'versions', ...wanted], {
      encoding: 'utf8',
      timeout: LIST_TIME_LIMIT_MS,
    });
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
  makeFolder(folder, (work) => {
    const args = ['download', '--no-deps', ...WHEEL_PLATFORM, '--python-version', wheelPython, '-d', work];
    const release = `${DISTRIBUTION}==${version}`;
    runPip(interpreter, [...args, release], `downloading ${release} from PyPI`);
    const wheel = join(work, readdirSync(work)[0]);
    const extract = join(import.meta.dirname, 'extract_client.py');
    run(interpreter, [extract, wheel, work], 'unpacking the wheel');
    rmSync(wheel);
  });
  return folder;
}
