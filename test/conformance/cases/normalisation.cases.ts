/** Operators that bring values into a range: normalisation, softmax and the losses made of it. */
import type { NumericType } from '@serving/client';
import type { OnnxAttribute } from '../../../examples/onnx-writer.js';
import { across, constant, input, op, type Operand, type OperatorCase } from '../case.js';
import { floats } from '../element-types.js';
import { between, ordinary } from '../values.js';

interface Options {
  readonly domain?: string;
  readonly operatorSet?: number;
  readonly variant?: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** Of pictures with four channels; `parameters` are per channel. */
function normalisation(
  operator: string,
  dtypes: readonly NumericType[],
  parameters: (dtype: NumericType) => readonly Operand[],
  options: Options = {},
): OperatorCase[] {
  return across(dtypes, (dtype) =>
    op(operator, dtype, { ...options, inputs: [input(dtype, [2, 4, 3, 3], ordinary), ...parameters(dtype)] }),
  );
}

const weights = (dtype: NumericType, size = 4) => constant(dtype, [size], ordinary);
const variances = (dtype: NumericType) => constant(dtype, [4], between(1, 5));

const batchStatistics: OperatorCase[] = [
  ...normalisation('BatchNormalization', floats, (T) => [weights(T), weights(T), weights(T), variances(T)]),
  ...normalisation('InstanceNormalization', ['float16', 'float32'], (T) => [weights(T), weights(T)]),
  ...normalisation('GroupNormalization', floats, (T) => [weights(T), weights(T)], {
    attributes: { num_groups: { int: 2 } },
  }),
  ...normalisation('LRN', ['float16', 'float32'], () => [], { attributes: { size: { int: 3 } } }),
  ...normalisation('MeanVarianceNormalization', ['float16', 'float32'], () => []),
  ...normalisation('LpNormalization', floats, () => [], { attributes: { axis: { int: 1 }, p: { int: 2 } } }),
  ...normalisation('LpNormalization', floats, () => [], {
    variant: 'sum',
    attributes: { axis: { int: 1 }, p: { int: 1 } },
  }),
];

const layers: OperatorCase[] = [
  ...across(floats, (dtype) => [
    op('LayerNormalization', dtype, {
      inputs: [input(dtype, [3, 7], ordinary), weights(dtype, 7), weights(dtype, 7)],
    }),
    op('LayerNormalization', dtype, {
      variant: 'no_bias',
      inputs: [input(dtype, [3, 7], ordinary), input(dtype, [7], ordinary)],
    }),
  ]),
  ...across(floats, (dtype) =>
    op('RMSNormalization', dtype, {
      operatorSet: 23,
      inputs: [input(dtype, [3, 7], ordinary), weights(dtype, 7)],
    }),
  ),
  ...across(floats, (dtype) =>
    op('SimplifiedLayerNormalization', dtype, {
      inputs: [input(dtype, [3, 7], ordinary), weights(dtype, 7)],
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('SkipLayerNormalization', dtype, {
      domain: 'com.microsoft',
      inputs: [
        input(dtype, [1, 3, 8], ordinary),
        input(dtype, [1, 3, 8], ordinary),
        weights(dtype, 8),
        weights(dtype, 8),
        weights(dtype, 8),
      ],
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('SkipSimplifiedLayerNormalization', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [1, 3, 8], ordinary), input(dtype, [1, 3, 8], ordinary), weights(dtype, 8)],
    }),
  ),
];

function softmax(operator: string, dtypes: readonly NumericType[]): OperatorCase[] {
  return across(dtypes, (dtype) => [
    op(operator, dtype, { inputs: [input(dtype, [5, 7])] }),
    op(operator, dtype, {
      variant: 'first',
      inputs: [input(dtype, [5, 7], ordinary)],
      attributes: { axis: { int: 0 } },
    }),
    op(operator, dtype, {
      variant: 'set11',
      operatorSet: 11,
      inputs: [input(dtype, [2, 3, 5], ordinary)],
      attributes: { axis: { int: 1 } },
    }),
  ]);
}

function loss(operator: string, dtypes: readonly NumericType[]): OperatorCase[] {
  return across(dtypes, (dtype) =>
    ['none', 'mean', 'sum'].map((reduction) =>
      op(operator, dtype, {
        variant: reduction,
        inputs: [
          input(dtype, [3, 5], ordinary),
          input('int64', [3], between(0, 5)),
          input(dtype, [5], between(1, 3)),
        ],
        attributes: { reduction: { string: reduction } },
      }),
    ),
  );
}

const scores: OperatorCase[] = [
  ...softmax('Softmax', floats),
  ...softmax('LogSoftmax', floats),
  ...softmax('Hardmax', ['float16', 'float32']),
  ...loss('NegativeLogLikelihoodLoss', floats),
  ...loss('SoftmaxCrossEntropyLoss', floats),
  ...across(floats, (dtype) => [
    op('Dropout', dtype, { inputs: [input(dtype, [5, 7])] }),
    op('Dropout', dtype, { variant: 'mask', inputs: [input(dtype, [5, 7])], outputs: [dtype, 'bool'] }),
  ]),
];

export const normalisationCases: OperatorCase[] = [...batchStatistics, ...layers, ...scores];
