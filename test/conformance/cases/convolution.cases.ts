/** Convolutions and pooling. */
import type { NumericType } from '@serving/client';
import type { OnnxAttribute } from '../../../examples/onnx-writer.js';
import { across, constant, input, op, type OperatorCase } from '../case.js';
import { floats } from '../element-types.js';
import { any, exactly, ordinary } from '../values.js';

type Attributes = Readonly<Record<string, OnnxAttribute>>;

const kernel = (...sizes: number[]): Attributes => ({ kernel_shape: { ints: sizes } });
const ones = (...values: number[]) => ({ ints: values });

const convolutions: OperatorCase[] = [
  ...across(['float16', 'float32'], (dtype) => [
    op('Conv', dtype, {
      inputs: [
        input(dtype, [1, 3, 7, 6], ordinary),
        constant(dtype, [4, 3, 3, 3], ordinary),
        constant(dtype, [4], ordinary),
      ],
      attributes: { pads: ones(1, 1, 1, 1), strides: ones(2, 1) },
    }),
    op('Conv', dtype, {
      variant: 'depthwise',
      inputs: [input(dtype, [1, 4, 5, 5], ordinary), constant(dtype, [4, 1, 3, 3], ordinary)],
      attributes: { group: { int: 4 }, dilations: ones(2, 1) },
    }),
    op('Conv', dtype, {
      variant: 'one_dimension',
      inputs: [input(dtype, [2, 3, 11], ordinary), input(dtype, [2, 3, 4], ordinary)],
      attributes: { auto_pad: { string: 'SAME_UPPER' } },
    }),
    op('Conv', dtype, {
      variant: 'three_dimensions',
      inputs: [input(dtype, [1, 2, 4, 3, 5], ordinary), constant(dtype, [2, 2, 2, 2, 2], ordinary)],
    }),
    op('Conv', dtype, {
      variant: 'pointwise',
      inputs: [
        input(dtype, [1, 16, 5, 5], ordinary, [1, 16, 3, 7]),
        constant(dtype, [16, 16, 1, 1], ordinary),
      ],
    }),
  ]),
  ...across(['float16', 'float32'], (dtype) => [
    op('ConvTranspose', dtype, {
      inputs: [
        input(dtype, [1, 3, 4, 5], ordinary),
        constant(dtype, [3, 2, 3, 3], ordinary),
        constant(dtype, [2], ordinary),
      ],
      attributes: { strides: ones(2, 2), output_padding: ones(1, 0) },
    }),
    op('ConvTranspose', dtype, {
      variant: 'groups',
      inputs: [input(dtype, [1, 4, 6], ordinary), constant(dtype, [4, 1, 3], ordinary)],
      attributes: { group: { int: 2 }, pads: ones(1, 1) },
    }),
  ]),
  ...across(floats, (dtype) =>
    op('DeformConv', dtype, {
      inputs: [
        input(dtype, [1, 2, 5, 5], ordinary),
        constant(dtype, [3, 2, 3, 3], ordinary),
        input(dtype, [1, 18, 3, 3], ordinary),
        constant(dtype, [3], ordinary),
      ],
      attributes: kernel(3, 3),
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('FusedConv', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [1, 3, 7, 6], ordinary), constant(dtype, [4, 3, 3, 3], ordinary)],
      attributes: { activation: { string: 'Relu' } },
    }),
  ),
];

function pool(
  operator: string,
  dtypes: readonly NumericType[],
  variants: Readonly<Record<string, Attributes>>,
  domain?: string,
): OperatorCase[] {
  return across(dtypes, (dtype) =>
    Object.entries(variants).map(([variant, attributes]) =>
      op(operator, dtype, {
        variant,
        ...(domain === undefined ? {} : { domain }),
        inputs: [input(dtype, [1, 3, 7, 6], any)],
        attributes,
      }),
    ),
  );
}

const global = { whole: {} };

const pools: OperatorCase[] = [
  ...pool('MaxPool', [...floats, 'int8', 'uint8'], {
    plain: { ...kernel(3, 2), strides: ones(2, 2) },
    ceil: { ...kernel(3, 3), ceil_mode: { int: 1 }, dilations: ones(2, 1), pads: ones(1, 1, 1, 1) },
  }),
  ...across([...floats, 'int8', 'uint8'], (dtype) =>
    op('MaxPool', dtype, {
      variant: 'indices',
      inputs: [input(dtype, [1, 2, 5, 6], ordinary)],
      outputs: [dtype, 'int64'],
      attributes: kernel(2, 2),
    }),
  ),
  ...pool('AveragePool', ['float16', 'float32'], {
    plain: { ...kernel(3, 2), strides: ones(2, 1) },
    padded: { ...kernel(3, 3), pads: ones(1, 1, 1, 1), count_include_pad: { int: 1 }, dilations: ones(1, 2) },
  }),
  ...pool('LpPool', ['float16', 'float32'], {
    one: { ...kernel(2, 2), p: { int: 1 } },
    three: { ...kernel(3, 2), p: { int: 3 } },
  }),
  ...pool('GlobalMaxPool', ['float16', 'float32'], global),
  ...pool('GlobalAveragePool', ['float16', 'float32'], global),
  ...pool('GlobalLpPool', ['float16', 'float32'], global),
  ...across(['float16', 'float32'], (dtype) =>
    op('MaxUnpool', dtype, {
      inputs: [
        input(dtype, [1, 1, 2, 2], ordinary),
        input('int64', [1, 1, 2, 2], exactly([0, 3, 9, 15], [5, 2, 8, 14])),
      ],
      attributes: { ...kernel(2, 2), strides: ones(2, 2) },
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('MaxRoiPool', dtype, {
      inputs: [
        input(dtype, [1, 2, 6, 6], ordinary),
        input(dtype, [2, 5], exactly([0, 0, 0, 3, 4, 0, 1, 1, 5, 5])),
      ],
      attributes: { pooled_shape: ones(2, 2) },
    }),
  ),
  ...across(['float32'], (dtype) =>
    op('MaxpoolWithMask', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [1, 2, 5, 6], ordinary), input('int32', [1, 2, 5, 6], ordinary)],
      attributes: kernel(2, 2),
    }),
  ),
];

export const convolutionCases: OperatorCase[] = [...convolutions, ...pools];
