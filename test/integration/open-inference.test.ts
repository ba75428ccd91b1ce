/** The Open Inference Protocol of a real serving-master: in one process, and with a worker of its own. */
import { beforeAll, expect, test } from '@jest/globals';
import { modelConfig } from '@serving/common';
import { ask, inferInput, inferStream } from '../support/inference-calls.js';
import { startMaster, startWorker } from '../support/processes.js';
import { addModel, configuration, functionServable, servables } from '../support/servables.js';

const directory = servables({
  add: {
    '1/add.onnx': addModel(['N', 2]),
    'servable_config.ts': configuration(`
const add = declareModel({ file: 'add.onnx' });
const half = (y) => new Tensor('float32', y.shape, y.data.map((value) => value / 2));
registerMethod('sum', { inputs: ['x1', 'x2'], outputs: ['y'], default: true }, (x1, x2) => addStage(add, [x1, x2]));
registerMethod('mean', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(half, [addStage(add, [x1, x2])]));
`),
  },
  fixed: { '3/add.onnx': addModel([2, 2]) },
  words: functionServable(`
registerMethod('shout', { inputs: { word: { dtype: 'string' } }, outputs: ['loud'] }, ({ word }) => addStage((w) => w.toUpperCase(), [word]));
registerMethod('spell', { inputs: { word: { dtype: 'string' } }, outputs: ['letters'] }, ({ word }) =>
  addStage((words) => words.map(([w]) => new Tensor('uint8', [w.length], Uint8Array.from(Buffer.from(w)))), [word], { batchSize: 0 }));
registerMethod('fail', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((x) => { throw new Error('no luck'); }, [x]));
`),
});
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const text = (...words: string[]) =>
  Buffer.concat(
    words.flatMap((word) => [Uint8Array.of(Buffer.byteLength(word), 0, 0, 0), Buffer.from(word)]),
  );
const pair = (modelName: string, n: readonly number[], a: Uint8Array, b: Uint8Array) => ({
  modelName,
  inputs: [inferInput('x1', 'FP32', n), inferInput('x2', 'FP32', n)],
  rawInputContents: [a, b],
});

const options = ['--directory', directory, '--executors', '1'];
const inOneProcess = async () => {
  const master = await startMaster(['--servable', 'add,fixed,words', ...options]);
  return master.address;
};
const inACluster = async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  for (const servable of ['add', 'fixed', 'words'])
    await startWorker(master, ['--servable', servable, '--directory', directory]);
  return master.address;
};

const deployments = { 'in one process': inOneProcess, 'in a cluster': inACluster };
const addresses = new Map<string, string>();
beforeAll(async () => {
  for (const [name, start] of Object.entries(deployments)) addresses.set(name, await start());
  for (const address of addresses.values()) expect(await ask.live(address)).toEqual({ live: true });
});

function everywhere(title: string, run: (address: string) => Promise<void>): void {
  test.each(Object.keys(deployments))(`${title}, %s`, (name) => run(addresses.get(name)!));
}

everywhere(
  'a batch goes through a model with a batch dimension, under the name of its servable',
  async (address) => {
    const metadata = await ask.metadata(address, 'add');
    expect(metadata.inputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
      ['x1', 'FP32', [-1n, 2n]],
      ['x2', 'FP32', [-1n, 2n]],
    ]);
    const response = await ask.infer(
      address,
      pair('add', [3, 2], floats(1, 2, 3, 4, 5, 6), floats(6, 5, 4, 3, 2, 1)),
    );
    expect(response).toMatchObject({ modelName: 'add', modelVersion: '1' });
    expect(response.outputs[0]).toMatchObject({ name: 'y', datatype: 'FP32', shape: [3n, 2n] });
    expect([...response.rawOutputContents[0]!]).toEqual([...floats(7, 7, 7, 7, 7, 7)]);
  },
);

everywhere('a model of a fixed shape takes one instance', async (address) => {
  const { config } = await ask.config(address, 'fixed');
  expect(config).toMatchObject({ maxBatchSize: 0, schedulingChoice: undefined });
  expect(config!.input[0]).toMatchObject({ dataType: modelConfig.DataType.TYPE_FP32, dims: [2n, 2n] });
  const response = await ask.infer(
    address,
    pair('fixed.predict', [2, 2], floats(1, 2, 3, 4), floats(1, 1, 1, 1)),
  );
  expect(response).toMatchObject({ modelVersion: '3', outputs: [{ shape: [2n, 2n] }] });
  expect([...response.rawOutputContents[0]!]).toEqual([...floats(2, 3, 4, 5)]);
});

everywhere('stages around a model are counted apart from it', async (address) => {
  await ask.infer(address, pair('add.mean', [2, 2], floats(2, 4, 6, 8), floats(2, 2, 2, 2)));
  const { modelStats } = await ask.statistics(address, 'add.mean');
  expect(modelStats).toHaveLength(1);
  const { inferenceStats, inferenceCount, executionCount, batchStats } = modelStats[0]!;
  expect([inferenceCount, executionCount, batchStats.map(({ batchSize }) => batchSize)]).toEqual([
    2n,
    1n,
    [2n],
  ]);
  const { success, fail, queue, computeInput, computeInfer, computeOutput } = inferenceStats!;
  expect(
    [success, fail, queue, computeInput, computeInfer, computeOutput].map((each) => each!.count),
  ).toEqual([1n, 0n, 1n, 1n, 1n, 1n]);
  for (const spent of [computeInfer, computeOutput]) expect(spent!.ns).toBeGreaterThan(0n);
  expect(computeInput!.ns).toBe(0n);
});

everywhere('text', async (address) => {
  const shout = { modelName: 'words.shout', inputs: [inferInput('word', 'BYTES', [1])] };
  const response = await ask.infer(address, { ...shout, rawInputContents: [text('grüße')] });
  expect(response.outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [] });
  expect(Buffer.from(response.rawOutputContents[0]!).equals(text('GRÜSSE'))).toBe(true);
});

everywhere('outputs of instances that are no one tensor', async (address) => {
  const spell = (...words: string[]) =>
    ask.infer(address, {
      modelName: 'words.spell',
      inputs: [inferInput('word', 'BYTES', [words.length])],
      rawInputContents: [text(...words)],
    });
  expect((await spell('ab', 'cd')).outputs[0]).toMatchObject({ datatype: 'UINT8', shape: [2n, 2n] });
  await expect(spell('ab', 'abc')).rejects.toMatchObject({
    code: 3,
    details: expect.stringContaining("output 'letters': expected one datatype and shape of all instances"),
  });
});

everywhere('errors of stages and of names have their gRPC status', async (address) => {
  const x = { inputs: [inferInput('x', 'FP32', [])], rawInputContents: [floats(1)] };
  await expect(ask.infer(address, { modelName: 'words.fail', ...x })).rejects.toMatchObject({
    code: 13,
    details: expect.stringContaining('no luck'),
  });
  await expect(ask.infer(address, { modelName: 'words', ...x })).rejects.toMatchObject({
    code: 5,
    details:
      "Request for unknown model: 'words' is not found; no method of the servable is its default; expected one of: words.shout, words.spell, words.fail",
  });
});

everywhere('a stream answers every request, errors included', async (address) => {
  const good = pair('add', [1, 2], floats(1, 2), floats(3, 4));
  const answers = await inferStream(address, [
    { ...good, id: 'a' },
    { ...good, id: 'b', modelVersion: '9' },
    { ...good, id: 'c' },
  ]);
  expect(answers.map(({ errorMessage, inferResponse }) => [inferResponse?.id, errorMessage])).toEqual([
    ['a', ''],
    ['b', "Request for unknown model: 'add' version 9 is not found; expected one of: 1"],
    ['c', ''],
  ]);
});
