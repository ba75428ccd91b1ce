/** Models that fail, and functions that call them wrongly: what each caller is told, in the original's words first. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { tensor, type InferResult } from '@serving/client';
import { elementTypes, onnxModel } from '../../examples/onnx-writer.js';
import { startMaster, type Master } from '../support/processes.js';
import { addModel, configuration, servables } from '../support/servables.js';

/** y = the x-th of three numbers: what is beyond them cannot be picked. */
const pickModel = onnxModel({
  name: 'pick',
  inputs: [{ name: 'x', shape: ['N'], dtype: 'int32' }],
  outputs: [{ name: 'y', shape: ['N'] }],
  nodes: [{ operator: 'Gather', inputs: ['numbers', 'x'], outputs: ['y'] }],
  weights: [{ name: 'numbers', shape: [3], data: Float32Array.of(0, 10, 20) }],
});

/** Only the rows that are not 0: it only looks as if dimension 0 were the batch. */
const sieveModel = onnxModel({
  name: 'sieve',
  inputs: [{ name: 'x', shape: ['N'], dtype: 'int32' }],
  outputs: [{ name: 'y', shape: ['M'], dtype: 'int32' }],
  nodes: [
    { operator: 'Cast', inputs: ['x'], outputs: ['kept'], attributes: { to: { int: elementTypes.bool } } },
    { operator: 'Compress', inputs: ['x', 'kept'], outputs: ['y'], attributes: { axis: { int: 0 } } },
  ],
});

let master: Master;
beforeAll(async () => {
  const config = configuration(`
const pick = declareModel({ file: 'pick.onnx' });
const sieve = declareModel({ file: 'sieve.onnx' });
const adds = declareModel({ file: ['add.onnx', 'second.onnx'], withBatchDim: false });
const one = (name, stage) => registerMethod(name, { inputs: ['x'], outputs: ['y'] }, (x) => addStage(stage, [x]));

one('pick', pick);
one('sieve', sieve);
one('good', (x) => pick.call(x));
one('again', async (x) => {
  const given = new Tensor('int32', [2], Int32Array.of(1, 1));
  const first = adds.call(given, given);
  given.data.fill(2);
  const second = adds.call(given, given);
  return [(await first)[0].data[0] * 10 + (await second)[0].data[0]];
});
one('noInputs', () => adds.call());
one('noInstances', () => adds.callBatch([]));
one('noList', (x) => adds.callBatch(x));
one('noLists', (x) => adds.callBatch([x, x]));
one('tooFew', (x) => adds.call(x));
one('tooManyInSecond', (x) => adds.callBatch([[x, x], [x, x, x]]));
one('noSubgraph', (x) => adds.subgraph(2).call(x, x));
one('negativeSubgraph', (x) => adds.subgraph(-1).call(x, x));
one('number', (x) => adds.call(x, 5));
one('typedArray', (x) => adds.call(new Float32Array(2), x));
one('nothing', (x) => adds.callBatch([[x, x], [x, undefined]]));
one('misfit', (x) => adds.subgraph(1).call(x, x));
one('failing', () => pick.call(new Tensor('int32', [], Int32Array.of(7))));
one('failingSecond', () => pick.callBatch([1, 7].map((x) => [new Tensor('int32', [], Int32Array.of(x))])));
`);
  const directory = servables({
    m: {
      'servable_config.ts': config,
      '1/pick.onnx': pickModel,
      '1/sieve.onnx': sieveModel,
      '1/add.onnx': addModel([2], 'int32'),
      '1/second.onnx': addModel([2], 'int32'),
    },
  });
  master = await startMaster(['--servable', 'm', '--directory', directory, '--executors', '1']);
});

const numbers = (...values: number[]) => values.map((x) => ({ x: tensor('int32', [], [x]) }));
const shown = (result: InferResult) =>
  result.ok ? result.outputs : `${result.error.code}: ${result.error.message}`;

afterEach(async () => {
  const results = await master.client('m', 'good').infer(numbers(2));
  expect(results.map(shown)).toMatchObject([{ y: { data: Float32Array.of(20) } }]);
});

test('a function may fill the array of a tensor again as soon as a call has returned', async () => {
  const [result] = await master.client('m', 'again').infer(numbers(0));
  expect(shown(result!)).toMatchObject({ y: { data: Float32Array.of(24) } });
});

test('an instance that the model fails on is FAILED, alone', async () => {
  const results = await master.client('m', 'pick').infer(numbers(0, 7, 2));
  expect(results.map(shown)).toMatchObject([
    { y: { data: Float32Array.of(0) } },
    expect.stringMatching(/^FAILED: Predict Failed: .*[Gg]ather.*idx=7/),
    { y: { data: Float32Array.of(20) } },
  ]);
});

test('outputs without a row per instance are FAILED, and say how to declare the model', async () => {
  const results = await master.client('m', 'sieve').infer(numbers(1, 0, 3));
  const text =
    'FAILED: Predict Failed: output y of model sieve.onnx: expected 3 rows for 3 instances, given shape [2]; declare the model with withBatchDim: false if dimension 0 is not the batch';
  expect(results.map(shown)).toEqual([text, text, text]);
});

const model = 'Model(add.onnx;second.onnx';

test.each([
  ['noInputs', `${model}).call() failed: no inputs provided`],
  [
    'noInstances',
    `${model}).call() failed: no inputs provided; expected a list of instances, each a list of values`,
  ],
  [
    'noList',
    `${model}).call() failed: no inputs provided; expected a list of instances, each a list of values`,
  ],
  ['noLists', `${model}).call() failed: inputs format invalid: expected a list of values for instance 0`],
  [
    'tooFew',
    `${model}).call() failed: The inputs count 1 of instance 0 is not equal to the inputs count 2 of the model`,
  ],
  [
    'tooManyInSecond',
    `${model}).call() failed: The inputs count 3 of instance 1 is not equal to the inputs count 2 of the model`,
  ],
  [
    'noSubgraph',
    `${model}, subgraph=2).call() failed: The model does not have subgraph of index 2, the subgraph count of the model is 2`,
  ],
  [
    'negativeSubgraph',
    `${model}, subgraph=-1).call() failed: The model does not have subgraph of index -1, the subgraph count of the model is 2`,
  ],
  [
    'misfit',
    `${model}, subgraph=1).call() failed: Given model input 0 size 4 not match the size 8 defined in model; input x1: expected int32 [2], given int32 []`,
  ],
  [
    'number',
    `${model}).call() failed: inputs format invalid: expected a Tensor, StringTensor, BytesTensor, text or Uint8Array as input 1 of instance 0, given 5`,
  ],
  [
    'typedArray',
    `${model}).call() failed: inputs format invalid: expected a Tensor, StringTensor, BytesTensor, text or Uint8Array as input 0 of instance 0, given Float32Array`,
  ],
  [
    'nothing',
    `${model}).call() failed: inputs format invalid: expected a Tensor, StringTensor, BytesTensor, text or Uint8Array as input 1 of instance 1, given undefined`,
  ],
  ['failing', /^Model\(pick\.onnx\)\.call\(\) failed: Predict Failed: .*idx=7/],
  ['failingSecond', /^Model\(pick\.onnx\)\.call\(\) failed: instance 1: Predict Failed: .*idx=7/],
])('a function that calls a model wrongly (%s) is SYSTEM_ERROR', async (method, text) => {
  const [result] = await master.client('m', method).infer(numbers(1));
  const prefix = `Call Function 'm.anonymous' Failed, method: '${method}', stage index(begin with 1): 1, error msg: `;
  if (result!.ok) throw new Error(`expected ${method} to fail`);
  const { code, message: given } = result!.error;
  expect(code).toBe('SYSTEM_ERROR');
  expect(given.slice(0, prefix.length)).toBe(prefix);
  if (typeof text === 'string') expect(given.slice(prefix.length)).toBe(text);
  else expect(given.slice(prefix.length)).toMatch(text);
});
