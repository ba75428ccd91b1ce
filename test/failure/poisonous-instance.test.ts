/** An instance that kills its worker, among others that do not: at most one more worker dies for finding out which. */
import { expect, test } from '@jest/globals';
import { outputsOf, tensor, type InferResult } from '@serving/client';
import { onnxModel } from '../../examples/onnx-writer.js';
import { eventually } from '../support/eventually.js';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { configuration, functionServable, servables } from '../support/servables.js';
import type { FolderContents } from '../support/temporary-folder.js';

const poison = 13;
const values = Array.from({ length: 20 }, (_, i) => i);

interface Crash {
  readonly files: FolderContents;
  /** The input of the instance with this value, and what comes of it. */
  readonly x: (value: number) => number | ReturnType<typeof tensor>;
  readonly y: (value: number) => { readonly data: ArrayLike<number> };
  readonly signal: NodeJS.Signals;
}

const crashes: Record<string, Crash> = {
  'a function that kills the process': {
    files: functionServable(`
registerMethod('eat', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((x) => {
  if (x.data[0] === ${poison}) process.kill(process.pid, 'SIGKILL');
  return x;
}, [x]));
`),
    x: (value) => value,
    y: (value) => ({ data: Float32Array.of(value) }),
    signal: 'SIGKILL',
  },
  // The processor cannot divide -2^31 by -1 in 32 bits, and onnxruntime 1.30 lets it try, but where it divides several at
  // a time: therefore one instance a run.
  'a model that divides': {
    files: {
      'servable_config.ts': configuration(
        `const divide = declareModel({ file: 'divide.onnx', withBatchDim: false });\nregisterMethod('eat', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(divide, [x]));`,
      ),
      '1/divide.onnx': onnxModel({
        name: 'divide',
        inputs: [{ name: 'x', shape: [], dtype: 'int32' }],
        outputs: [{ name: 'y', shape: [], dtype: 'int32' }],
        nodes: [{ operator: 'Div', inputs: ['x', 'minus_one'], outputs: ['y'] }],
        weights: [{ name: 'minus_one', dtype: 'int32', shape: [], data: Int32Array.of(-1) }],
      }),
    },
    x: (value) => tensor('int32', [], [value === poison ? -(2 ** 31) : value]),
    y: (value) => ({ data: Int32Array.of(-value) }),
    signal: 'SIGFPE',
  },
};

function expectNeighboursAnswered(results: readonly InferResult[], y: Crash['y']): void {
  for (const [value, result] of results.entries()) {
    if (value === poison)
      expect(result).toMatchObject({
        ok: false,
        error: { code: 'WORKER_UNAVAILABLE', message: expect.stringMatching(/attempt|times/) as unknown },
      });
    else expect(outputsOf(result)).toMatchObject({ y: y(value) });
  }
}

const inferAll = (master: Master, { x }: Crash) =>
  master.client('s', 'eat').infer(values.map((value) => ({ x: x(value) })));

test.each(Object.entries(crashes))(
  '%s: its neighbours are answered, it gets an error, and one worker of four is left',
  async (_, crash) => {
    const directory = servables({ s: crash.files });
    const master = await startMaster(['--master', '127.0.0.1:0']);
    const start = (device: number) =>
      startWorker(master, ['--servable', 's', '--directory', directory, '--device', String(device)]);
    const workers = await Promise.all([0, 1, 2, 3].map(start));
    expectNeighboursAnswered(await inferAll(master, crash), crash.y);
    const dead = workers.filter(({ outcome }) => outcome?.signal === crash.signal);
    expect(dead).toHaveLength(3);
  },
);

test.each(Object.entries(crashes))(
  '%s, with --isolation process: three of its processes are replaced, and the server lives on',
  async (_, crash) => {
    const directory = servables({ s: crash.files });
    const isolation = ['--isolation', 'process', '--executors', '1', '--device', '0,1,2,3'];
    const master = await startMaster(['--servable', 's', '--directory', directory, ...isolation]);
    expectNeighboursAnswered(await inferAll(master, crash), crash.y);
    const lost = () => master.log.filter(({ signal }) => signal === crash.signal);
    await eventually('three ends are logged', () => lost().length >= 3);
    const good = values.filter((value) => value !== poison);
    const again = await master.client('s', 'eat').infer(good.map((value) => ({ x: crash.x(value) })));
    expect(again.map(outputsOf)).toMatchObject(good.map((value) => ({ y: crash.y(value) })));
    expect(lost()).toHaveLength(3);
    expect(await master.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  },
);

test('with two workers both are lost: it is told not to try again, and the log says what each loss took', async () => {
  const crash = crashes['a function that kills the process']!;
  const directory = servables({ s: crash.files });
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const start = (device: number) =>
    startWorker(master, ['--servable', 's', '--directory', directory, '--device', String(device)]);
  await Promise.all([0, 1].map(start));
  expect(await master.client('s', 'eat').infer({ x: poison })).toMatchObject([
    {
      ok: false,
      error: {
        code: 'WORKER_UNAVAILABLE',
        message:
          "Call method 'eat' Failed: in each of 2 attempts the worker was lost that had the instance, and no replica is left to try on",
      },
    },
  ]);
  expect(await master.client('s', 'eat').infer({ x: 1 })).toMatchObject([
    { ok: false, error: { code: 'SERVABLE_UNAVAILABLE' } },
  ]);
  const loss = { level: 40, servable: 's', version: 1, method: 'eat', instances: 1 };
  expect(master.log.filter(({ msg }) => msg === 'batch lost with its replica')).toMatchObject([
    { ...loss, attempts: 1 },
    { ...loss, attempts: 2 },
  ]);
});
