/** The Open Inference Protocol over HTTP of a real serving-master: in one process, and with a worker of its own. */
import { beforeAll, expect, test } from '@jest/globals';
import { gunzipSync, gzipSync } from 'node:zlib';
import { exchange } from '../support/http-exchange.js';
import { startMaster, startWorker } from '../support/processes.js';
import { addModel, configuration, functionServable, servables } from '../support/servables.js';

const directory = servables({
  add: {
    '1/add.onnx': addModel(['N', 2]),
    'servable_config.ts': configuration(`
const add = declareModel({ file: 'add.onnx' });
registerMethod('sum', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(add, [x1, x2]));
`),
  },
  words: functionServable(`
registerMethod('shout', { inputs: { word: { dtype: 'string' } }, outputs: ['loud'] }, ({ word }) => addStage((w) => w.toUpperCase(), [word]));
registerMethod('fail', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((x) => { throw new Error('no luck'); }, [x]));
`),
});

const options = ['--rest', '127.0.0.1:0', '--directory', directory, '--executors', '1'];
const inOneProcess = () => startMaster(['--servable', 'add,words', ...options]);
const inACluster = async () => {
  const master = await startMaster(['--rest', '127.0.0.1:0', '--master', '127.0.0.1:0']);
  for (const servable of ['add', 'words'])
    await startWorker(master, ['--servable', servable, '--directory', directory]);
  return master;
};

const deployments = { 'in one process': inOneProcess, 'in a cluster': inACluster };
const addresses = new Map<string, string>();
beforeAll(async () => {
  for (const [name, start] of Object.entries(deployments)) addresses.set(name, (await start()).rest);
});

function everywhere(title: string, run: (address: string) => Promise<void>): void {
  test.each(Object.keys(deployments))(`${title}, %s`, (name) => run(addresses.get(name)!));
}

const port = (name: string, datatype: string, shape: readonly number[], data: readonly unknown[]) => ({
  name,
  datatype,
  shape,
  data,
});
const pair = { inputs: [port('x1', 'FP32', [2, 2], [1, 2, 3, 4]), port('x2', 'FP32', [2, 2], [4, 3, 2, 1])] };
const infer = (address: string, model: string, body: unknown, headers = {}) =>
  exchange(address, 'POST', `/v2/models/${model}/infer`, {
    headers,
    body: Buffer.from(JSON.stringify(body)),
  });
const json = ({ status, body }: Awaited<ReturnType<typeof exchange>>) => [
  status,
  JSON.parse(body.toString()),
];

everywhere('a batch goes through a model with a batch dimension', async (address) => {
  expect(json(await exchange(address, 'GET', '/v2/models/add'))).toMatchObject([
    200,
    { name: 'add', versions: ['1'], inputs: [{ shape: [-1, 2] }, { shape: [-1, 2] }] },
  ]);
  expect(json(await infer(address, 'add', { ...pair, id: 'a' }))).toEqual([
    200,
    {
      id: 'a',
      model_name: 'add',
      model_version: '1',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [2, 2], data: [5, 5, 5, 5] }],
    },
  ]);
});

everywhere('a compressed request with binary data, and a compressed answer', async (address) => {
  const n = 500;
  const values = Buffer.from(Float32Array.from({ length: 2 * n }, (_, i) => i).buffer);
  const binary = (name: string) => ({
    name,
    datatype: 'FP32',
    shape: [n, 2],
    parameters: { binary_data_size: values.length },
  });
  const head = Buffer.from(
    JSON.stringify({ inputs: [binary('x1'), binary('x2')], parameters: { binary_data_output: true } }),
  );
  const reply = await exchange(address, 'POST', '/v2/models/add.sum/versions/1/infer', {
    headers: {
      'inference-header-content-length': String(head.length),
      'content-encoding': 'gzip',
      'accept-encoding': 'gzip',
    },
    body: gzipSync(Buffer.concat([head, values, values])),
  });
  expect([reply.status, reply.headers['content-encoding']]).toEqual([200, 'gzip']);
  const body = gunzipSync(reply.body);
  const tail = body.subarray(Number(reply.headers['inference-header-content-length']));
  const sums = new Float32Array(tail.buffer.slice(tail.byteOffset, tail.byteOffset + tail.length));
  expect([...sums]).toEqual(Array.from({ length: 2 * n }, (_, i) => 2 * i));
});

everywhere('statistics count what happened', async (address) => {
  const count = async () => {
    const [, reply] = json(await exchange(address, 'GET', '/v2/models/add.sum/versions/1/stats')) as [
      number,
      { model_stats: [{ inference_count: number; inference_stats: { success: { count: number } } }] },
    ];
    const [{ inference_count, inference_stats }] = reply.model_stats;
    return [inference_count, inference_stats.success.count] as const;
  };
  const [instances, requests] = await count();
  await infer(address, 'add.sum', pair);
  expect(await count()).toEqual([instances + 2, requests + 1]);
});

everywhere('texts', async (address) => {
  expect(
    json(await infer(address, 'words.shout', { inputs: [port('word', 'BYTES', [1], ['grüße'])] })),
  ).toMatchObject([200, { outputs: [{ name: 'loud', datatype: 'BYTES', shape: [], data: ['GRÜSSE'] }] }]);
});

everywhere('errors have their status', async (address) => {
  const x = { inputs: [port('x', 'FP32', [1], [1])] };
  expect(json(await infer(address, 'words.fail', x))).toEqual([
    500,
    { error: expect.stringContaining('no luck') },
  ]);
  expect(json(await infer(address, 'words', x))).toMatchObject([404, { error: expect.any(String) }]);
  expect(json(await infer(address, 'add', { inputs: [pair.inputs[0]] }))).toMatchObject([
    400,
    { error: expect.stringContaining('expected 2 inputs but got 1') },
  ]);
});
