/** Models with all that can be declared of them, by real onnxruntime, and what `serving-worker` says of them. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { outputsOf, tensor, type Tensor } from '@serving/client';
import { onnxModel } from '../../examples/onnx-writer.js';
import { startMaster, type Master } from '../support/processes.js';
import {
  addModel,
  configuration,
  functionServable,
  identityModel,
  runSizeModel,
  servables,
} from '../support/servables.js';

const one = (name: string, options: string) =>
  `registerMethod('${name}', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(declareModel(${options}), [x]));`;

/** y = x times a factor that all instances of a run share. */
const scaleModel = onnxModel({
  name: 'scale',
  inputs: [
    { name: 'x', shape: ['N', 1] },
    { name: 'factor', shape: [1] },
  ],
  outputs: [{ name: 'y', shape: ['N', 1] }],
  nodes: [{ operator: 'Mul', inputs: ['x', 'factor'], outputs: ['y'] }],
});

const directory = servables({
  models: {
    'servable_config.ts': configuration(`
${one('padded', "{ file: 'a.onnx', session: { freeDimensions: { N: 4 } }, warmUp: true }")}
${one(
  'settings',
  "{ file: 'b.onnx', session: { graphOptimization: 'disabled', intraOpThreads: 1, interOpThreads: 2, memoryArena: false, memoryPattern: false, executionProviders: ['cpu'], config: { 'session.set_denormal_as_zero': '1' } } }",
)}
const scale = declareModel({ file: 'scale.onnx', withoutBatchDimInputs: 1 });
registerMethod('scale', { inputs: ['x', 'factor'], outputs: ['y'] }, (x, factor) => addStage(scale, [x, factor]));
registerMethod(
  'declared',
  { inputs: { x: { dtype: 'int32', shape: ['n'] } }, outputs: { y: { dtype: 'int32', shape: ['n'] } } },
  ({ x }) => ({ y: addStage((x) => (x.data[0] === 13 ? 'thirteen' : x), [x]) }),
);
registerMethod('nothing', { inputs: [], outputs: [] }, () => []);
`),
    '1/a.onnx': runSizeModel(),
    '1/b.onnx': runSizeModel(),
    '1/scale.onnx': scaleModel,
  },
});

let master: Master;
beforeAll(async () => {
  master = await startMaster(['--servable', 'models', '--directory', directory, '--executors', '1']);
});

const ones = (count: number) => Array.from({ length: count }, () => ({ x: tensor('float32', [1], [1]) }));

test('a dimension that was given a size is padded to it, and the padding is dropped', async () => {
  const results = await master.client('models', 'padded').infer(ones(3));
  // The sum of all of a run: three and one copy.
  for (const result of results) expect(outputsOf(result)['y']).toMatchObject({ data: Float32Array.of(4) });
});

test('a model with every session option runs', async () => {
  const [result] = await master.client('models', 'settings').infer(ones(1));
  expect(outputsOf(result!)['y']).toMatchObject({ data: Float32Array.of(1) });
});

test.each([
  ["executionProviders: ['nowhere']", /\[nowhere\] backend not found/],
  [
    "intraOpThreads: 2, config: { 'session.intra_op_thread_affinities': '1,2;3' }",
    /cannot be loaded: .*affinit/,
  ],
  ["config: { 'session.use_env_allocators': 'x'.repeat(10_000) }", /cannot be loaded: /],
])('session options reach onnxruntime, which refuses wrong ones: %s', (option, text) => {
  const odd = servables({
    odd: {
      'servable_config.ts': configuration(one('m', `{ file: 'a.onnx', session: { ${option} } }`)),
      '1/a.onnx': runSizeModel(),
    },
  });
  const { status, stderr } = runWorker(['check', 'odd', '--directory', odd]);
  expect(status).toBe(3);
  expect(stderr).toMatch(text);
});

test('instances that differ in a shared input do not run together', async () => {
  const scaled = (x: number, factor: number) => ({
    x: tensor('float32', [1], [x]),
    factor: tensor('float32', [1], [factor]),
  });
  const results = await master.client('models', 'scale').infer([scaled(1, 2), scaled(1, 3), scaled(2, 2)]);
  expect(results.map((result) => (outputsOf(result)['y'] as { data: Float32Array }).data[0])).toEqual([
    2, 3, 4,
  ]);
});

test('declared inputs and outputs are held to what was declared, instance by instance', async () => {
  const client = master.client('models', 'declared');
  const [good, float, flat, odd] = await client.infer([
    { x: tensor('int32', [2], [1, 2]) },
    { x: tensor('float32', [2], [1, 2]) },
    { x: tensor('int32', [1, 1], [1]) },
    { x: tensor('int32', [2], [13, 0]) },
  ]);
  expect(outputsOf(good!)['y']).toMatchObject({ dtype: 'int32', data: Int32Array.of(1, 2) });
  const text = (result: typeof good) => (result!.ok ? '' : result!.error.message);
  expect(text(float)).toBe(
    'Given method input 0 data type kMSI_Float32 not match the data type kMSI_Int32 defined in method; input x: expected int32 [n], given float32 [2]',
  );
  expect(text(flat)).toMatch(/input x: expected int32 \[n\], given int32 \[1,1\]$/);
  expect(text(odd)).toBe(
    "Call method 'declared' Failed: output y: expected int32 [n], as it is declared, given string []",
  );
});

test('a method without inputs, outputs and stages answers each instance', async () => {
  const results = await master.client('models', 'nothing').infer([{}, {}]);
  expect(results.map((result) => outputsOf(result))).toEqual([{}, {}]);
});

const workerProgram = 'node_modules/.bin/serving-worker';

function runWorker(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(workerProgram, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

describe('serving-worker check', () => {
  test('says what a servable is', () => {
    const { status, stdout } = runWorker(['check', 'models', '--directory', directory]);
    expect(status).toBe(0);
    expect(stdout).toContain('  a.onnx: 4 instances a run\n');
    expect(stdout).toContain('    inputs:  x float32 [1], factor float32 [1] (one for a whole run)\n');
    expect(stdout).toMatch(/ {4}a run on zeros takes [\d.]+ ms at first, then [\d.]+ ms\n/);
    expect(stdout).toMatch(/ {2}declared\n {4}inputs: {2}x int32 \[n\]\n {4}outputs: y int32 \[n\]\n/);
    expect(stdout).toMatch(
      /stage 1: model scale\.onnx\(x, factor\) -> y {2}\(models\/servable_config\.ts:\d+\)/,
    );
    expect(stdout).toContain('metadata: complete\n');
  });

  test('says of what is open how it is declared, a text too', () => {
    const open = servables({
      s: functionServable(`registerMethod('echo', { inputs: ['name'], outputs: ['y'] }, (name) => name);`),
    });
    const { status, stdout } = runWorker(['check', 's', '--directory', open]);
    expect(status).toBe(0);
    expect(stdout).toContain('  method echo: input name\n');
    expect(stdout).toContain(
      "  to declare it: inputs: { x: { dtype: 'float32', shape: [2, 'n'] } } in registerMethod; for a text { dtype: 'string', shape: [] }\n",
    );
  });

  test('says that a method gives many responses, and which stage they are of', () => {
    const streaming = servables({
      s: functionServable(`
registerMethod('many', { inputs: ['x'], outputs: ['y'], streaming: true, idempotent: false }, (x) =>
  addStage(function* each(x) { yield x; }, [x]));`),
    });
    const { status, stdout } = runWorker(['check', 's', '--directory', streaming]);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      / {2}many, streaming, not idempotent\n.*\n.*\n {4}stage 1: function each\(x\) -> y, yields one response after another {2}\(/,
    );
  });

  test('keeps what a configuration prints out of its output, and ends although that goes on', () => {
    const printing = servables({
      s: functionServable(`
console.log('printed by console.log');
process.stdout.write('written to stdout\\n');
setInterval(() => undefined, 1000);
registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
    });
    const { status, stdout, stderr } = runWorker(['check', 's', '--directory', printing]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^servable s version 1\nplan: /);
    expect(stdout).not.toMatch(/printed|written/);
    expect(stderr).toBe('printed by console.log\nwritten to stdout\n');
  });

  test.each([
    [['check'], 2, "missing required argument 'servable'"],
    [['check', 'nobody', '--directory', directory], 3, "directory '.*nobody' not exist"],
    [['check', 'models', '--directory', directory, '--version', '7'], 3, 'specified version number: 7'],
  ])('%p ends with code %i and says why', (args, code, text) => {
    const { status, stdout, stderr } = runWorker(args);
    expect([status, stdout]).toEqual([code, '']);
    expect(stderr).toMatch(new RegExp(`^serving-worker: .*${text}`));
  });
});

test('serving-worker check says of what may have any number of dimensions that it is open, in several files and encrypted ones', () => {
  const env = { TEST_KEY: randomBytes(16).toString('hex') };
  const anyRank = servables({
    s: {
      'servable_config.ts': configuration(`
const several = declareModel({ file: ['a.onnx', 'b.onnx'], withBatchDim: false });
const secret = declareModel({ file: 'c.enc', withBatchDim: false, decryption: { key: { env: 'TEST_KEY' } } });
registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) =>
addStage(secret, [addStage(several.subgraph(1), [addStage(several, [x])])]));`),
      '1/a.onnx': identityModel(undefined),
      '1/b.onnx': identityModel([]),
    },
  });
  const [plainFile, encrypted] = ['a.onnx', 'c.enc'].map((file) => join(anyRank, 's/1', file));
  expect(runWorker(['encrypt', plainFile!, encrypted!, '--key-env', 'TEST_KEY'], env).status).toBe(0);
  const { status, stdout } = runWorker(['check', 's', '--directory', anyRank], env);
  expect(status).toBe(0);
  const open = 'inputs: {2}x float32 \\?\\n {4}outputs: y float32 \\?\\n {4}a run on zeros failed';
  expect(stdout).toMatch(new RegExp(` a.onnx: .*\\n {4}${open}`));
  expect(stdout).toMatch(/ b.onnx: .*\n {4}inputs: {2}x float32 \[\]\n {4}outputs: y float32 \[\]\n/);
  expect(stdout).toMatch(new RegExp(` c.enc: .*\\n {4}${open}`));
  expect(stdout).toMatch(/\n {2}method m: input x\n {2}method m: output y\n/);
});

test('a stage is given constants beside the values of its instances, a model as a function', async () => {
  const constants = servables({
    s: {
      'servable_config.ts': configuration(`
const add = declareModel({ file: 'add.onnx' });
const half = new Tensor('float32', [2], Float32Array.of(0.5, 1.5));
const show = (x, unit, bytes) => x.toNested().map((value) => value + unit).join() + bytes.length;
registerMethod('m', { inputs: ['x'], outputs: ['y', 'text'] }, (x) => {
  const y = addStage(add, [x, half]);
  return [y, addStage(show, [y, ' m', Uint8Array.of(1, 2, 3)])];
});`),
      '1/add.onnx': addModel(['N', 2]),
    },
  });
  const { stdout } = runWorker(['check', 's', '--directory', constants]);
  expect(stdout).toMatch(
    /stage 1: model add\.onnx\(x, float32 \[2\]\) -> y .*\n.*function show\(y, ' m', bytes \[\]\) -> text/,
  );
  const serving = await startMaster(['--servable', 's', '--directory', constants]);
  const results = await serving
    .client('s', 'm')
    .infer<{ y: Tensor; text: string }>([1, 2, 3].map((n) => ({ x: tensor('float32', [2], [n, n]) })));
  expect(results.map((result) => outputsOf(result).text)).toEqual([
    '1.5 m,2.5 m3',
    '2.5 m,3.5 m3',
    '3.5 m,4.5 m3',
  ]);
});

test('serving-worker check calls a function without a name by its tag', () => {
  const tagged = servables({
    s: functionServable(`
const named = (x) => x;
registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => {
  const a = addStage((x) => x, [x], { tag: 'tidying up' });
  const b = addStage(named, [a], { tag: 'more of it' });
  return addStage((x) => x, [b]);
});`),
  });
  const { stdout } = runWorker(['check', 's', '--directory', tagged]);
  expect(stdout).toMatch(
    /stage 1: function tidying up\(x\).*\n.*stage 2: function named\(stage 1\).*\n.*stage 3: function anonymous\(stage 2\)/,
  );
});
