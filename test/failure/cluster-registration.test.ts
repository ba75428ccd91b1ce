/** What may go wrong between a worker and its master before and beside the batches. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { clusterStatus, outputsOf } from '@serving/client';
import {
  createGrpcJsChannel,
  link,
  linkPaths,
  linkProtocolVersion,
  maxLinkMessageBytes,
  type RpcChannel,
} from '@serving/common';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { launchWorker, startMaster, startWorker, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let directory: string;
let other: string;
beforeAll(() => {
  const echo = (input: string) =>
    functionServable(`registerMethod('echo', { inputs: ['${input}'], outputs: ['y'] }, (x) => x);`);
  directory = servables({ s: echo('x') });
  other = servables({ s: echo('z') });
});

const channels: RpcChannel[] = [];
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
});

const options = (device: number, folder = directory) => [
  '--servable',
  's',
  '--directory',
  folder,
  '--device',
  String(device),
];

const echoes = async (master: Master) =>
  expect(outputsOf((await master.client('s', 'echo').infer({ x: 7 }))[0])).toMatchObject({
    y: { data: Float32Array.of(7) },
  });

/** Says Hello by hand; gives the master's first answer. @throws RpcError */
async function hello(address: string, given: Partial<link.Hello>): Promise<link.RegisterResponse> {
  const channel = createGrpcJsChannel(address, { maxMessageBytes: maxLinkMessageBytes });
  channels.push(channel);
  const stream = channel.openStream(linkPaths.register);
  const value: link.Hello = {
    protocolVersion: linkProtocolVersion,
    workerId: 'by-hand',
    incarnation: '1',
    deviceType: 'cpu',
    deviceId: 0,
    host: 'here',
    pid: 1,
    release: '',
    ...given,
  };
  const message = { $case: 'hello' as const, value };
  stream.send(link.RegisterRequest.encode({ message }).finish()).catch(() => undefined);
  for await (const bytes of stream.messages) return link.RegisterResponse.decode(bytes);
  throw new Error('the master said nothing');
}

test('a worker that starts before the master serves as soon as there is one', async () => {
  const cluster = `unix:${join(temporaryFolder(), 'cluster.sock')}`;
  const worker = launchWorker(['--master', cluster, '--executors', '1', ...options(0)]);
  await eventually('it looks for its master', () => worker.stderr.includes('no link to the master'), 55_000);
  expect(worker.stdout).toMatch(
    /^Serving: no master at unix:\S+ yet; trying again until there is one \(connect ENOENT \S+\)$/m,
  );
  const master = await startMaster(['--master', cluster]);
  await eventually('its replica is there', async () => {
    const { workers } = await clusterStatus(cluster);
    return workers[0]?.replicas[0]?.state === 'AVAILABLE';
  });
  await echoes(master);
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
});

test('a worker that finds its master again says so, and a port that is not the cluster port is named as that', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const [worker, lost] = [
    await startWorker(master, options(0)),
    launchWorker(['--master', master.address, '--executors', '1', ...options(1)]),
  ];
  const hint = "check that this is the master's cluster port (--master), not another of its ports";
  await eventually(
    'it says what is wrong',
    () => lost.stdout.includes(hint) && lost.stderr.includes(hint),
    55_000,
  );
  const health = launchWorker(['health', '--master', master.address]);
  expect(await health.ended).toEqual({ code: 1, signal: null });
  expect(health.stdout).toMatch(/^not serving: master \S+: The server does not implement the method/);
  expect(health.stdout).toContain(hint);
  const { address, cluster } = master;
  await master.stop('SIGKILL');
  await eventually('it has noticed', () => /^Serving: no link to master \S+ any more;/m.test(worker.stdout));
  const nobody = launchWorker(['health', '--master', cluster]);
  await nobody.ended;
  expect(nobody.stdout).toBe(`not serving: master ${cluster}: connect ECONNREFUSED ${cluster}\n`);
  await startMaster(['--grpc', address, '--master', cluster]);
  await eventually('it is back', () =>
    worker.stdout.includes(`Serving: worker registered with master ${cluster} again, epoch `),
  );
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
});

test('the second of two workers with one id waits, is told why, and takes over', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const first = await startWorker(master, [...options(0), '--id', 'twin']);
  const second = launchWorker([
    '--master',
    master.cluster,
    '--executors',
    '1',
    ...options(1),
    '--id',
    'twin',
  ]);
  await eventually(
    'it is refused',
    () =>
      /expected an id that no other worker has, given one that process \d+ on \S+ is registered with/.test(
        second.stderr,
      ),
    55_000,
  );
  expect((await clusterStatus(master.cluster)).workers).toMatchObject([{ workerId: 'twin', pid: first.pid }]);
  await echoes(master);
  await first.stop('SIGKILL');
  await eventually('it has taken over', async () => {
    const [worker] = (await clusterStatus(master.cluster)).workers;
    return worker?.pid === second.pid && worker?.replicas.length === 1;
  });
  await echoes(master);
});

test('a worker of another protocol version is refused with both versions named', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  await expect(hello(master.cluster, { protocolVersion: 99 })).rejects.toMatchObject({
    status: 9,
    message: `link protocol: this master speaks version ${linkProtocolVersion}, the worker version 99; install the same release on both`,
  });
});

test('a replica whose signature disagrees with a live one ends its worker with exit code 5', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  await startWorker(master, options(0));
  const wrong = launchWorker(['--master', master.cluster, '--executors', '1', ...options(1, other)]);
  expect(await wrong.ended).toEqual({ code: 5, signal: null });
  expect(wrong.stderr).toMatch(
    /serving-worker: the master refused the replica: .*expected .*echo.*given .*echo/s,
  );
  await echoes(master);
});

test('a stream of an epoch that is over is ended', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const channel = createGrpcJsChannel(master.cluster, { maxMessageBytes: maxLinkMessageBytes });
  channels.push(channel);
  const stream = channel.openStream(linkPaths.exchange, { 'serving-worker': 'ghost', 'serving-epoch': '1' });
  const read = async () => {
    for await (const message of stream.messages) throw new Error(`a message of ${message.length} bytes`);
  };
  await expect(read()).rejects.toMatchObject({ status: 10 });
});

test('garbage on the cluster port harms nobody', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  await startWorker(master, options(0));
  const [host, port] = master.cluster.split(':') as [string, string];
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume().write(randomBytes(4096));
  await once(socket, 'close');
  const channel = createGrpcJsChannel(master.cluster, { maxMessageBytes: maxLinkMessageBytes });
  channels.push(channel);
  for (const path of [linkPaths.register, linkPaths.heartbeat, linkPaths.exchange]) {
    const stream = channel.openStream(path);
    stream.send(randomBytes(512)).catch(() => undefined);
    const read = async () => {
      for await (const message of stream.messages) throw new Error(`a message of ${message.length} bytes`);
    };
    await expect(read()).rejects.toMatchObject({ name: 'RpcError' });
  }
  await echoes(master);
  expect(master.outcome).toBeUndefined();
});

test('a batch of 64 MiB there and back does not hold up heartbeats with a lease of 1 s', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0', '--lease', '1s', '--max-message-mb', '200']);
  await startWorker(master, options(0));
  const client = master.client('s', 'echo', { maxMessageMb: 200 });
  const large = new Float32Array(16 * 2 ** 20).fill(1.5);
  const small: unknown[] = [];
  const done = new AbortController();
  const beside = (async () => {
    const caller = master.client('s', 'echo');
    while (!done.signal.aborted) {
      const [result] = await caller.infer({ x: 1 });
      if (!result.ok) small.push(result.error.message);
    }
  })();
  for (let i = 0; i < 3; i++) {
    const { data } = outputsOf((await client.infer({ x: large }))[0])['y'] as { data: Float32Array };
    expect(data.length).toBe(large.length);
    expect(data.at(-1)).toBe(1.5);
  }
  done.abort();
  await beside;
  expect(small).toEqual([]);
  expect(master.stderr).not.toContain('worker lost');
});
