/** Cases as a servable: a model and a method for each. */
import { configuration } from '../support/servables.js';
import type { FolderContents } from '../support/temporary-folder.js';
import type { OperatorCase } from './case.js';
import { inputNames, modelOf, outputNames, packedNames } from './model.js';

/** Hundreds of methods written out would take longer to compile than their models to load, so they are a table. */
const config = configuration(`
import { readFileSync } from 'node:fs';
const methods = JSON.parse(readFileSync(new URL('./methods.json', import.meta.url), 'utf8'));
const unpack = (text) => {
  const { shape, data } = JSON.parse(text);
  return new StringTensor(shape, data);
};
for (const { name, inputs, outputs, packed } of methods) {
  const model = declareModel({ file: name + '.onnx', withBatchDim: false });
  registerMethod(name, { inputs, outputs }, (...given) => {
    const values = given.map((value, index) => (packed.includes(inputs[index]) ? addStage(unpack, [value]) : value));
    return addStage(model, values, { outputs: outputs.length });
  });
}`);

export function servableOf(cases: readonly OperatorCase[]): FolderContents {
  const models = cases.map((each) => [`1/${each.name}.onnx`, modelOf(each)] as const);
  const methods = cases.map((each) => ({
    name: each.name,
    inputs: inputNames(each),
    outputs: outputNames(each),
    packed: packedNames(each),
  }));
  return {
    ...Object.fromEntries(models),
    'methods.json': JSON.stringify(methods),
    'servable_config.ts': config,
  };
}
