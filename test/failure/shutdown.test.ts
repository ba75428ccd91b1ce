/** SIGTERM and SIGINT: requests in progress are answered, new ones refused, and the exit code is 0. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { outputsOf } from '@serving/client';
import { createLogger } from '@serving/common';
import { Master as LibraryMaster, startServableInMaster } from '@serving/master';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { launchMaster, launchWorker, startMaster, type Master } from '../support/processes.js';
import {
  configuration,
  functionServable,
  servables,
  slowLoadModel,
  slowRunModel,
} from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const clean = { code: 0, signal: null };
const matrixSize = 512;

/** Stages that say that they run by making a file, and end when another one is there. */
const gated = (folder: string) =>
  functionServable(`
import { existsSync, writeFileSync } from 'node:fs';
const started = ${JSON.stringify(join(folder, 'started'))};
const go = ${JSON.stringify(join(folder, 'go'))};
registerMethod('wait', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(async (x) => {
  writeFileSync(started, '');
  while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
  return x;
}, [x]));
registerMethod('block', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((x) => {
  writeFileSync(started, '');
  while (!existsSync(go));
  return x;
}, [x]));
registerMethod('endless', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(() => {
  writeFileSync(started, '');
  for (;;);
}, [x]));
`);

interface Server {
  readonly master: Master;
  /** Until it is opened, the stages do not end. */
  readonly open: () => void;
  readonly started: () => Promise<unknown>;
}

async function startGated(args: readonly string[] = []): Promise<Server> {
  const folder = temporaryFolder();
  const directory = servables({ s: gated(folder) });
  const master = await startMaster([
    '--servable',
    's',
    '--directory',
    directory,
    '--executors',
    '1',
    ...args,
  ]);
  return {
    master,
    open: () => writeFileSync(join(folder, 'go'), ''),
    started: () => eventually('the stage runs', () => existsSync(join(folder, 'started'))),
  };
}

const stopping = (master: Master) =>
  eventually('the server is stopping', () => master.stderr.includes('requests in progress may finish'));

test.each([
  ['SIGTERM', 'wait'],
  ['SIGINT', 'block'],
] as const)(
  '%s during a batch (%s): it is answered, new requests are refused, exit code 0',
  async (signal, method) => {
    const { master, open, started } = await startGated();
    const running = master.client('s', method).infer([{ x: 1 }, { x: 2 }]);
    await started();
    master.signal(signal);
    await stopping(master);
    // On a connection of its own, since the one with the running request is about to close.
    const refused = master.client('s', method).infer({ x: 3 });
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(master.outcome).toBeUndefined();
    open();
    const outputs = (await running).map((result) => outputsOf(result)['y']);
    expect(outputs).toMatchObject([{ data: Float32Array.of(1) }, { data: Float32Array.of(2) }]);
    expect(await master.ended).toEqual(clean);
  },
);

test('while the last requests are answered, over gRPC and HTTP, the HTTP port says that the server stops', async () => {
  const { master, open, started } = await startGated(['--rest', '127.0.0.1:0', '--rest-status-codes']);
  const url = (path: string) => `http://${master.rest}${path}`;
  const ask = () => fetch(url('/model/s:wait'), { method: 'POST', body: '{"instances": {"x": 1.0}}' });
  const overGrpc = master.client('s', 'wait').infer({ x: 1 });
  await started();
  const overHttp = ask();
  await eventually('the other request waits', async () =>
    /^nv_inference_pending_request_count\{.*\} 1$/m.test(await (await fetch(url('/metrics'))).text()),
  );
  master.signal('SIGTERM');
  await stopping(master);
  const statuses: number[] = [];
  for (const path of ['/livez', '/readyz', '/readyz/s', '/v2/health/live', '/v2/health/ready', '/metrics'])
    statuses.push((await fetch(url(path))).status);
  expect(statuses).toEqual([200, 503, 503, 200, 400, 200]);
  const refused = await ask();
  expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
  expect(await refused.json()).toEqual({ error_msg: 'the server is stopping' });
  expect(master.outcome).toBeUndefined();
  open();
  expect(await (await overHttp).json()).toEqual({ instances: [{ y: 1.0 }] });
  expect(outputsOf((await overGrpc)[0])).toMatchObject({ y: { data: Float32Array.of(1) } });
  expect(await master.ended).toEqual(clean);
});

test('requests that were waiting when the signal came are answered too', async () => {
  const { master, open, started } = await startGated(['--max-batch-size', '1']);
  const client = master.client('s', 'wait');
  const running = Array.from({ length: 5 }, (_, i) => client.infer({ x: i }));
  await started();
  master.signal('SIGTERM');
  await stopping(master);
  open();
  for (const [i, [result]] of (await Promise.all(running)).entries())
    expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(i) } });
  expect(await master.ended).toEqual(clean);
});

test('a batch that does not end is given up after the grace, exit code 0', async () => {
  const { master, started } = await startGated(['--shutdown-grace', '300ms']);
  const failed = expect(master.client('s', 'endless').infer({ x: 1 })).rejects.toMatchObject({
    name: 'InferError',
  });
  await started();
  expect(await master.stop('SIGTERM')).toEqual(clean);
  await failed;
});

test('a second signal ends the server at once, by that signal', async () => {
  const { master, started } = await startGated();
  const failed = expect(master.client('s', 'endless').infer({ x: 1 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  await started();
  master.signal('SIGTERM');
  await stopping(master);
  expect(await master.stop('SIGINT')).toEqual({ code: null, signal: 'SIGINT' });
  await failed;
});

test('an idle server stops at once, its unix socket is gone', async () => {
  const socket = join(temporaryFolder(), 'serving.sock');
  const { master } = await startGated(['--grpc', `unix:${socket}`]);
  expect(existsSync(socket)).toBe(true);
  expect(await master.stop()).toEqual(clean);
  expect(existsSync(socket)).toBe(false);
});

let directory: string;
beforeAll(() => {
  directory = servables({
    loading: {
      'servable_config.ts': configuration(`console.log('configured');
const m = declareModel({ file: 'm.onnx', withBatchDim: false });
registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(m, [x]));`),
      '1/m.onnx': slowLoadModel(matrixSize * 2, 20),
    },
    // Longer than a shutdown waits for it.
    stuck: {
      'servable_config.ts': configuration(`console.log('configured');
const m = declareModel({ file: 'm.onnx', withBatchDim: false });
registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(m, [x]));`),
      '1/m.onnx': slowLoadModel(matrixSize * 8, 16),
    },
    running: { '1/m.onnx': slowRunModel(matrixSize, 60) },
    awaiting: {
      'servable_config.ts': configuration(
        `console.log('configured'); await new Promise((resolve) => setTimeout(resolve, 60_000));`,
      ),
      '1/': '',
    },
    looping: { 'servable_config.ts': configuration(`console.log('configured'); for (;;);`), '1/': '' },
  });
});
const starting = (servable: string, ...args: string[]) =>
  launchMaster([
    '--grpc',
    '0',
    '--servable',
    servable,
    '--directory',
    directory,
    '--executors',
    '1',
    ...args,
  ]);
const configured = (master: Master) =>
  eventually('the configuration has run', () => master.stderr.includes('configured\n'));

describe('while a servable is loading', () => {
  test.each(['awaiting', 'looping'])('SIGTERM while a configuration is %s: exit code 0', async (servable) => {
    const master = starting(servable);
    await configured(master);
    expect(await master.stop()).toEqual(clean);
    expect(master.stdout).toBe('Serving: master stopped\n');
  });

  test('SIGTERM while a process of its own loads the servable: exit code 0', async () => {
    const master = starting('awaiting', '--isolation', 'process');
    await configured(master);
    expect(await master.stop()).toEqual(clean);
  });

  test('SIGTERM while a model is loading, early and late: no abort', async () => {
    for (const afterMs of [0, 20, 100, 200]) {
      const master = starting('loading');
      await configured(master);
      // There is no sign of how far loading is, so the signal comes at several moments of it.
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      expect({ afterMs, ...(await master.stop()) }).toEqual({ afterMs, ...clean });
    }
  });

  test('SIGTERM while a model is loading for too long: killed after ten seconds, in master and worker', async () => {
    const args = ['--servable', 'stuck', '--directory', directory, '--executors', '1'];
    const [master, worker] = [starting('stuck'), launchWorker(args)];
    const killed = [master, worker].map(async (program) => {
      await eventually('the configuration has run', () => program.stderr.includes('configured\n'));
      // Some of it goes by before the model is in native code.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const signalled = performance.now();
      expect(await program.stop()).toEqual({ code: null, signal: 'SIGKILL' });
      expect(performance.now() - signalled).toBeLessThan(14_000);
      expect(program.log.at(-1)).toMatchObject({
        level: 60,
        msg: 'an executor is stuck in native code; killing the process',
      });
    });
    await Promise.all(killed);
  });

  test('a master in a program of its own that stops while a servable is loading leaves nothing behind', async () => {
    const master = new LibraryMaster({ logger: createLogger('test', 'silent') });
    const refused = expect(
      startServableInMaster(master, { servable: 'awaiting', directory, executors: 1 }),
    ).rejects.toMatchObject({ code: 'LOAD_FAILED' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await master.stop(1000)).toBe(true);
    await refused;
    await expect(
      startServableInMaster(master, { servable: 'awaiting', directory, executors: 1 }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

test('SIGTERM while a model runs: the request is answered, exit code 0', async () => {
  const master = await startMaster(['--servable', 'running', '--directory', directory, '--executors', '1']);
  const x = Array.from({ length: matrixSize }, () => Array<number>(matrixSize).fill(1));
  const client = master.client('running', 'predict');
  await client.infer({ x });
  const running = client.infer([{ x }, { x }, { x }]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  master.signal('SIGTERM');
  expect((await running).map((result) => result.ok)).toEqual([true, true, true]);
  expect(await master.ended).toEqual(clean);
});
