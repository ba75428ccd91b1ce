/** Models that are not what a configuration says of them: what is below the servable's folder → the error. */
import { onnxModel } from '../../examples/onnx-writer.js';
import { addModel, configuration, productModel } from '../support/servables.js';
import type { FolderContents } from '../support/temporary-folder.js';

export interface StartFailure {
  readonly files: FolderContents;
  readonly error: string | RegExp;
  readonly args?: readonly string[];
  /** What the log says besides. */
  readonly warning?: RegExp;
}

export const declared = configuration(`
const add = declareModel({ file: 'add.onnx', withBatchDim: false });
registerMethod('add', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(add, [x1, x2]));
`);
export const model = addModel([2, 2]);
/** Runs with exactly three elements, which nobody sees before it runs. */
const onlyThreeModel = onnxModel({
  name: 'only_three',
  inputs: ['x1', 'x2'].map((name) => ({ name, shape: ['N'] })),
  outputs: [{ name: 'y', shape: [3] }],
  nodes: [
    { operator: 'Add', inputs: ['x1', 'x2'], outputs: ['sum'] },
    { operator: 'Reshape', inputs: ['sum', 'three'], outputs: ['y'] },
  ],
  weights: [{ name: 'three', dtype: 'int64', shape: [1], data: BigInt64Array.of(3n) }],
});

/** y = x1 + w + x2, of which w is in another file. */
function externalModel(file: string): Uint8Array {
  return onnxModel({
    name: 'external',
    inputs: ['x1', 'x2'].map((name) => ({ name, shape: [2] })),
    outputs: [{ name: 'y', shape: [2] }],
    nodes: [
      { operator: 'Add', inputs: ['x1', 'w'], outputs: ['sum'] },
      { operator: 'Add', inputs: ['sum', 'x2'], outputs: ['y'] },
    ],
    weights: [{ name: 'w', shape: [2], data: { file } }],
  });
}

/** A model of whole numbers beside `add`, and a method of `body`. */
const withCounts = (body: string) => ({
  'servable_config.ts': `${declared}const counts = declareModel({ file: 'counts.onnx', withBatchDim: false });
registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => {
  ${body}
});`,
  '1/add.onnx': model,
  '1/counts.onnx': addModel([3], 'int64'),
});

export const modelMistakes: Readonly<Record<string, StartFailure>> = {
  'a model that gives another what it cannot take': {
    files: withCounts('const y = addStage(add, [x, x]); return addStage(counts, [y, y]);'),
    error:
      's/servable_config.ts:8: method m: input x1 of model counts.onnx is int64 [3], but the same value is output y of model add.onnx, float32 [2,2]',
  },
  'an input of two models that cannot take the same': {
    files: withCounts('addStage(add, [x, x]);\nreturn addStage(counts, [x, x]);'),
    error:
      's/servable_config.ts:9: method m: input x1 of model counts.onnx is int64 [3], but the same value is input x1 of model add.onnx, float32 [2,2]',
  },
  'a constant that a model cannot take': {
    files: withCounts("return addStage(add, [x, 'text']);"),
    error:
      's/servable_config.ts:8: method m: argument 2 of the stage, a constant, does not fit model add.onnx: Given model input 1 data type kMSI_String not match the data type kMSI_Float32 defined in model; input x2: expected float32 [2,2], given string []',
  },
  'a model without its external data': {
    files: { 'servable_config.ts': declared, '1/add.onnx': externalModel('add.data') },
    error:
      /^s\/servable_config\.ts:3: model s\/1\/add\.onnx cannot be loaded: .*External data path does not exist: "s\/1\/add\.data"/,
  },
  'a model with external data outside of its folder': {
    files: { 'servable_config.ts': declared, '1/add.onnx': externalModel('../../outside.onnx') },
    error:
      /^s\/servable_config\.ts:3: model s\/1\/add\.onnx cannot be loaded: .*resolved path: "…\/outside\.onnx" allowed directory: "s\/1"$/,
  },
  'a size for a dimension that has no name': {
    files: {
      'servable_config.ts': declared.replace(
        'withBatchDim: false',
        "session: { freeDimensions: { '?': 4 } }",
      ),
      '1/add.onnx': addModel(['N', '']),
    },
    error:
      's/servable_config.ts:3: model add.onnx: session.freeDimensions: expected names of its symbolic dimensions, given ?; it has N; a dimension without a name cannot be given a size',
  },
  'a shared input that the model does not have': {
    files: {
      'servable_config.ts': declared.replace('withBatchDim: false', 'withoutBatchDimInputs: 2'),
      '1/add.onnx': model,
    },
    error:
      's/servable_config.ts:3: model add.onnx: withoutBatchDimInputs: expected positions below 2, the number of its inputs, given 2',
  },
  'a batch dimension that is two': {
    files: {
      'servable_config.ts': declared.replace(', withBatchDim: false', ''),
      '1/add.onnx': productModel,
    },
    error:
      's/servable_config.ts:3: model add.onnx: dimension 0 of its inputs has different names, a M and b K, and may not be the batch of all; declare it with withBatchDim: true if it is, and otherwise with withBatchDim: false, or name the inputs without a batch dimension in withoutBatchDimInputs',
  },
  'a batch dimension of an input that may have none': {
    files: {
      'servable_config.ts': declared.replace(', withBatchDim: false', ''),
      '1/add.onnx': addModel(undefined),
    },
    error:
      's/servable_config.ts:3: model add.onnx: x1 may have any number of dimensions, and so none for the batch; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs',
  },
  'a warm-up of an input of any rank': {
    files: {
      'servable_config.ts': declared.replace('withBatchDim: false', 'withBatchDim: false, warmUp: true'),
      '1/add.onnx': addModel(undefined),
    },
    error:
      's/servable_config.ts:3: model s/1/add.onnx: the warm-up run of add.onnx on zeros failed: input x1 may have any number of dimensions, so that there are no zeros for it; without warmUp: true it is loaded as it is',
  },
  'a batch dimension that no input has': {
    files: {
      'servable_config.ts': declared.replace('withBatchDim: false', 'withoutBatchDimInputs: [0, 1]'),
      '1/add.onnx': model,
    },
    error:
      's/servable_config.ts:3: model add.onnx: none of its inputs has a batch dimension, so that its outputs are those of a whole run; declare it with withBatchDim: false',
  },
  'subgraphs of several batch sizes': {
    files: {
      'servable_config.ts': declared.replace("'add.onnx', withBatchDim: false", "['add.onnx', 'four.onnx']"),
      '1/add.onnx': model,
      '1/four.onnx': addModel([4, 2]),
    },
    error:
      's/servable_config.ts:3: model add.onnx;four.onnx: the batch sizes 2 and 4 of its subgraphs differ; expected one for all',
  },
  'a declared shape that is not that of the model': {
    files: {
      'servable_config.ts': declared
        .replace("inputs: ['x1', 'x2']", 'inputs: { x1: { shape: [3] }, x2: {} }')
        .replace('(x1, x2) =>', '({ x1, x2 }) =>'),
      '1/add.onnx': model,
    },
    error:
      's/servable_config.ts:4: method add: inputs: x1: declared float32 [3], but the model at it has float32 [2,2]',
  },
  'a model that fails to warm up': {
    files: {
      'servable_config.ts': declared.replace('withBatchDim: false', 'withBatchDim: false, warmUp: true'),
      '1/add.onnx': onlyThreeModel,
    },
    error:
      /^s\/servable_config\.ts:3: model s\/1\/add\.onnx: the warm-up run of add\.onnx on zeros failed: Predict Failed: .*; without warmUp: true it is loaded as it is$/,
  },
  'an encrypted model without its key': {
    files: {
      'servable_config.ts': declared.replace(
        'withBatchDim: false',
        "decryption: { key: { env: 'NO_SUCH_KEY' } }",
      ),
      '1/add.onnx': model,
    },
    error:
      's/servable_config.ts:3: the environment variable NO_SUCH_KEY: expected the key of a model, given nothing',
  },
  'a batch dimension that differs': {
    files: {
      'servable_config.ts': declared.replace(', withBatchDim: false', ''),
      '1/add.onnx': addModel([]),
    },
    error:
      's/servable_config.ts:3: model add.onnx: x1 is a scalar and has no batch dimension; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs',
  },
};
