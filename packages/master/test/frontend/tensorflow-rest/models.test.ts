/** Status and metadata of models. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { batchedEcho, echo, method } from '../../support/inference.js';
import { errorOf, Served } from './served.js';

let served: Served;
beforeAll(async () => {
  served = new Served();
  for (const version of [1, 3]) served.serve({ servable: 'add', version, methods: [echo] });
  const old = served.serve({ servable: 'add', version: 2, methods: [echo, batchedEcho, method('m', [])] });
  served.master.removeReplica(old.id);
  await served.start();
});
afterAll(() => served.master.stop(0));

const available = (version: string) => ({
  version,
  state: 'AVAILABLE',
  status: { error_code: 'OK', error_message: '' },
});
const ended = {
  version: '2',
  state: 'END',
  status: { error_code: 'UNAVAILABLE', error_message: 'no replica of it is live' },
};

async function json(path: string): Promise<unknown> {
  const { status, text } = await served.ask(path);
  expect(status).toBe(200);
  return JSON.parse(text);
}

test('the status of all versions, newest first, or of one', async () => {
  expect(await json('/models/add')).toEqual({
    model_version_status: [available('3'), ended, available('1')],
  });
  expect(await json('/models/add/versions/1')).toEqual({ model_version_status: [available('1')] });
  expect(await json('/models/add.m')).toEqual({ model_version_status: [ended] });
});

test('the status of what there is not', async () => {
  expect(errorOf(await served.ask('/models/half'))).toBe(
    '404 Could not find any versions of model half; expected one of: add, add.echo, add.m',
  );
  expect(errorOf(await served.ask('/models/add.n'))).toMatch(
    /^404 Could not find any versions of model add.n; /,
  );
  expect(errorOf(await served.ask('/models/add/versions/9'))).toBe(
    '404 Could not find version 9 of model add; expected one of: 3, 2, 1',
  );
  expect(errorOf(await served.ask('/models/add/versions/latest'))).toBe(
    '400 Failed to convert version: latest to numeric.',
  );
});

test('metadata have every method, with the shapes of its tensors in column form', async () => {
  const ports = [
    { name: 'image', dtype: 'uint8', shape: [28, 'w'] },
    { name: 'half', dtype: 'float16', shape: [] },
    { name: 'open' },
    { name: 'text', dtype: 'string' },
  ] as const;
  const outputs = [{ name: 'y', dtype: 'int64', shape: [10] }] as const;
  served.serve({
    servable: 'net',
    version: 7,
    methods: [
      method('batch', ports, { outputs, batched: true, isDefault: true }),
      method('each', ports.slice(0, 1), { outputs }),
    ],
  });
  const shape = (...sizes: string[]) => ({
    dim: sizes.map((size) => ({ size, name: '' })),
    unknown_rank: false,
  });
  const open = { dim: [], unknown_rank: true };
  const info = (name: string, dtype: string, tensor_shape: object) => ({
    [name]: { dtype, tensor_shape, name },
  });
  const definition = (inputs: object, given: object) => ({
    inputs,
    outputs: given,
    method_name: 'tensorflow/serving/predict',
  });
  const batch = definition(
    {
      ...info('image', 'DT_UINT8', shape('-1', '28', '-1')),
      ...info('half', 'DT_HALF', shape('-1')),
      ...info('open', 'DT_INVALID', open),
      ...info('text', 'DT_STRING', open),
    },
    info('y', 'DT_INT64', shape('-1', '10')),
  );
  const each = definition(info('image', 'DT_UINT8', shape('28', '-1')), info('y', 'DT_INT64', shape('10')));
  const told = (name: string, signature_def: object) => ({
    model_spec: { name, signature_name: '', version: '7' },
    metadata: { signature_def: { signature_def } },
  });
  const all = told('net', { serving_default: batch, batch, each });
  expect(await json('/models/net/metadata')).toEqual(all);
  expect(await json('/models/net/versions/7/metadata')).toEqual(all);
  expect(await json('/models/net.each/metadata')).toEqual(told('net.each', { serving_default: each, each }));
});

test('metadata of what there is not', async () => {
  expect(errorOf(await served.ask('/models/half/metadata'))).toMatch(
    /^404 Servable not found for request: Latest\(half\); expected one of: /,
  );
  expect(errorOf(await served.ask('/models/add/versions/9/metadata'))).toBe(
    '404 Servable not found for request: Specific(add, 9); expected one of: 3, 2, 1',
  );
});
