/** MindSpore Serving's REST API of a real serving-master, in one process and with workers of their own. */
import { beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/inference-calls.js';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { callWire, floats } from '../support/raw-calls.js';
import { addModel, configuration, functionServable, identityModel, servables } from '../support/servables.js';

const directory = servables({
  kinds: {
    'servable_config.ts': configuration(`
const wide = declareModel({ file: 'wide.onnx' });
const small = declareModel({ file: 'small.onnx' });
registerMethod('wide', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(wide, [x]));
registerMethod('small', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(small, [x]));
registerMethod('declared', { inputs: { x: { dtype: 'float32' } }, outputs: ['y'] }, ({ x }) => addStage(small, [x]));
registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);
registerMethod('scalar', { inputs: { x: { dtype: 'float32', shape: [] } }, outputs: ['y'] }, ({ x }) => x);
registerMethod('odd', { inputs: ['x'], outputs: ['nan', 'whole', 'big', 'text', 'bytes', 'flag'] }, (x) =>
  addStage(() => [new Tensor('float32', [2], Float32Array.of(NaN, -Infinity)), 2, 2n ** 60n + 1n, 'größe', Uint8Array.of(1), true], [x], { outputs: 6 }));
registerMethod('fail', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(() => { throw new Error('no luck'); }, [x]));
`),
    '1/wide.onnx': identityModel(['N', 2], 'int64'),
    '1/small.onnx': identityModel(['N', 2], 'float32'),
  },
  conversion: functionServable(`registerMethod('version', { inputs: ['model'], outputs: ['y'] }, (x) => x);`),
  größe: { '2/add.onnx': addModel([2]) },
});

const names = ['kinds', 'conversion', 'größe'];
const options = ['--rest', '0', '--executors', '1'];
const deployments = {
  'in one process': async () => {
    const served = ['--servable', names.join(), '--directory', directory];
    return startMaster([...served, ...options, '--rest-status-codes', 'false']);
  },
  'in a cluster': async () => {
    const master = await startMaster(['--master', '127.0.0.1:0', '--rest', '0']);
    await Promise.all(
      names.map((name) => startWorker(master, ['--servable', name, '--directory', directory])),
    );
    return master;
  },
};

const masters = new Map<string, Master>();
let example: Master;
beforeAll(async () => {
  for (const [name, start] of Object.entries(deployments)) masters.set(name, await start());
  example = await startMaster(['--servable', 'add', '--directory', 'examples/add', ...options]);
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

async function post(master: Master, path: string, body: string): Promise<Answer> {
  const response = await fetch(`http://${master.rest}${path}`, { method: 'POST', body });
  return {
    status: response.status,
    text: await response.text(),
    retryAfter: response.headers.get('retry-after'),
  };
}

function everywhere(title: string, run: (master: Master) => Promise<void>): void {
  test.each(Object.keys(deployments))(`${title}, %s`, (name) => run(masters.get(name)!));
}

const [x1, ones] = ['"x1":[[1.0,2.0],[3.0,4.0]]', '"x2":[[1.0,1.0],[1.0,1.0]]'];
const good = `{${x1},${ones}}`;
const sum = '{"y":[[2.0,3.0],[4.0,5.0]]}';
const wrongType =
  'Given model input 0 data type kMSI_Int32 not match the data type kMSI_Float32 defined in model';

test.each([
  ['floats', '/model/add:add_common', `[${good}]`, `{"instances":[${sum}]}`],
  [
    'integers for a model of float32',
    '/model/add:add_common',
    `[{"x1":[[1,2],[3,4]],${ones}}]`,
    `{"error_msg":"${wrongType}; input x1: expected float32 [2,2], given int32 [2,2]"}`,
  ],
  [
    'base64',
    '/model/add:add_common',
    `[{"x1":{"b64":"AACAPwAAAEAAAEBAAACAQA==","type":"float32","shape":[2,2]},${ones}}]`,
    `{"instances":[${sum}]}`,
  ],
  [
    'two instances, the second one bad',
    '/model/add:add_common',
    `[${good},{"x1":[[1,2],[3,4]],${ones}}]`,
    `{"instances":[${sum},{"error_msg":"${wrongType}; input x1: expected float32 [2,2], given int32 [2,2]"}]}`,
  ],
  [
    'an unknown version',
    '/model/add/version/9:add_common',
    `[${good}]`,
    '{"error_msg":"Request servable(add) method(add_common)  version(9) , servable is not available; expected version 0 or one of: 1"}',
  ],
  [
    'the cast of the tutorial',
    '/version/1/model/add:add_cast',
    `{"x1":[[1,2],[3,4]],"x2":[[1,1],[1,1]]}`,
    `{"instances":[${sum}]}`,
  ],
])("the original's example: %s", async (_, path, instances, expected) => {
  const { status, text } = await post(example, path, `{"instances":${instances}}`);
  expect([status, text]).toEqual([200, expected]);
});

everywhere('numbers become what the model or the configuration says', async (master) => {
  const askFor = async (method: string, x: string) =>
    (await post(master, `/model/kinds:${method}`, `{"instances":{"x":${x}}}`)).text;
  expect(await askFor('wide', '[9007199254740993,-1]')).toBe('{"instances":[{"y":[9007199254740993,-1]}]}');
  expect(await askFor('small', '[1,2.5]')).toBe('{"instances":[{"y":[1.0,2.5]}]}');
  expect(await askFor('small', '[1,2]')).toContain(wrongType);
  expect(await askFor('declared', '[1,2]')).toBe('{"instances":[{"y":[1.0,2.0]}]}');
  for (const x of ['1', '1.0', '[1.0]', '{"b64":"AACAPw==","type":"fp32"}'])
    expect(await askFor('scalar', x)).toMatch(/^\{"instances":\[\{"y":(1\.0|\[1\.0\])\}\]\}$/);
  for (const x of ['1', '1.0', '[[true]]', '"größe"', '{"b64":"AQID"}', '[1.5,2.0]'])
    expect(await askFor('echo', x)).toBe(`{"instances":[{"y":${x}}]}`);
  expect(await askFor('echo', '3000000000')).toContain(
    'expected -2147483648 to 2147483647 for int32, given 3000000000',
  );
});

everywhere('outputs of every kind', async (master) => {
  const { text } = await post(master, '/model/kinds:odd', '{"instances":{"x":0}}');
  expect(text).toBe(
    '{"instances":[{"nan":[null,null],"whole":2.0,"big":1152921504606846977,"text":"größe","bytes":{"b64":"AQ=="},"flag":true}]}',
  );
});

everywhere('names may hold keywords of the path, and characters that are encoded in it', async (master) => {
  const conversion = await post(master, '/model/conversion:version', '{"instances":{"model":"m"}}');
  expect(conversion.text).toBe('{"instances":[{"y":"m"}]}');
  const body = '{"instances":[{"x1":[1.0,2.0],"x2":[0.5,0.5]}]}';
  for (const path of ['/model/gr%C3%B6%C3%9Fe:predict', '/version/2/model/gr%c3%b6%c3%9fe:predict'])
    expect((await post(master, path, body)).text).toBe('{"instances":[{"y":[1.5,2.5]}]}');
});

everywhere('an exception of a stage reaches the caller as over gRPC', async (master) => {
  const { status, text } = await post(master, '/model/kinds:fail', '{"instances":[{"x":1},{"x":2}]}');
  const { errors } = await callWire(master.address, {
    servable: 'kinds',
    method: 'fail',
    instances: [[['x', floats([], [1])]]],
  });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ error_msg: errors[0]!.text });
  expect(errors[0]!.text).toContain('no luck');
});

everywhere('requests count as those over gRPC do', async (master) => {
  const counted = async () => {
    const { modelStats } = await ask.statistics(master.address, 'kinds.echo');
    return [modelStats[0]!.inferenceCount, modelStats[0]!.inferenceStats!.success!.count];
  };
  const before = await counted();
  await post(master, '/model/kinds:echo', '{"instances":[{"x":1},{"x":2},{"x":3}]}');
  await callWire(master.address, {
    servable: 'kinds',
    method: 'echo',
    instances: [[['x', floats([], [1])]]],
  });
  const after = await counted();
  expect(after.map((count, i) => count - before[i]!)).toEqual([4n, 2n]);
});

test('with --rest-status-codes, errors have an HTTP status', async () => {
  const master = await startMaster(['--servable', 'kinds', '--directory', directory, ...options], {
    env: { SERVING_REST_STATUS_CODES: 'true' },
  });
  const statusOf = async (path: string, body: string) => (await post(master, path, body)).status;
  expect(await statusOf('/model/kinds:echo', '{"instances":{"x":1}}')).toBe(200);
  expect(await statusOf('/model/kinds:echo', '{')).toBe(400);
  expect(await statusOf('/model/none:echo', '{"instances":{"x":1}}')).toBe(404);
  expect(await statusOf('/model/kinds:fail', '{"instances":{"x":1}}')).toBe(500);
  expect(await statusOf('/model/kinds:small', '{"instances":{"x":[1,2]}}')).toBe(400);
});

test('a tensor of a megabyte comes back as it was sent', async () => {
  const master = masters.get('in one process')!;
  const values = Float32Array.from({ length: 250_000 }, (_, i) => i / 3);
  const { text } = await post(
    master,
    '/model/kinds:echo',
    `{"instances":{"x":[${Array.from(values, (value) => value.toExponential()).join()}]}}`,
  );
  const { instances } = JSON.parse(text) as { instances: { y: number[] }[] };
  const same = Buffer.from(Float32Array.from(instances[0]!.y).buffer).equals(Buffer.from(values.buffer));
  expect([instances[0]!.y.length, same]).toEqual([250_000, true]);
});
