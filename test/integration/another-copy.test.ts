/** A package in a servable's node_modules that has a copy of @serving/common of its own: its values are values. */
import { expect, test } from '@jest/globals';
import { outputsOf, tensor } from '@serving/client';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMaster } from '../support/processes.js';
import { configuration, identityModel, servables } from '../support/servables.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Without links to it: what it depends on is not copied, as nothing depends on which copy that is. */
function copyCommon(to: string): void {
  const from = join(repository, 'packages/common');
  for (const part of ['package.json', 'dist']) cpSync(join(from, part), join(to, part), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(to, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repository, 'node_modules', name), link);
  }
}

test('values of another copy are constants, results, and inputs of models', async () => {
  const directory = servables({
    s: {
      'servable_config.ts': configuration(`
import { offset, plus, words, Copied } from 'helper';
const model = declareModel({ file: 'm.onnx', withBatchDim: false });
registerMethod('m', { inputs: ['x'], outputs: ['sum', 'words', 'called', 'isOther'] }, (x) => [
  addStage(plus, [x, offset]),
  addStage(words, [x]),
  addStage(async (x) => (await model.call(plus(x, offset)))[0], [x]),
  addStage(() => Copied !== Tensor, []),
]);
`),
      '1/m.onnx': identityModel([2]),
      'node_modules/helper/package.json': '{ "type": "module", "exports": "./index.js" }',
      'node_modules/helper/index.js': `
import { StringTensor, Tensor } from '@serving/common';
export { Tensor as Copied };
export const offset = new Tensor('float32', [], Float32Array.of(10));
export const plus = (x, by) => new Tensor('float32', x.shape, x.dataAs('float32').map((value) => value + by.data[0]));
export const words = () => new StringTensor([2], ['a', 'b']);
`,
    },
  });
  copyCommon(join(directory, 's/node_modules/@serving/common'));
  const master = await startMaster(['--servable', 's', '--directory', directory, '--executors', '1']);
  const [result] = await master.client('s', 'm').infer({ x: tensor('float32', [2], [1, 2]) });
  const sum = { shape: [2], data: Float32Array.of(11, 12) };
  expect(outputsOf(result)).toMatchObject({
    sum,
    words: { shape: [2], data: ['a', 'b'] },
    called: sum,
    isOther: { dtype: 'bool', data: Uint8Array.of(1) },
  });
});
