/** Functions that call models and do not end: they cost their instances and nothing else. */
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, tensor } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { startMaster, type Master } from '../support/processes.js';
import { configuration, identityModel, servables } from '../support/servables.js';

let master: Master;
beforeAll(async () => {
  const config = configuration(`
const same = declareModel({ file: 'same.onnx' });
const one = (name, stage, options) =>
  registerMethod(name, { inputs: ['x'], outputs: ['y'] }, (x) => addStage(stage, [x], options));

one('good', (x) => x);
one('hangsOn13', async (x) => {
  const [y] = await same.call(x);
  while (y.data[0] === 13);
  return y;
});
let calls = 0;
one('late', async (x) => { for (;;) { await same.call(x); calls++; } }, { timeoutMs: 100 });
one('stubborn', async (x) => { for (;;) await same.call(x).then(() => calls++, () => undefined); }, { timeoutMs: 100 });
one('yieldsLate', async function* (all) { for (;;) { await same.call(...all[0]); calls++; } }, { timeoutMs: 100, batchSize: 0 });
one('calls', () => calls);
const wrong = new Tensor('int32', [], Int32Array.of(1));
registerMethod('several', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(async (instances) => {
  const calls = instances.map(([x]) => same.call(x.data[0] === 13 ? wrong : x));
  const results = [];
  for (const call of calls) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    results.push(await call.then(([y]) => y, (error) => error));
  }
  return results;
}, [x], { batchSize: 0 }));
`);
  const directory = servables({
    m: { 'servable_config.ts': config, '1/same.onnx': identityModel(['N']) },
  });
  const limits = ['--executors', '1', '--execution-timeout', '2s'];
  master = await startMaster(['--servable', 'm', '--directory', directory, ...limits]);
});

const scalars = (...values: number[]) => values.map((x) => ({ x: tensor('float32', [], [x]) }));

test('one that never returns while model runs of others wait for their turn has its thread replaced', async () => {
  const results = await master.client('m', 'hangsOn13').infer(scalars(13, 1, 2));
  expect(results[0]).toMatchObject({ ok: false, error: { code: 'SYSTEM_ERROR' } });
  await eventually('the thread is replaced', () =>
    master.log.some(({ msg }) => msg === 'executor thread lost; replacing it'),
  );
  const [good] = await master.client('m', 'good').infer(scalars(5));
  expect(outputsOf(good!)).toMatchObject({ y: { data: Float32Array.of(5) } });
});

test.each(['late', 'yieldsLate', 'stubborn'])(
  'one that is late (%s) gets no more runs of models',
  async (method) => {
    const [late] = await master.client('m', method).infer(scalars(1));
    expect(late).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('within 100 ms') as unknown },
    });
    const calls = async () => outputsOf((await master.client('m', 'calls').infer(scalars(0)))[0]!)['y'];
    // The result of the run that was in progress may still have been on its way.
    await calls();
    const before = await calls();
    for (let i = 0; i < 20; i++) expect(await calls()).toEqual(before);
  },
);

test('a call that is awaited later than it fails costs its own instance only', async () => {
  const losses = () => master.log.filter(({ msg }) => msg === 'executor thread lost; replacing it').length;
  const before = losses();
  const results = await master.client('m', 'several').infer(scalars(1, 2, 13, 4));
  expect(results.map(({ ok }) => ok)).toEqual([true, true, false, true]);
  expect(results[2]).toMatchObject({
    error: { code: 'SYSTEM_ERROR', message: expect.stringContaining('Model(same.onnx).call() failed: ') },
  });
  expect([
    losses(),
    master.log.filter(({ msg }) => String(msg).startsWith('a stage left a promise')),
  ]).toEqual([before, []]);
});
