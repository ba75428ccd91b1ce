/** Classical machine learning: the operators of ai.onnx.ml. */
import type { NumericType } from '@serving/client';
import type { OnnxAttribute } from '../../../examples/onnx-writer.js';
import { across, input, op, type OperatorCase } from '../case.js';
import { wideFloats } from '../element-types.js';
import { ordinary } from '../values.js';

const domain = 'ai.onnx.ml';
type Attributes = Readonly<Record<string, OnnxAttribute>>;

function learned(
  operator: string,
  dtypes: readonly NumericType[],
  attributes: Attributes,
  outputs: readonly NumericType[] = ['float32'],
  variant?: string,
): OperatorCase[] {
  return across(dtypes, (dtype) =>
    op(operator, dtype, {
      domain,
      ...(variant === undefined ? {} : { variant }),
      inputs: [input(dtype, [5, 3], ordinary)],
      outputs,
      attributes,
    }),
  );
}

const features: OperatorCase[] = [
  ...across(['float32'], (dtype) =>
    op('Binarizer', dtype, {
      domain,
      inputs: [input(dtype, [5, 3], ordinary)],
      attributes: { threshold: { float: 1.5 } },
    }),
  ),
  ...learned('Scaler', [...wideFloats, 'int32', 'int64'], {
    offset: { floats: [1, 2, 3] },
    scale: { floats: [0.5, 0.1, 3] },
  }),
  ...['MAX', 'L1', 'L2'].flatMap((norm) =>
    learned('Normalizer', [...wideFloats, 'int32', 'int64'], { norm: { string: norm } }, ['float32'], norm),
  ),
  ...learned('OneHotEncoder', [...wideFloats, 'int64'], {
    cats_int64s: { ints: [0, 1, 2, 3] },
    zeros: { int: 1 },
  }),
  ...across(['float32', 'int64'], (dtype) =>
    op('Imputer', dtype, {
      domain,
      inputs: [input(dtype, [5, 3])],
      attributes: dtype.startsWith('int')
        ? { imputed_value_int64s: { ints: [7, 8, 9] }, replaced_value_int64: { int: 1 } }
        : { imputed_value_floats: { floats: [7, 8, 9] }, replaced_value_float: { float: NaN } },
    }),
  ),
  ...across([...wideFloats, 'int32', 'int64'], (dtype) =>
    op('FeatureVectorizer', dtype, {
      domain,
      inputs: [input(dtype, [5, 3], ordinary), input(dtype, [5, 2], ordinary)],
      outputs: ['float32'],
      attributes: { inputdimensions: { ints: [3, 2] } },
    }),
  ),
  ...across(['float32', 'int64'], (dtype) =>
    op('LabelEncoder', dtype, {
      domain,
      inputs: [input(dtype, [5, 3], ordinary)],
      outputs: [dtype === 'int64' ? 'float32' : 'int64'],
      attributes:
        dtype === 'int64'
          ? { keys_int64s: { ints: [1, 2, 3] }, values_floats: { floats: [0.1, 0.2, 0.3] } }
          : { keys_floats: { floats: [1, 2, 3] }, values_int64s: { ints: [10, 20, 30] } },
    }),
  ),
];

const linear: OperatorCase[] = [
  ...learned('LinearRegressor', ['float32'], {
    coefficients: { floats: [0.1, -2, 3] },
    intercepts: { floats: [0.7] },
  }),
  ...learned(
    'LinearClassifier',
    [...wideFloats, 'int32', 'int64'],
    {
      coefficients: { floats: [0.1, -2, 3, 1, 2, -0.5] },
      intercepts: { floats: [0.7, 0.1] },
      classlabels_ints: { ints: [4, 5] },
      post_transform: { string: 'SOFTMAX' },
    },
    ['int64', 'float32'],
  ),
];

const vectors: Attributes = {
  kernel_type: { string: 'RBF' },
  kernel_params: { floats: [0.1, 0, 3] },
  support_vectors: { floats: [1, 2, 3, -1, 0, 4] },
  rho: { floats: [0.3] },
};

const supportVectors: OperatorCase[] = [
  ...learned('SVMRegressor', ['float32'], {
    ...vectors,
    coefficients: { floats: [0.4, -0.7] },
    n_supports: { int: 2 },
  }),
  ...learned(
    'SVMClassifier',
    [...wideFloats, 'int32', 'int64'],
    {
      ...vectors,
      coefficients: { floats: [0.4, -0.7] },
      vectors_per_class: { ints: [1, 1] },
      classlabels_ints: { ints: [0, 1] },
    },
    ['int64', 'float32'],
  ),
];

/** Two trees: a decision on feature 0, and one on feature 2. */
const trees: Attributes = {
  nodes_treeids: { ints: [0, 0, 0, 1, 1, 1] },
  nodes_nodeids: { ints: [0, 1, 2, 0, 1, 2] },
  nodes_featureids: { ints: [0, 0, 0, 2, 0, 0] },
  nodes_modes: { strings: ['BRANCH_LEQ', 'LEAF', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF'] },
  nodes_values: { floats: [1.5, 0, 0, -0.5, 0, 0] },
  nodes_truenodeids: { ints: [1, 0, 0, 1, 0, 0] },
  nodes_falsenodeids: { ints: [2, 0, 0, 2, 0, 0] },
};
const leaves = {
  ids: { ints: [0, 0, 1, 1] },
  nodes: { ints: [1, 2, 1, 2] },
  weights: { floats: [0.1, 0.7, 0.3, -0.9] },
};

const ensembles: OperatorCase[] = [
  ...learned('TreeEnsembleRegressor', wideFloats, {
    ...trees,
    target_treeids: leaves.ids,
    target_nodeids: leaves.nodes,
    target_ids: { ints: [0, 0, 0, 0] },
    target_weights: leaves.weights,
    n_targets: { int: 1 },
  }),
  ...learned(
    'TreeEnsembleClassifier',
    [...wideFloats, 'int32', 'int64'],
    {
      ...trees,
      class_treeids: leaves.ids,
      class_nodeids: leaves.nodes,
      class_ids: { ints: [0, 1, 0, 1] },
      class_weights: leaves.weights,
      classlabels_int64s: { ints: [7, 8] },
    },
    ['int64', 'float32'],
  ),
];

export const learningCases: OperatorCase[] = [...features, ...linear, ...supportVectors, ...ensembles];
