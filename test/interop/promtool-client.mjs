// Prometheus' promtool: the one that is installed, else Debian's, unpacked and not installed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'serving-interop');
const cached = join(cache, 'promtool');
const DOWNLOAD_TIME_LIMIT_MS = 300_000;

/** The client in a list of its own; an empty one, and a printed reason, where promtool cannot be had. */
export function preparePromtool() {
  const found = [process.env.PROMTOOL, 'promtool', cached].filter(Boolean).find(isPromtool);
  const problem = found === undefined ? fetchFromDebian() : undefined;
  if (problem === undefined)
    return [
      {
        name: 'promtool',
        interpreter: process.execPath,
        checks: join('promtool', 'main.mjs'),
        paths: [],
        variables: { PROMTOOL: found ?? cached },
      },
    ];
  console.log(
    `promtool is not run. It is neither what the variable PROMTOOL names nor on PATH, and cannot be had from Debian: ${problem}`,
  );
  return [];
}

function isPromtool(program) {
  return spawnSync(program, ['--version']).status === 0;
}

/** What went wrong, or undefined. */
function fetchFromDebian() {
  const folder = mkdtempSync(join(tmpdir(), 'serving-promtool-'));
  try {
    const download = () => run('apt-get', ['download', 'prometheus'], folder);
    // A fresh machine does not know its packages yet.
    const problem = download() && (run('apt-get', ['update'], folder) ?? download());
    if (problem !== undefined) return problem;
    const [archive] = readdirSync(folder);
    const unpacking = run('dpkg-deb', ['--extract', archive, 'unpacked'], folder);
    if (unpacking !== undefined) return unpacking;
    const program = join(folder, 'unpacked', 'usr', 'bin', 'promtool');
    if (!existsSync(program)) return `the package ${archive} has no promtool`;
    mkdirSync(cache, { recursive: true });
    copyFileSync(program, cached);
    return isPromtool(cached) ? undefined : `promtool of ${archive} does not run here`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(program, args, cwd) {
  const { status, error, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: DOWNLOAD_TIME_LIMIT_MS,
  });
  return status === 0 ? undefined : `${program}: ${error?.message ?? stderr.trim()}`;
}
