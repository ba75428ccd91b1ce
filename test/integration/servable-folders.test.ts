/** Folders of servables: versions, configurations of every kind, none at all, and what they may import. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { outputsOf, tensor } from '@serving/client';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { onnxModel } from '../../examples/onnx-writer.js';
import { startMaster, type Master } from '../support/processes.js';
import { addModel, configuration, identityModel, productModel, servables } from '../support/servables.js';

const says = (text: string) =>
  `registerMethod('say', { inputs: [], outputs: ['y'] }, () => addStage(() => ${text}, []));`;

/** Servables with a method `say` that gives a text → that text. */
const talking: Record<string, { readonly files: Record<string, string>; readonly text: string }> = {
  ts: {
    files: {
      'servable_config.ts': configuration(
        `type Text = string;\nconst text: Text = await Promise.resolve('ts');\n${says('text')}`,
      ),
    },
    text: 'ts',
  },
  mts: {
    files: { 'servable_config.mts': configuration(`enum Kind { Mts = 'mts' }\n${says('Kind.Mts')}`) },
    text: 'mts',
  },
  js: { files: { 'servable_config.js': configuration(says("'js'")) }, text: 'js' },
  mjs: { files: { 'servable_config.mjs': configuration(says("'mjs'")) }, text: 'mjs' },
  commonjs: {
    files: {
      'servable_config.js': `const { addStage, registerMethod } = require('@serving/worker');\n${says("'commonjs'")}`,
    },
    text: 'commonjs',
  },
  'ünïcode & blanks': {
    files: {
      'servable_config.ts': configuration(
        `import { Tensor as Same } from '@serving/common';\n${says("String(new Same('int8', [], Int8Array.of(1)) instanceof Tensor)")}`,
      ),
    },
    text: 'true',
  },
  siblings: {
    files: {
      'servable_config.ts': configuration(
        `import { readFileSync } from 'node:fs';
import { text } from './text.js';
import labels from './labels.json';
const file = readFileSync(new URL('./labels.txt', import.meta.url), 'utf8');
${says("[text, labels[0], file].join(' ')")}`,
      ),
      'text.ts': `export const text: string = 'sibling';`,
      'labels.json': `["json"]`,
      'labels.txt': 'text',
    },
    text: 'sibling json text',
  },
  // A module imported in two places is one module, and a circle is no endless one.
  'siblings of siblings': {
    files: {
      'servable_config.ts': configuration(
        `import { increase } from './increase.js';
import { counter } from './counter.js';
import { a } from './a.js';
increase();
${says('a() + counter.value')}`,
      ),
      'increase.ts': `import { counter } from './counter.js';\nexport const increase = () => void counter.value++;`,
      'counter.ts': `export const counter = { value: 1 };`,
      'a.ts': `import { b } from './b.js';\nexport const a = () => 'a' + b();\nexport const last = () => 'z';`,
      'b.ts': `import { last } from './a.js';\nexport const b = () => 'b' + last();`,
    },
    text: 'abz2',
  },
};

/** y = the elements of x above 0: as many as there are, by the name of another dimension. */
const positiveModel = onnxModel({
  name: 'positive',
  inputs: [{ name: 'x', shape: ['N'] }],
  outputs: [{ name: 'y', shape: ['M'] }],
  nodes: [
    { operator: 'Greater', inputs: ['x', 'zero'], outputs: ['isPositive'] },
    { operator: 'Compress', inputs: ['x', 'isPositive'], outputs: ['y'] },
  ],
  weights: [{ name: 'zero', shape: [], data: Float32Array.of(0) }],
});

const ignored = ['0', '-1', '007', '1.5', '1e3', '+2', 'v2', '99999999999999999999'];

let directory: string;
let master: Master;
beforeAll(async () => {
  directory = servables({
    ...Object.fromEntries(Object.entries(talking).map(([name, { files }]) => [name, { ...files, '1/': '' }])),
    versions: {
      'servable_config.ts': configuration(
        `const m = declareModel({ file: 'm.onnx', withBatchDim: false });\nregisterMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(m, [x]));`,
      ),
      ...Object.fromEntries(ignored.map((name) => [`${name}/m.onnx`, 'not a model'])),
      'a/': '',
      '2/m.onnx': identityModel([2]),
      '10/m.onnx': identityModel([10]),
      '9': 'a file, not a folder',
    },
    'free-batch': { '1/m.onnx': addModel(['N', 2]) },
    'fixed-batch': { '1/m.onnx': addModel([4, 2]) },
    'any-rank': { '1/m.onnx': addModel(undefined) },
    product: { '1/m.onnx': productModel },
    positive: { '1/m.onnx': positiveModel },
    'odd-names': { '1/m.onnx': identityModel(['N', 1], 'float32', '__proto__') },
  });
  chmodSync(join(directory, 'ts'), 0o555);
  const names = [
    ...Object.keys(talking),
    'versions',
    'free-batch',
    'fixed-batch',
    'any-rank',
    'product',
    'positive',
    'odd-names',
  ];
  master = await startMaster(['--servable', names.join(','), '--directory', directory, '--executors', '1']);
});

test.each(Object.entries(talking))('a configuration works: %s', async (name, { text }) => {
  const [result] = await master.client(name, 'say').infer({});
  expect(outputsOf(result)['y']).toBe(text);
});

describe('versions', () => {
  test('the newest is served, by number', async () => {
    const ten = Float32Array.from({ length: 10 }, (_, i) => i);
    const [result] = await master.client('versions', 'm').infer({ x: ten });
    expect(outputsOf(result)).toMatchObject({ y: { data: ten } });
    expect(await master.client('versions', 'm', { version: 10 }).infer({ x: ten })).toMatchObject([
      { ok: true },
    ]);
    expect(
      await master
        .client('versions', 'm', { version: 2 })
        .infer({ x: ten })
        .catch((error: Error) => [{ error }]),
    ).toMatchObject([
      {
        error: {
          message: expect.stringMatching(
            /version\(2\) , servable is not available; expected version 0 or one of: 10$/,
          ) as unknown,
        },
      },
    ]);
  });

  test('folders that are none are ignored, those that look like one with a warning', () => {
    const warnings = master.log.filter((line) => line['level'] === 40 && line['servable'] === 'versions');
    const warned = warnings.map(
      (line) => /^folder '(.*)' is ignored: a version is/.exec(String(line['msg']))?.[1],
    );
    expect(new Set(warned)).toEqual(new Set(ignored));
    expect(warned).toHaveLength(ignored.length);
  });

  test('--version serves an older one', async () => {
    const older = await startMaster([
      '--servable',
      'versions',
      '--directory',
      directory,
      '--version',
      '2',
      '--executors',
      '1',
    ]);
    expect(older.stdout).toMatch(/^Servable versions version 2: methods m;/);
    for (const version of [0, 2])
      expect(
        await older.client('versions', 'm', { version }).infer({ x: Float32Array.of(1, 2) }),
      ).toMatchObject([{ ok: true }]);
    await older.stop();
  });
});

describe('without a configuration', () => {
  test('a symbolic dimension 0 is the batch', async () => {
    const x = Float32Array.of(1, 2);
    const results = await master.client('free-batch', 'predict').infer([
      { x1: x, x2: x },
      { x1: x, x2: x },
    ]);
    expect(results.map(outputsOf)).toMatchObject(
      Array.from({ length: 2 }, () => ({ y: { shape: [2], data: Float32Array.of(2, 4) } })),
    );
  });

  test('a fixed dimension 0 is part of the instance', async () => {
    const x = tensor(
      'float32',
      [4, 2],
      Float32Array.from({ length: 8 }, (_, i) => i),
    );
    const results = await master.client('fixed-batch', 'predict').infer([
      { x1: x, x2: x },
      { x1: x, x2: x },
    ]);
    expect(results.map(outputsOf)).toMatchObject(Array.from({ length: 2 }, () => ({ y: { shape: [4, 2] } })));
  });

  test('an input of any rank is taken as it comes', async () => {
    const instances = [[], [2], [1, 2]].map((shape) => {
      const x = tensor('float32', shape, [1, 2].slice(0, shape.at(-1) ?? 1));
      return { x1: x, x2: x };
    });
    const results = await master.client('any-rank', 'predict').infer(instances);
    expect(results.map(outputsOf)).toMatchObject([
      { y: { shape: [], data: Float32Array.of(2) } },
      { y: { shape: [2], data: Float32Array.of(2, 4) } },
      { y: { shape: [1, 2], data: Float32Array.of(2, 4) } },
    ]);
  });

  test('dimensions of different names are no batch, and callers that come together get their own', async () => {
    const client = master.client('product', 'predict');
    const a = tensor('float32', [1, 2], [1, 2]);
    const calls = Array.from({ length: 8 }, (_, i) =>
      client.infer({ a, b: tensor('float32', [2, 1], [i, i]) }),
    );
    const products = (await Promise.all(calls)).map(([result]) => outputsOf(result)['y']);
    expect(products).toMatchObject(
      Array.from({ length: 8 }, (_, i) => ({ shape: [1, 1], data: Float32Array.of(3 * i) })),
    );
  });

  test('an output with as many rows as values allow is no batch', async () => {
    const instances = [[1, -2, 3], [-1]].map((x) => ({ x: tensor('float32', [x.length], x) }));
    const results = await master.client('positive', 'predict').infer(instances);
    expect(results.map(outputsOf)).toMatchObject([
      { y: { shape: [2], data: Float32Array.of(1, 3) } },
      { y: { shape: [0] } },
    ]);
  });

  test('the inputs have the names of the model, whatever they are', async () => {
    const instance = new Map([['__proto__', tensor('float32', [1], [5])]]);
    const [result] = await master.client('odd-names', 'predict').infer(instance);
    expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(5) } });
  });
});
