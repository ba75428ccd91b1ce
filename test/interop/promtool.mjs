// Prometheus' promtool: the one that is installed, else Debian's, unpacked and not installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { cache, makeFolder } from './cache.mjs';
import { run } from './run-program.mjs';

/** Returns the program. */
export function ensurePromtool() {
  const folder = join(cache, 'promtool-debian');
  const program = join(folder, 'promtool');
  const found = [process.env.PROMTOOL, 'promtool', program].filter(Boolean).find(isPromtool);
  if (found !== undefined) return found;
  if (!existsSync(folder)) {
    console.log("Taking promtool out of Debian's package prometheus");
    makeFolder(folder, fill);
  }
  run(program, ['--version'], 'starting promtool, which is neither what PROMTOOL names nor on PATH');
  return program;
}

function isPromtool(program) {
  return spawnSync(program, ['--version']).status === 0;
}

function fill(folder) {
  // A fresh machine does not know its packages yet.
  if (spawnSync('apt-get', ['download', 'prometheus'], { cwd: folder }).status !== 0) {
    run('apt-get', ['update'], "reading the list of Debian's packages");
    run('apt-get', ['download', 'prometheus'], "downloading Debian's package prometheus", { cwd: folder });
  }
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
  run('dpkg-deb', ['--extract', join(folder, archive), join(folder, 'unpacked')], 'unpacking prometheus');
  renameSync(join(folder, 'unpacked', 'usr', 'bin', 'promtool'), join(folder, 'promtool'));
}
