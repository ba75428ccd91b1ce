/** serving-worker with several devices: a supervised process for each. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { clusterStatus } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { launchWorker, startMaster, type Master, type Program } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';

let directory: string;
beforeAll(() => {
  directory = servables({
    s: functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
    broken: functionServable(`throw new Error('not today');`),
  });
});

let supervisor: Program | undefined;
afterEach(async () => {
  if (supervisor?.outcome === undefined) await supervisor?.stop('SIGTERM');
});

function launch(master: Master, ...more: string[]): Program {
  const options = ['--master', master.cluster, '--directory', directory, '--device', '0,1'];
  supervisor = launchWorker(options.concat('--executors', '1', more));
  return supervisor;
}

async function devices(master: Master) {
  const { workers } = await clusterStatus(master.cluster);
  const serving = workers.filter(({ replicas }) => replicas.some(({ state }) => state === 'AVAILABLE'));
  return new Map(serving.map(({ deviceId, pid }) => [deviceId, pid]));
}

test('a process for each device serves; one that dies is replaced; SIGTERM ends them all', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const workers = launch(master, '--servable', 's');
  const before = await eventually('both serve', async () => {
    const found = await devices(master);
    return found.size === 2 && found;
  });
  expect(new Set(before.keys())).toEqual(new Set([0, 1]));
  expect(before.get(0)).not.toBe(workers.pid);
  process.kill(before.get(0)!, 'SIGKILL');
  const after = await eventually('the lost one is replaced', async () => {
    const found = await devices(master);
    return found.size === 2 && found.get(0) !== before.get(0) && found;
  });
  expect(after.get(1)).toBe(before.get(1));
  expect(await master.client('s', 'echo').infer({ x: 1 })).toMatchObject([{ ok: true }]);
  expect(await workers.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  for (const pid of after.values()) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('a servable that cannot be loaded ends all of them with its exit code', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const workers = launch(master, '--servable', 'broken');
  expect(await workers.ended).toEqual({ code: 3, signal: null });
  expect(workers.stderr).toContain('not today');
});

const planOf = (text: string, device: number) =>
  new RegExp(`^.*device ${device}.*: methods echo; (\\d+) executors? x .* on (\\d+) of (\\d+) cores`, 'm')
    .exec(text)
    ?.slice(1)
    .map(Number);

test('several devices share the cores, in processes and in threads, and each plan says whose it is', async () => {
  const args = ['--directory', directory, '--device', '0,1', '--servable', 's'];
  const master = await startMaster(['--master', '127.0.0.1:0', ...args]);
  supervisor = launchWorker(['--master', master.cluster, ...args, '--version', '0']);
  await eventually('both are planned', () => [0, 1].every((device) => planOf(supervisor!.stdout, device)));
  for (const { stdout } of [master, supervisor]) {
    for (const device of [0, 1]) {
      const [executors, cores, offered] = planOf(stdout, device)!;
      expect(cores).toBeLessThanOrEqual(Math.max(1, Math.floor(offered! / 2)));
      expect(executors).toBe(cores);
    }
  }
  const own = (await clusterStatus(master.cluster)).workers.filter(({ epoch }) => epoch === 0);
  expect(own.map(({ deviceType, deviceId, replicas }) => [deviceType, deviceId, replicas.length])).toEqual([
    ['cpu', 0, 1],
    ['cpu', 1, 1],
  ]);
});
