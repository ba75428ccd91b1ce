/** TensorFlow Serving's REST API of a real serving-master: in one process, and with workers of their own. */
import { beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { ask, inferInput } from '../support/inference-calls.js';
import { halfPlusThree } from '../support/half-plus-three.js';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { addModel, configuration, functionServable, servables } from '../support/servables.js';

const names = ['half_plus_three', 'add', 'fixed', 'words'];
const directory = servables({
  half_plus_three: halfPlusThree(),
  add: {
    '1/add.onnx': addModel(['N', 2]),
    'servable_config.ts': configuration(`
const add = declareModel({ file: 'add.onnx' });
const both = (y) => [y, new Tensor('int32', y.shape, Int32Array.from(y.data))];
registerMethod('sum', { inputs: ['x1', 'x2'], outputs: ['y'], default: true }, (x1, x2) => addStage(add, [x1, x2]));
registerMethod('both', { inputs: ['x1', 'x2'], outputs: ['y', 'whole'] }, (x1, x2) =>
  addStage(both, [addStage(add, [x1, x2])], { outputs: 2 }));
`),
  },
  fixed: { '3/add.onnx': addModel([2, 2]) },
  words: functionServable(`
registerMethod('shout', { inputs: { word: { dtype: 'string' } }, outputs: ['loud'], default: true }, ({ word }) => addStage((w) => w.toUpperCase(), [word]));
registerMethod('bytes', { inputs: { word: { dtype: 'bytes' } }, outputs: ['word_bytes'] }, ({ word }) => addStage((w) => w.toReversed(), [word]));
registerMethod('fail', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((x) => { throw new Error('no luck'); }, [x]));
`),
});

const options = ['--directory', directory, '--executors', '1', '--rest', '0'];
const inOneProcess = () => startMaster(['--servable', names.join(','), ...options]);
const inACluster = async () => {
  const master = await startMaster(['--master', '127.0.0.1:0', '--rest', '0']);
  for (const servable of names) await startWorker(master, ['--servable', servable, '--directory', directory]);
  return master;
};

const deployments = { 'in one process': inOneProcess, 'in a cluster': inACluster };
const masters = new Map<string, Master>();
beforeAll(async () => {
  for (const [name, start] of Object.entries(deployments)) masters.set(name, await start());
});

function everywhere(title: string, run: (master: Master) => Promise<void>): void {
  test.each(Object.keys(deployments))(`${title}, %s`, (name) => run(masters.get(name)!));
}

async function reply(response: Promise<Response>): Promise<[status: number, body: string]> {
  const { status, text } = await response.then(async (given) => ({
    status: given.status,
    text: await given.text(),
  }));
  return [status, text];
}

const get = ({ rest }: Master, path: string) => reply(fetch(`http://${rest}/v1/models/${path}`));
const post = ({ rest }: Master, path: string, body: string) =>
  reply(fetch(`http://${rest}/v1/models/${path}`, { method: 'POST', body }));

everywhere('the example of TensorFlow Serving', async (master) => {
  expect(await post(master, 'half_plus_three:predict', '{"instances": [1.0,2.0,5.0]}')).toEqual([
    200,
    '{"predictions":[3.5,4.0,5.5]}',
  ]);
  expect(await post(master, 'half_plus_three/versions/123:predict', '{"inputs": [1, 2, NaN]}')).toEqual([
    200,
    '{"outputs":[3.5,4.0,NaN]}',
  ]);
  const [status, text] = await get(master, 'half_plus_three');
  expect([status, JSON.parse(text)]).toEqual([
    200,
    {
      model_version_status: [
        { version: '123', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
      ],
    },
  ]);
  const [, metadata] = await get(master, 'half_plus_three/metadata');
  const { model_spec, metadata: told } = JSON.parse(metadata) as Record<string, Record<string, object>>;
  expect(model_spec).toEqual({ name: 'half_plus_three', signature_name: '', version: '123' });
  expect(told).toMatchObject({
    signature_def: {
      signature_def: {
        serving_default: {
          inputs: { x: { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: '-1' }], unknown_rank: false } } },
          method_name: 'tensorflow/serving/predict',
        },
      },
    },
  });
});

everywhere('several inputs and outputs, in rows and columns', async (master) => {
  const rows =
    '{"signature_name": "both", "instances": [{"x1": [1, 2], "x2": [3, 4]}, {"x1": [5, 6], "x2": [7, 8]}]}';
  expect(await post(master, 'add:predict', rows)).toEqual([
    200,
    '{"predictions":[{"y":[4.0,6.0],"whole":[4,6]},{"y":[12.0,14.0],"whole":[12,14]}]}',
  ]);
  const columns = '{"inputs": {"x1": [[1, 2], [5, 6]], "x2": [[3, 4], [7, 8]]}, "signature_name": "both"}';
  expect(await post(master, 'add:predict', columns)).toEqual([
    200,
    '{"outputs":{"y":[[4.0,6.0],[12.0,14.0]],"whole":[[4,6],[12,14]]}}',
  ]);
});

everywhere('a model of a fixed shape runs row by row, and takes a column as one instance', async (master) => {
  const one = '{"x1": [[1, 2], [3, 4]], "x2": [[1, 1], [1, 1]]}';
  expect(await post(master, 'fixed:predict', `{"instances": [${one}, ${one}]}`)).toEqual([
    200,
    '{"predictions":[[[2.0,3.0],[4.0,5.0]],[[2.0,3.0],[4.0,5.0]]]}',
  ]);
  expect(await post(master, 'fixed:predict', `{"inputs": ${one}}`)).toEqual([
    200,
    '{"outputs":[[2.0,3.0],[4.0,5.0]]}',
  ]);
});

everywhere('text and bytes', async (master) => {
  expect(await post(master, 'words:predict', '{"instances": ["grüße", {"b64": "YQ=="}]}')).toEqual([
    400,
    expect.stringContaining('element 1: expected a string, as the first one, given bytes'),
  ]);
  expect(await post(master, 'words:predict', '{"instances": ["grüße", "a"]}')).toEqual([
    200,
    '{"predictions":["GRÜSSE","A"]}',
  ]);
  expect(
    await post(
      master,
      'words:predict',
      '{"signature_name": "bytes", "instances": [{"word": {"b64": "AP8="}}]}',
    ),
  ).toEqual([200, '{"predictions":[{"b64":"/wA="}]}']);
});

everywhere('what was asked over REST and over gRPC is the same', async (master) => {
  const x = Float32Array.from({ length: 2000 }, (_, i) => Math.fround(Math.sin(i) * 10 ** (i % 30)));
  const response = await ask.infer(master.address, {
    modelName: 'half_plus_three',
    inputs: [inferInput('x', 'FP32', [x.length])],
    rawInputContents: [new Uint8Array(x.buffer)],
  });
  const expected = [...new Float32Array(Uint8Array.from(response.rawOutputContents[0]!).buffer)];
  const instances = JSON.stringify([...x]);
  const [status, text] = await post(master, 'half_plus_three:predict', `{"instances":${instances}}`);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ predictions: expected });
});

everywhere('errors have their status', async (master) => {
  // For a lease, a master that was just started takes an unknown servable for one whose worker is on its way.
  const unknown = await eventually('workers are not awaited any more', async () => {
    const answer = await post(master, 'half:predict', '{"instances": [1.0,5.0]}');
    return answer[0] !== 503 && answer;
  });
  expect(unknown).toEqual([
    404,
    expect.stringMatching(/^\{"error":"Servable not found for request: Latest\(half\); /),
  ]);
  expect(await post(master, 'half_plus_three:predict', '{"instances": [1.0')).toEqual([
    400,
    expect.stringMatching(/^\{"error":"JSON Parse error: /),
  ]);
  expect(await post(master, 'words:predict', '{"signature_name": "fail", "instances": [1.0]}')).toEqual([
    500,
    expect.stringContaining('no luck'),
  ]);
  expect(await post(master, 'half_plus_three:regress', '{"examples": [{"x": 1.0}]}')).toEqual([
    501,
    expect.stringContaining('not offered'),
  ]);
});
