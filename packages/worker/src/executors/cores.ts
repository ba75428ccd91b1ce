/** The cores this process may use. `os.availableParallelism()` knows affinity but not container quotas. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export interface CoreCount {
  /** Whole cores to use, at least 1. */
  readonly cores: number;
  /** Cores the machine offers this process. */
  readonly offered: number;
  /** The container's CPU quota in cores, if there is one. */
  readonly quota: number | undefined;
}

/** @param root the file system to read control groups from; another one in tests */
export function usableCores(root = '/', offered = availableParallelism()): CoreCount {
  const quota = quotaV2(root) ?? quotaV1(root);
  return { cores: Math.max(1, Math.min(offered, Math.floor(quota ?? offered))), offered, quota };
}

/** What each of several that share this process's cores plans with, at least 1. */
export function shareOfCores(parts: number, { cores }: Pick<CoreCount, 'cores'> = usableCores()): number {
  return Math.max(1, Math.floor(cores / parts));
}

/** cgroup v2 `cpu.max`: "max 100000" or "<quota> <period>" (kernel docs, cgroup-v2, CPU interface files). */
function quotaV2(root: string): number | undefined {
  return smallest(
    groupFolders(root, '', 'sys/fs/cgroup').map((folder) => {
      const [quota, period] = readText(join(folder, 'cpu.max'))?.split(' ') ?? [];
      return quota === undefined || quota === 'max' ? undefined : Number(quota) / Number(period);
    }),
  );
}

/** cgroup v1 `cpu.cfs_quota_us` and `cpu.cfs_period_us`; a quota of -1 is none. */
function quotaV1(root: string): number | undefined {
  return smallest(
    groupFolders(root, 'cpu', 'sys/fs/cgroup/cpu').map((folder) => {
      const quota = Number(readText(join(folder, 'cpu.cfs_quota_us')) ?? -1);
      const period = Number(readText(join(folder, 'cpu.cfs_period_us')) ?? 0);
      return quota > 0 && period > 0 ? quota / period : undefined;
    }),
  );
}

/** The control group's folder and all above it: the tightest limit of them holds. */
function groupFolders(root: string, controller: string, mount: string): string[] {
  const line = (readText(join(root, 'proc/self/cgroup')) ?? '').split('\n').find((entry) => {
    const controllers = entry.split(':')[1];
    return (
      controllers !== undefined &&
      (controller === '' ? controllers === '' : controllers.split(',').includes(controller))
    );
  });
  const parts = (line?.split(':').slice(2).join(':') ?? '/')
    .split('/')
    .filter((part) => part !== '' && part !== '..');
  return [...parts.keys(), parts.length].map((depth) => join(root, mount, ...parts.slice(0, depth)));
}

function smallest(quotas: readonly (number | undefined)[]): number | undefined {
  const known = quotas.filter((quota) => quota !== undefined && Number.isFinite(quota)) as number[];
  return known.length === 0 ? undefined : Math.min(...known);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
