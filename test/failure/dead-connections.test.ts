/** Connections between a worker and its master that are dead while neither side was told. */
import { beforeAll, expect, test } from '@jest/globals';
import { clusterStatus } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { launchWorker, startMaster } from '../support/processes.js';
import { Proxy } from '../support/proxy.js';
import { functionServable, servables } from '../support/servables.js';

let directory: string;
beforeAll(() => {
  directory = servables({
    s: functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
  });
});

const options = (...more: string[]) => [
  '--servable',
  's',
  '--directory',
  directory,
  '--executors',
  '1',
  ...more,
];

test('a connection for batches that was forgotten on the way is noticed: its requests run, and so do later ones', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0', '--lease', '1s']);
  const proxy = await Proxy.to(master.cluster);
  launchWorker(options('--master', proxy.address));
  const client = master.client('s', 'echo');
  const isAnswered = async () => (await client.infer({ x: 1 }))[0].ok;
  await eventually('it serves', isAnswered, 55_000);
  // The first connection is that of the registration and its heartbeats.
  expect(proxy.connections).toBe(2);
  proxy.forget(1);
  const answer = client.infer({ x: 2 });
  await eventually('the worker is registered again', async () => {
    const { workers } = await clusterStatus(master.cluster);
    return proxy.connections === 4 && workers.some(({ replicas }) => replicas.length > 0);
  });
  // The last replica was gone meanwhile, so it may be refused; but it has its answer.
  await answer;
  await eventually('it serves again', isAnswered);
});

test('a worker whose batches cannot reach it is not routed to, and its registration ends', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0', '--lease', '1s']);
  const proxy = await Proxy.to(master.cluster);
  proxy.isSilent = (connection) => connection % 2 === 1;
  launchWorker(options('--master', proxy.address));
  await eventually(
    'it is registered',
    async () => (await clusterStatus(master.cluster)).workers.length > 0,
    55_000,
  );
  const { workers } = await clusterStatus(master.cluster);
  expect(workers.flatMap(({ replicas }) => replicas)).toEqual([]);
  expect(await master.client('s', 'echo').infer({ x: 1 })).toMatchObject([{ ok: false }]);
  await eventually('it tries again', () => proxy.connections > 2);
  expect(master.stderr).toContain('no exchange stream came for a whole lease');
  proxy.isSilent = () => false;
  await eventually('it serves', async () => (await master.client('s', 'echo').infer({ x: 1 }))[0].ok);
});
