/** serving-worker health: in the environment of the worker whose health is asked for. */
import { beforeAll, expect, test } from '@jest/globals';
import { clusterStatus } from '@serving/client';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { launchWorker, startMaster, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { folderWith } from '../support/temporary-folder.js';

let master: Master;
beforeAll(async () => {
  const directory = servables({
    s: functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
  });
  master = await startMaster(['--master', '127.0.0.1:0']);
  const options = ['--servable', 's', '--directory', directory, '--executors', '1', '--device', '0,1'];
  launchWorker([...options, '--id', 'w', '--master', master.cluster]);
  await eventually('both serve', async () => {
    const { workers } = await clusterStatus(master.cluster);
    return workers.filter(({ replicas }) => replicas.length === 1).length === 2;
  });
});

async function health(args: readonly string[], env: Record<string, string> = {}) {
  const program = launchWorker(['health', ...args], { env });
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

test('the id given to a worker of several devices is that of all of them; so is each one with its device', async () => {
  for (const id of ['w', 'w-0', 'w-1'])
    expect(await health(['--master', master.cluster, '--id', id])).toMatchObject({
      code: 0,
      stdout: 'serving\n',
    });
});

test('a worker that is not registered is said to be so', async () => {
  for (const id of ['w-2', 'v', 'w-'])
    expect(await health(['--master', master.cluster, '--id', id])).toMatchObject({
      code: 1,
      stdout: `not serving: worker ${id} is not registered\n`,
    });
});

test('the variables and the file of the worker are understood', async () => {
  const file = `servable: s\ndevice: [0, 1]\nexecutors: 1\nid: w\nmaster: ${master.cluster}\n`;
  const env = {
    SERVING_CONFIG: join(folderWith({ 'worker.yaml': file }), 'worker.yaml'),
    SERVING_EXECUTORS: '1',
  };
  expect(await health([], env)).toEqual({ code: 0, stdout: 'serving\n', stderr: '' });
  expect(await health([], { ...env, SERVING_ID: 'v' })).toMatchObject({ code: 1 });
});
