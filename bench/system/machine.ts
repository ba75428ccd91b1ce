/** What the figures were measured on, for people who compare them with their own. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { repository } from '../servers/child-processes.ts';

export interface Surroundings {
  readonly machine: string;
  readonly versions: string;
  readonly commit: string;
  readonly date: string;
}

export function surroundings(): Surroundings {
  const model = cpus()[0]?.model.trim() || 'unknown CPU';
  const gibibytes = (totalmem() / 2 ** 30).toFixed(1);
  const load = loadavg()[0]!.toFixed(2);
  const packages = ['@grpc/grpc-js', 'onnxruntime-node'].map((name) => `${name} ${versionOf(name)}`);
  return {
    machine: `${model}, ${availableParallelism()} cores, ${gibibytes} GiB of memory, ${process.platform} ${process.arch}, load average ${load} at the start`,
    versions: [`node ${process.version.slice(1)}`, ...packages].join(', '),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

function versionOf(name: string): string {
  const file = new URL(`node_modules/${name}/package.json`, repository);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The commit, with a note when what ran differs from it. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const changed =
      git('status', '--porcelain', '--untracked-files=no', '--', 'packages', 'examples', 'bench') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
