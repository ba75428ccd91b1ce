/** Executors that are lost and cannot be replaced at once: callers hear of it, and in the end there are as many as before. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { outputsOf, Tensor } from '@serving/client';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { launchWorker, startMaster, startWorker, type Master } from '../support/processes.js';
import { functionServable, servables, slowRunModel } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const broken = join(temporaryFolder(), 'broken');

let master: Master;
beforeAll(async () => {
  const directory = servables({
    s: functionServable(`
import { existsSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
if (existsSync(${JSON.stringify(broken)})) process.exit(9);
// Run again, it would end the other executor too.
registerMethod('exit', { inputs: ['x'], outputs: ['y'], idempotent: false }, (x) => addStage(() => process.exit(7), [x]));
registerMethod('who', { inputs: ['x'], outputs: ['thread'] }, (x) => addStage(() => {
  const end = performance.now() + 5;
  while (performance.now() < end);
  return threadId;
}, [x]));
`),
  });
  const limits = ['--executors', '2', '--max-batch-size', '4'];
  master = await startMaster(['--servable', 's', '--directory', directory, ...limits]);
});

const logged = (text: string) => master.log.filter((line) => line['msg'] === text).length;
const failedLoads = () => logged('executor could not be replaced; trying again');

/** The threads that take part in a large request. */
async function threads(): Promise<Set<number>> {
  const results = await master.client('s', 'who').infer(Array.from({ length: 100 }, () => ({ x: 1 })));
  return new Set(results.map((result) => Number((outputsOf(result)['thread'] as Tensor).data[0])));
}

test('while one executor cannot be replaced, the other serves; later there are two again, not more', async () => {
  expect((await threads()).size).toBe(2);
  writeFileSync(broken, '');
  const [lost] = await master.client('s', 'exit').infer({ x: 1 });
  expect(lost).toMatchObject({ ok: false, error: { code: 'WORKER_UNAVAILABLE' } });
  const before = failedLoads();
  await eventually('replacing it has failed three times', () => failedLoads() >= before + 3);
  expect((await threads()).size).toBe(1);
  rmSync(broken);
  await eventually('there are two executors again', async () => (await threads()).size === 2);
  // Each failed attempt must have led to one further attempt: all losses but the first were failed loads.
  expect(logged('executor thread lost; replacing it')).toBe(1);
  expect((await threads()).size).toBe(2);
});

test('while no executor is left, requests are answered at once; later they are served again', async () => {
  writeFileSync(broken, '');
  const before = logged('executor thread lost; replacing it');
  await Promise.all([
    master.client('s', 'exit').infer({ x: 1 }),
    eventually('one executor is lost', () => logged('executor thread lost; replacing it') === before + 1),
  ]);
  const [last] = await master.client('s', 'exit').infer({ x: 1 });
  expect(last.ok).toBe(false);
  const refusal = await eventually('requests are refused', async () => {
    const [result] = await master.client('s', 'who').infer({ x: 1 });
    return result.ok ? undefined : result.error;
  });
  expect(refusal).toMatchObject({ code: 'SERVABLE_UNAVAILABLE', retryable: true });
  expect(refusal.message).toMatch(/^Request servable\(s\) method\(who\) , servable is not available/);
  rmSync(broken);
  await eventually(
    'requests are served',
    async () => (await master.client('s', 'who').infer({ x: 1 }))[0].ok,
  );
  await eventually('there are two executors again', async () => (await threads()).size === 2);
});

describe('an executor that is overdue in native code', () => {
  const matrixSize = 1024;
  const x = new Tensor('float32', [matrixSize, matrixSize], new Float32Array(matrixSize ** 2).fill(1));
  // Some tens of products take a second, depending on the machine.
  const slow = (products: number) => servables({ slow: { '1/m.onnx': slowRunModel(matrixSize, products) } });
  const limits = ['--servable', 'slow', '--executors', '1', '--execution-timeout', '500ms'];
  const infer = async (of: Master) => (await of.client('slow', 'predict').infer({ x }))[0];

  test('while it is the only one, requests are answered at once; when it comes back they are served', async () => {
    const slowMaster = await startMaster([...limits, '--directory', slow(160)]);
    expect(await infer(slowMaster)).toMatchObject({ ok: false, error: { code: 'SYSTEM_ERROR' } });
    expect(await infer(slowMaster)).toMatchObject({ ok: false, error: { code: 'SERVABLE_UNAVAILABLE' } });
    await eventually(
      'the executor takes requests again',
      async () => {
        const result = await infer(slowMaster);
        return !result.ok && result.error.code === 'SYSTEM_ERROR';
      },
      60_000,
    );
    expect(slowMaster.outcome).toBeUndefined();
    expect(slowMaster.log.filter(({ msg }) => msg === 'executor thread lost; replacing it')).toEqual([]);
    await slowMaster.stop('SIGKILL');
  }, 100_000);

  test('when it does not come back its process, master or worker, is killed', async () => {
    const directory = ['--directory', slow(5000)];
    const alone = await startMaster([...limits, ...directory]);
    const remote = await startMaster(['--master', '127.0.0.1:0']);
    const worker = await startWorker(remote, [...limits, ...directory]);
    for (const each of [alone, remote])
      expect(await infer(each)).toMatchObject({ ok: false, error: { code: 'SYSTEM_ERROR' } });
    await eventually('the worker is out of routing', async () => {
      const result = await infer(remote);
      return !result.ok && result.error.code === 'SERVABLE_UNAVAILABLE';
    });
    for (const stuck of [alone, worker]) {
      expect(await stuck.ended).toEqual({ code: null, signal: 'SIGKILL' });
      expect(stuck.log.at(-1)).toMatchObject({
        level: 60,
        msg: 'an executor is stuck in native code; killing the process',
      });
    }
    expect(remote.outcome).toBeUndefined();
  }, 100_000);
});

test('a worker lives on while it has neither a master nor an executor', async () => {
  const directory = servables({
    s: functionServable(`
setTimeout(() => process.exit(7), 50);
registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);
`),
  });
  const nobody = `unix:${join(temporaryFolder(), 'nobody.sock')}`;
  const options = ['--servable', 's', '--directory', directory, '--executors', '1'];
  const worker = launchWorker(['--master', nobody, ...options]);
  const losses = () =>
    worker.log.filter((line) => line['msg'] === 'executor thread lost; replacing it').length;
  await eventually('three executors are lost', () => losses() >= 3 || worker.outcome !== undefined, 55_000);
  expect(worker.outcome).toBeUndefined();
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
});
