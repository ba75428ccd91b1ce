import { expect, test } from '@jest/globals';
import { shareOfCores, usableCores } from '../../src/executors/cores.js';
import { folderWith } from '../../../../test/support/temporary-folder.js';

const v2 = (path: string, files: Record<string, string>) =>
  folderWith({ 'proc/self/cgroup': `0::${path}\n`, ...files });
const v1 = (path: string, files: Record<string, string>) =>
  folderWith({ 'proc/self/cgroup': `12:pids:/\n3:cpuset:/x\n2:cpu,cpuacct:${path}\n0::/\n`, ...files });
const max = (path: string) => `sys/fs/cgroup${path}/cpu.max`;
const cfs = (path: string, quota: number, period = 100_000) => ({
  [`sys/fs/cgroup/cpu${path}/cpu.cfs_quota_us`]: `${quota}\n`,
  [`sys/fs/cgroup/cpu${path}/cpu.cfs_period_us`]: `${period}\n`,
});

test('without control groups all offered cores are usable', () => {
  expect(usableCores(folderWith({}), 8)).toEqual({ cores: 8, offered: 8, quota: undefined });
});

test.each([
  ['200000 100000', 2, 2],
  ['250000 100000', 2, 2.5],
  ['50000 100000', 1, 0.5],
  ['1600000 100000', 8, 16],
  ['100000 50000', 2, 2],
])('cgroup v2 cpu.max %j gives %i cores', (text, cores, quota) => {
  expect(usableCores(v2('/', { [max('')]: `${text}\n` }), 8)).toEqual({ cores, offered: 8, quota });
});

test.each(['max 100000', '', 'nonsense', '100000', '100000 0'])(
  'cgroup v2 cpu.max %j is no quota',
  (text) => {
    expect(usableCores(v2('/', { [max('')]: text }), 8)).toEqual({ cores: 8, offered: 8, quota: undefined });
  },
);

test('the tightest of a group and those above it holds', () => {
  const root = v2('/system.slice/serving', {
    [max('/system.slice')]: '300000 100000',
    [max('/system.slice/serving')]: '500000 100000',
    [max('/other')]: '100000 100000',
  });
  expect(usableCores(root, 8)).toEqual({ cores: 3, offered: 8, quota: 3 });
});

test('cgroup v1 quotas are read, in the container’s own mount as in the group’s folder', () => {
  expect(usableCores(v1('/docker/abc', cfs('', 150_000)), 4)).toEqual({ cores: 1, offered: 4, quota: 1.5 });
  expect(usableCores(v1('/docker/abc', cfs('/docker/abc', 300_000)), 4)).toEqual({
    cores: 3,
    offered: 4,
    quota: 3,
  });
});

test('cgroup v1 quotas of -1 are none', () => {
  expect(usableCores(v1('/', cfs('', -1)), 4)).toEqual({ cores: 4, offered: 4, quota: undefined });
});

test('a group path with .. stays inside the mount', () => {
  expect(usableCores(v2('/../../x', { [max('/x')]: '100000 100000' }), 4).cores).toBe(1);
});

test('several that share the cores get whole ones, at least one each', () => {
  expect([1, 2, 3, 8].map((parts) => shareOfCores(parts, { cores: 7 }))).toEqual([7, 3, 2, 1]);
});
