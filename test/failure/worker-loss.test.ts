/** Workers that die, stop or leave under callers who look at every answer: no request is lost or wrong. */
import { beforeAll, expect, test } from '@jest/globals';
import { clusterStatus } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { startMaster, startWorker, type Master, type Program } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { VerifyingLoop } from '../support/verifying-loop.js';

const leaseMs = 1000;
const callers = 8;

let directory: string;
beforeAll(() => {
  directory = servables({
    s: functionServable(`
registerMethod('double', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(async (x) => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  return new Tensor('float32', [], Float32Array.of(2 * x.data[0]));
}, [x]));
registerMethod('once', { inputs: ['x'], outputs: ['y'], idempotent: false }, (x) => addStage(async (x) => {
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  return x;
}, [x]));
`),
  });
});

const clusterMaster = (...more: string[]) =>
  startMaster(['--master', '127.0.0.1:0', '--lease', `${leaseMs}ms`, ...more]);
const worker = (master: Master, device: number) =>
  startWorker(master, ['--servable', 's', '--directory', directory, '--device', String(device)]);

async function workersOf(master: Master): Promise<number> {
  const { workers } = await clusterStatus(master.cluster);
  return workers.length;
}

/** Both workers have answered, so that either one's loss is felt. */
async function underLoad(loop: VerifyingLoop): Promise<void> {
  const before = loop.right;
  await eventually('calls are answered', () => loop.right >= before + 40);
}

async function twoWorkers(): Promise<[Master, Program, Program]> {
  const master = await clusterMaster();
  const workers = await Promise.all([worker(master, 0), worker(master, 1)]);
  return [master, ...workers] as [Master, Program, Program];
}

test.each(['SIGKILL', 'SIGTERM'] as const)('%s of one of two workers: no request is lost', async (signal) => {
  const [master, first] = await twoWorkers();
  const loop = new VerifyingLoop(master.client('s', 'double'), callers);
  await underLoad(loop);
  const ended = await first.stop(signal);
  expect(ended).toEqual(signal === 'SIGKILL' ? { code: null, signal } : { code: 0, signal: null });
  await eventually('it is out of routing', async () => (await workersOf(master)) === 1);
  await underLoad(loop);
  const { right, wrong } = await loop.stop();
  expect(wrong).toEqual([]);
  expect(right).toBeGreaterThan(80);
});

test('a worker that is stopped for three leases and goes on: no request is lost, and it serves again', async () => {
  const [master, first] = await twoWorkers();
  const loop = new VerifyingLoop(master.client('s', 'double'), callers);
  await underLoad(loop);
  first.signal('SIGSTOP');
  await eventually('its lease has expired', async () => (await workersOf(master)) === 1);
  // The pause itself is what is tested.
  await new Promise((resolve) => setTimeout(resolve, 2 * leaseMs));
  first.signal('SIGCONT');
  await eventually('it is registered again', async () => (await workersOf(master)) === 2);
  await underLoad(loop);
  expect((await loop.stop()).wrong).toEqual([]);
  expect(master.stderr).toContain('no heartbeat came for a whole lease');
});

test('with the last worker, requests are refused at once; a worker that starts later takes them', async () => {
  const master = await clusterMaster();
  const only = await worker(master, 0);
  const client = master.client('s', 'double');
  expect(await client.infer({ x: 1 })).toMatchObject([{ ok: true }]);
  await only.stop('SIGKILL');
  await eventually('it is out of routing', async () => (await workersOf(master)) === 0);
  await expect(client.infer({ x: 1 })).resolves.toMatchObject([
    {
      ok: false,
      error: {
        code: 'SERVABLE_UNAVAILABLE',
        message: expect.stringMatching(
          /^Request servable\(s\) method\(double\) , servable is not available; no replica/,
        ) as unknown,
      },
    },
  ]);
  await worker(master, 0);
  expect(await client.infer({ x: 1 })).toMatchObject([{ ok: true }]);
});

test('before any worker has registered, callers are told to try again and what is missing', async () => {
  const master = await clusterMaster();
  await expect(master.client('s', 'double').infer({ x: 1 })).resolves.toMatchObject([
    {
      ok: false,
      error: {
        code: 'SERVABLE_UNAVAILABLE',
        message:
          'Request servable(s) method(double) , servable is not available; no worker has registered one by that name yet (registered: none); serving-worker --servable s --master <cluster address> starts one',
      },
    },
  ]);
});

test('the master ends by SIGTERM and another takes its address: the workers come back by themselves', async () => {
  const [master] = await twoWorkers();
  const { address, cluster } = master;
  const loop = new VerifyingLoop(master.client('s', 'double'), callers, ({ code }) =>
    ['UNAVAILABLE', 'SERVABLE_UNAVAILABLE'].includes(code),
  );
  await underLoad(loop);
  expect(await master.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  const second = await startMaster(['--grpc', address, '--master', cluster, '--lease', `${leaseMs}ms`]);
  await eventually('both workers are registered', async () => (await workersOf(second)) === 2);
  await underLoad(loop);
  expect((await loop.stop()).wrong).toEqual([]);
});

test('a method that is not idempotent is not run again: WORKER_LOST', async () => {
  const [master, ...workers] = await twoWorkers();
  const answer = master.client('s', 'once').infer({ x: 1 });
  const busy = await eventually('a worker runs it', async () => {
    const { workers: known } = await clusterStatus(master.cluster);
    return known.find(({ replicas }) => replicas.some(({ inFlight }) => inFlight === 1));
  });
  await workers.find(({ pid }) => pid === busy.pid)!.stop('SIGKILL');
  await expect(answer).resolves.toMatchObject([{ ok: false, error: { code: 'WORKER_UNAVAILABLE' } }]);
});
