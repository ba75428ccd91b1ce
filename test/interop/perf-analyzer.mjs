// Triton's perf_analyzer, out of its wheel, with newer system libraries beside it where the machine's are too old.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cache, makeFolder } from './cache.mjs';
import { downloadPackages } from './debian-packages.mjs';
import { runPip } from './python-environment.mjs';
import { run } from './run-program.mjs';

const VERSION = '2.60.0';
/** What its wheel is built for. It is taken even so where pip would refuse it: all but the C library may be there. */
const WHEEL_PLATFORM = ['--only-binary=:all:', '--platform', 'manylinux_2_38_x86_64'];
/** The first Debian that has the libraries it is linked with, and the packages that they are in. */
const LIBRARY_SUITE = 'trixie';
const LIBRARY_PACKAGES = ['libc6', 'libgcc-s1', 'libssl3t64', 'libstdc++6', 'libzstd1', 'zlib1g'];
const LIBRARIES = join('lib', 'usr', 'lib', 'x86_64-linux-gnu');

/** Returns the program. */
export function ensurePerfAnalyzer(interpreter) {
  const folder = join(cache, `perf_analyzer-${VERSION}`);
  const program = join(folder, 'perf_analyzer');
  if (!existsSync(folder)) {
    console.log(`Taking perf_analyzer ${VERSION} out of its wheel`);
    makeFolder(folder, (work) => fill(work, interpreter));
  }
  run(program, ['--version'], 'starting perf_analyzer');
  return program;
}

function fill(folder, interpreter) {
  const release = `perf-analyzer==${VERSION}`;
  runPip(
    interpreter,
    ['download', '--no-deps', ...WHEEL_PLATFORM, '-d', folder, release],
    `downloading ${release} from PyPI`,
  );
  const wheel = join(folder, readdirSync(folder)[0]);
  run(interpreter, ['-m', 'zipfile', '-e', wheel, join(folder, 'wheel')], 'unpacking the wheel');
  rmSync(wheel);
  const program = join(folder, 'perf_analyzer');
  renameSync(join(folder, 'wheel', 'perf_analyzer', 'bin', 'perf_analyzer'), program);
  rmSync(join(folder, 'wheel'), { recursive: true });
  chmodSync(program, 0o755);
  const { status, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (status !== 0) addLibraries(folder, program, stderr);
}

function addLibraries(folder, program, problem) {
  console.log(
    `perf_analyzer does not start with this machine's libraries:\n${problem.trim()}\n` +
      `It gets those of Debian ${LIBRARY_SUITE}, in its own folder.`,
  );
  const packages = join(folder, 'packages');
  mkdirSync(packages);
  for (const file of downloadPackages(packages, LIBRARY_SUITE, LIBRARY_PACKAGES))
    run('dpkg-deb', ['-x', file, join(folder, 'lib')], 'unpacking libraries');
  rmSync(packages, { recursive: true });
  renameSync(program, join(folder, 'perf_analyzer.bin'));
  // The loader, too, has to be that of the C library.
  writeFileSync(
    program,
    `#!/bin/sh
here=$(dirname "$0")
libraries=$here/${LIBRARIES}
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$here/perf_analyzer.bin" "$@"
`,
    { mode: 0o755 },
  );
}
