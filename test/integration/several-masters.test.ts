/** One worker that several masters share: each gets answers, and its part of the executors. */
import { beforeAll, expect, test } from '@jest/globals';
import { clusterStatus, outputsOf } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { launchWorker, startMaster, type Master, type Program } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { VerifyingLoop } from '../support/verifying-loop.js';

const leaseMs = 1000;

let directory: string;
beforeAll(() => {
  const doubling = (name: string, delayMs: number) => `
registerMethod('${name}', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(async (x) => {
  await new Promise((resolve) => setTimeout(resolve, ${delayMs}));
  return new Tensor('float32', [], Float32Array.of(2 * x.data[0]));
}, [x]));`;
  directory = servables({ s: functionServable(doubling('double', 2) + doubling('slow', 40)) });
});

const master = (...more: string[]) =>
  startMaster(['--master', '127.0.0.1:0', '--lease', `${leaseMs}ms`, ...more]);

function worker(masters: readonly Master[], ...more: string[]): Program {
  const addresses = masters.map(({ cluster }) => cluster).join(',');
  const options = ['--servable', 's', '--directory', directory, '--executors', '1'];
  return launchWorker(['--master', addresses, ...options, ...more]);
}

async function linked(of: Master, count = 1): Promise<void> {
  await eventually(`${count} workers serve ${of.cluster}`, async () => {
    const { workers } = await clusterStatus(of.cluster);
    return workers.filter(({ replicas }) => replicas.length === 1).length === count;
  });
}

async function double(of: Master, x: number, method = 'double'): Promise<void> {
  const [result] = await of.client('s', method).infer({ x });
  expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(2 * x) } });
}

async function both(...more: string[]): Promise<[Master, Master, Program]> {
  const masters = await Promise.all([master(), master()]);
  const shared = worker(masters, ...more);
  await Promise.all(masters.map((each) => linked(each)));
  return [...masters, shared];
}

test('both masters get answers, one after the other and at once; the worker leaves both', async () => {
  const [one, other, shared] = await both();
  for (const each of [one, other, one, other]) await double(each, 3);
  const loops = [one, other].map((each) => new VerifyingLoop(each.client('s', 'double'), 4));
  await eventually('both have had answers', () => loops.every(({ right }) => right >= 40));
  for (const loop of loops) expect((await loop.stop()).wrong).toEqual([]);
  expect(await shared.stop()).toEqual({ code: 0, signal: null });
  for (const each of [one, other])
    expect((await clusterStatus(each.cluster)).workers.filter(({ epoch }) => epoch !== 0)).toEqual([]);
});

test('a master that keeps the only executor busy does not starve the other', async () => {
  const [busy, other] = await both();
  const loop = new VerifyingLoop(busy.client('s', 'slow'), 16);
  await eventually('it is busy', () => loop.right >= 16);
  for (let call = 0; call < 10; call++) {
    const before = loop.right;
    await double(other, call);
    // One batch of the busy one may have been running, and one may have been on its way.
    expect(loop.right - before).toBeLessThanOrEqual(3 * 16);
  }
  const { right, wrong } = await loop.stop();
  expect([wrong, right > 16]).toEqual([[], true]);
});

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'one master gets %s: the other goes on with all there is',
  async (signal) => {
    const [lost, left] = await both();
    const loops = [lost, left].map((each) => new VerifyingLoop(each.client('s', 'double'), 4, () => true));
    await eventually('both have had answers', () => loops.every(({ right }) => right >= 20));
    lost.signal(signal);
    const [lostLoop, leftLoop] = loops as [VerifyingLoop, VerifyingLoop];
    const before = leftLoop.right;
    await eventually('the other goes on', () => leftLoop.right >= before + 100);
    expect((await leftLoop.stop()).wrong).toEqual([]);
    lost.signal('SIGKILL');
    await lostLoop.stop();
    await double(left, 5);
  },
);

test('a master that comes back finds the worker, which has served the other meanwhile', async () => {
  const [restarted, left, shared] = await both();
  await restarted.stop('SIGKILL');
  await double(left, 1);
  const again = await startMaster(['--master', restarted.cluster]);
  await linked(again);
  await Promise.all([double(again, 2), double(left, 3)]);
  expect(shared.outcome).toBeUndefined();
});

test('a worker serves whichever master there is, and its health is that of any', async () => {
  const [one, gone] = await Promise.all([master(), master()]);
  await gone.stop('SIGKILL');
  const shared = worker([gone, one], '--id', 'w');
  await linked(one);
  await double(one, 4);
  const health = launchWorker(['health', '--master', `${gone.cluster},${one.cluster}`, '--id', 'w']);
  expect([await health.ended, health.stdout]).toEqual([{ code: 0, signal: null }, 'serving\n']);
  expect(await shared.stop()).toEqual({ code: 0, signal: null });
});

test('a master that refuses the worker is left to itself; when all do, the worker ends with 5', async () => {
  const [one, other] = await Promise.all([master(), master()]);
  const withInput = (input: string) => [
    '--directory',
    servables({
      s: functionServable(`registerMethod('m', { inputs: ['${input}'], outputs: ['y'] }, (q) => q);`),
    }),
  ];
  worker([one], ...withInput('p'));
  await linked(one);
  const shared = worker([one, other]);
  await linked(other);
  await double(other, 6);
  await eventually('it says who refused it', () =>
    shared.log.some(
      ({ msg, master: by }) => String(msg).startsWith('refused by a master') && by === one.cluster,
    ),
  );
  const refused = worker([one, other], ...withInput('q'));
  expect(await refused.ended).toEqual({ code: 5, signal: null });
  expect(refused.stderr).toContain('the master refused the replica');
  expect(await shared.stop()).toEqual({ code: 0, signal: null });
});

test('addresses that make no sense are named', async () => {
  for (const [given, why] of [
    ['6500,6500', /given 127\.0\.0\.1:6500 twice/],
    ['6500,', /the port is missing/],
  ] as const) {
    const mistaken = launchWorker(['--servable', 's', '--master', given]);
    expect((await mistaken.ended).code).toBe(2);
    expect(mistaken.stderr).toMatch(why);
  }
});
