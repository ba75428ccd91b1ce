/** Products of matrices, attention, and what else is made of them. */
import type { NumericType } from '@serving/client';
import { across, constant, input, op, type OperatorCase } from '../case.js';
import { floats, wideFloats } from '../element-types.js';
import { between, exactly, ordinary } from '../values.js';

const einsumShapes = {
  product: [
    [5, 7],
    [7, 3],
  ],
  trace: [[5, 5]],
  sum: [
    [5, 7],
    [3, 7],
  ],
  batch: [
    [2, 3, 5],
    [2, 5, 4],
  ],
};

const products: OperatorCase[] = [
  ...across([...floats, 'int32', 'int64', 'uint32', 'uint64'], (dtype) => [
    op('MatMul', dtype, { inputs: [input(dtype, [5, 7], ordinary), input(dtype, [7, 3], ordinary)] }),
    op('MatMul', dtype, {
      variant: 'weights',
      inputs: [input(dtype, [17, 33], ordinary), constant(dtype, [33, 19], ordinary)],
    }),
    op('MatMul', dtype, {
      variant: 'stacked',
      inputs: [input(dtype, [2, 1, 3, 5], ordinary), input(dtype, [3, 5, 2], ordinary)],
    }),
    op('MatMul', dtype, {
      variant: 'vectors',
      inputs: [input(dtype, [7], ordinary), input(dtype, [7], ordinary)],
    }),
  ]),
  ...across(floats, (dtype) => [
    op('Gemm', dtype, {
      inputs: [
        input(dtype, [5, 7], ordinary),
        constant(dtype, [7, 3], ordinary),
        constant(dtype, [3], ordinary),
      ],
      attributes: { alpha: { float: 0.5 }, beta: { float: 2 } },
    }),
    op('Gemm', dtype, {
      variant: 'transposed',
      inputs: [input(dtype, [7, 5], ordinary), input(dtype, [3, 7], ordinary)],
      attributes: { transA: { int: 1 }, transB: { int: 1 } },
    }),
  ]),
  ...across([...floats, 'int32', 'int64'], (dtype) =>
    Object.entries({ product: 'ij,jk->ik', trace: 'ii->i', sum: 'ij,kj->', batch: 'bij,bjk->bik' }).map(
      ([variant, equation]) =>
        op('Einsum', dtype, {
          variant,
          inputs: einsumShapes[variant as keyof typeof einsumShapes].map((shape) =>
            input(dtype, shape, ordinary),
          ),
          attributes: { equation: { string: equation } },
        }),
    ),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('Det', dtype, { inputs: [input(dtype, [2, 3, 3], ordinary)] }),
  ),
  ...across(floats, (dtype) =>
    op('Inverse', dtype, { domain: 'com.microsoft', inputs: [input(dtype, [3, 3], ordinary)] }),
  ),
];

const fused: OperatorCase[] = [
  ...across(floats, (dtype) =>
    op('FusedMatMul', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [7, 5], ordinary), input(dtype, [7, 3], ordinary)],
      attributes: { transA: { int: 1 }, alpha: { float: 0.5 } },
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('TransposeMatMul', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [7, 5], ordinary), input(dtype, [7, 3], ordinary)],
      attributes: { transA: { int: 1 } },
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('FusedGemm', dtype, {
      domain: 'com.microsoft',
      inputs: [
        input(dtype, [5, 7], ordinary),
        constant(dtype, [7, 3], ordinary),
        constant(dtype, [3], ordinary),
      ],
      attributes: { activation: { string: 'LeakyRelu' }, activation_alpha: { float: 0.2 } },
    }),
  ),
  ...across(wideFloats, (dtype) =>
    op('CDist', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [5, 7], ordinary), input(dtype, [3, 7], ordinary)],
      attributes: { metric: { string: 'euclidean' } },
    }),
  ),
];

/** Two heads of four. */
const attention: OperatorCase[] = [
  ...across(floats, (dtype) => [
    op('Attention', dtype, {
      operatorSet: 23,
      inputs: [heads(dtype, 3), heads(dtype, 5), heads(dtype, 5)],
    }),
    op('Attention', dtype, {
      operatorSet: 23,
      variant: 'causal',
      inputs: [heads(dtype, 3), heads(dtype, 3), heads(dtype, 3)],
      attributes: { is_causal: { int: 1 }, scale: { float: 0.25 } },
    }),
  ]),
  ...across(['float16', 'float32'], (dtype) =>
    op('RotaryEmbedding', dtype, {
      operatorSet: 23,
      inputs: [
        heads(dtype, 3),
        constant(dtype, [8, 2], ordinary),
        constant(dtype, [8, 2], ordinary),
        input('int64', [1, 3], between(0, 8)),
      ],
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('RotaryEmbedding', dtype, {
      domain: 'com.microsoft',
      inputs: [
        heads(dtype, 3),
        input('int64', [1], between(0, 5)),
        constant(dtype, [8, 2], ordinary),
        constant(dtype, [8, 2], ordinary),
      ],
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('MultiHeadAttention', dtype, {
      domain: 'com.microsoft',
      inputs: [
        input(dtype, [1, 3, 8], ordinary),
        input(dtype, [1, 5, 8], ordinary),
        input(dtype, [1, 5, 8], ordinary),
      ],
      attributes: { num_heads: { int: 2 } },
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('Attention', dtype, {
      domain: 'com.microsoft',
      inputs: [
        input(dtype, [1, 3, 8], ordinary),
        constant(dtype, [8, 24], ordinary),
        constant(dtype, [24], ordinary),
      ],
      attributes: { num_heads: { int: 2 } },
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('GroupQueryAttention', dtype, {
      domain: 'com.microsoft',
      inputs: [
        input(dtype, [1, 3, 16], ordinary),
        input(dtype, [1, 3, 8], ordinary),
        input(dtype, [1, 3, 8], ordinary),
        undefined,
        undefined,
        constant('int32', [1], exactly([2])),
        constant('int32', [1], exactly([3])),
      ],
      outputs: [dtype, dtype, dtype],
      attributes: { num_heads: { int: 2 }, kv_num_heads: { int: 1 } },
    }),
  ),
];

function heads(dtype: NumericType, length: number) {
  return input(dtype, [1, 2, length, 4], ordinary);
}

export const matrixCases: OperatorCase[] = [...products, ...fused, ...attention];
