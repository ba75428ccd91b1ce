/** Operators that pick elements out, put them elsewhere, or look up between them. */
import type { NumericType } from '@serving/client';
import { across, constant, input, op, type OperatorCase } from '../case.js';
import { everything, floats, integers, numbers, wideFloats } from '../element-types.js';
import { between, exactly, ordinary } from '../values.js';

const gathers: OperatorCase[] = [
  ...across(everything, (dtype) =>
    (['int32', 'int64'] as const).map((index) =>
      op('Gather', dtype, {
        variant: index,
        inputs: [input(dtype, [5, 3]), input(index, [2, 2], between(-5, 5))],
      }),
    ),
  ),
  ...across(everything, (dtype) =>
    op('GatherElements', dtype, {
      inputs: [input(dtype, [5, 3]), input('int64', [5, 2], between(-3, 3))],
      attributes: { axis: { int: 1 } },
    }),
  ),
  ...across(everything, (dtype) =>
    op('GatherND', dtype, { inputs: [input(dtype, [5, 3, 3]), input('int64', [4, 2], between(0, 3))] }),
  ),
  ...across(everything, (dtype) =>
    op('Compress', dtype, {
      inputs: [input(dtype, [3, 5]), input('bool', [3], exactly([1, 0, 1], [0, 1, 0]))],
      attributes: { axis: { int: 0 } },
    }),
  ),
  ...across(['float16', 'float32', 'int32', 'int64', 'uint8', 'bool'], (dtype) =>
    op('NonZero', dtype, { inputs: [input(dtype, [5, 7])], outputs: ['int64'] }),
  ),
  ...across([...wideFloats, 'int32', 'int64'], (dtype) =>
    op('ArrayFeatureExtractor', dtype, {
      domain: 'ai.onnx.ml',
      inputs: [input(dtype, [3, 5]), input('int64', [2], between(0, 5))],
    }),
  ),
];

/** Where several updates meet at one place, the order decides: the indices of overwriting ones are different. */
const scatters: OperatorCase[] = [
  ...across(everything, (dtype) =>
    op('Scatter', dtype, {
      operatorSet: 9,
      inputs: [
        input(dtype, [4, 3]),
        input('int64', [2, 3], exactly([0, 1, 2, 3, 2, 1], [3, 3, 0, 1, 0, 2])),
        input(dtype, [2, 3]),
      ],
    }),
  ),
  ...across(everything, (dtype) =>
    op('ScatterElements', dtype, {
      inputs: [
        input(dtype, [4, 3]),
        input('int64', [4, 2], exactly([0, 1, 2, 0, 1, -1, 0, 2])),
        input(dtype, [4, 2]),
      ],
      attributes: { axis: { int: 1 } },
    }),
  ),
  ...scatterReduction('add', [...wideFloats, ...integers, 'bool']),
  ...scatterReduction('mul', [...wideFloats, ...integers, 'bool']),
  ...scatterReduction('min', numbers),
  ...scatterReduction('max', numbers),
  ...across(everything, (dtype) =>
    op('ScatterND', dtype, {
      inputs: [input(dtype, [5, 3]), input('int64', [2, 1], exactly([0, 4], [2, 1])), input(dtype, [2, 3])],
    }),
  ),
  ...across([...wideFloats, ...integers, 'bool'], (dtype) =>
    op('ScatterND', dtype, {
      variant: 'add',
      inputs: [
        input(dtype, [5, 3], ordinary),
        input('int64', [2, 1], exactly([1, 1], [2, 0])),
        input(dtype, [2, 3], ordinary),
      ],
      attributes: { reduction: { string: 'add' } },
    }),
  ),
  ...across(everything, (dtype) =>
    op('TensorScatter', dtype, {
      operatorSet: 24,
      inputs: [
        input(dtype, [2, 4, 3]),
        input(dtype, [2, 1, 3]),
        input('int64', [2], exactly([0, 3], [1, 2])),
      ],
    }),
  ),
];

function scatterReduction(reduction: string, dtypes: readonly NumericType[]): OperatorCase[] {
  return across(dtypes, (dtype) =>
    op('ScatterElements', dtype, {
      variant: reduction,
      inputs: [
        input(dtype, [4, 3], ordinary),
        input('int64', [4, 2], between(0, 3)),
        input(dtype, [4, 2], ordinary),
      ],
      attributes: { axis: { int: 1 }, reduction: { string: reduction } },
    }),
  );
}

const oneHots: OperatorCase[] = across(['float16', 'float32', 'int64'], (dtype) =>
  op('OneHot', dtype, {
    inputs: [
      input('int64', [5], between(-4, 4)),
      constant('int64', [], exactly([4])),
      input(dtype, [2], exactly([0, 1], [1, 3])),
    ],
  }),
);

const resizes: OperatorCase[] = [
  ...across(['float16', 'float32', 'int8', 'int32', 'uint8'], (dtype) =>
    op('Resize', dtype, {
      inputs: [
        input(dtype, [1, 2, 3, 5], ordinary),
        undefined,
        constant('float32', [4], exactly([1, 1, 2, 1.5])),
      ],
      attributes: { mode: { string: 'nearest' } },
    }),
  ),
  ...across(['float16', 'float32', 'int8', 'int32', 'uint8'], (dtype) =>
    op('Resize', dtype, {
      variant: 'linear',
      inputs: [
        input(dtype, [1, 2, 3, 5], ordinary),
        undefined,
        undefined,
        constant('int64', [4], exactly([1, 2, 7, 4])),
      ],
      attributes: { mode: { string: 'linear' }, coordinate_transformation_mode: { string: 'align_corners' } },
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('Resize', dtype, {
      variant: 'cubic',
      inputs: [
        input(dtype, [1, 1, 5, 5], ordinary),
        undefined,
        undefined,
        input('int64', [4], exactly([1, 1, 7, 3], [1, 1, 4, 9])),
      ],
      attributes: { mode: { string: 'cubic' }, cubic_coeff_a: { float: -0.5 } },
    }),
  ),
  ...across(['float16', 'float32', 'int8', 'int32', 'uint8'], (dtype) =>
    op('Resize', dtype, {
      variant: 'antialias',
      inputs: [
        input(dtype, [1, 1, 6, 6], ordinary),
        undefined,
        undefined,
        constant('int64', [4], exactly([1, 1, 4, 3])),
      ],
      attributes: { mode: { string: 'linear' }, antialias: { int: 1 } },
    }),
  ),
  ...across(['float16', 'float32', 'int8', 'int32', 'uint8'], (dtype) =>
    op('Upsample', dtype, {
      operatorSet: 9,
      inputs: [input(dtype, [1, 2, 3, 5], ordinary), constant('float32', [4], exactly([1, 1, 2, 3]))],
      attributes: { mode: { string: 'nearest' } },
    }),
  ),
  ...across(floats, (dtype) =>
    ['linear', 'nearest', 'cubic'].map((mode) =>
      op('GridSample', dtype, {
        variant: mode,
        inputs: [input(dtype, [1, 2, 4, 5], ordinary), input(dtype, [1, 3, 3, 2], between(-1.2, 1.2))],
        attributes: { mode: { string: mode }, padding_mode: { string: 'reflection' } },
      }),
    ),
  ),
  ...across(floats, (dtype) =>
    op('AffineGrid', dtype, {
      inputs: [input(dtype, [1, 2, 3], ordinary), input('int64', [4], exactly([1, 1, 3, 4], [1, 2, 2, 5]))],
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('Col2Im', dtype, {
      inputs: [
        input(dtype, [1, 4, 6], ordinary),
        constant('int64', [2], exactly([3, 4])),
        constant('int64', [2], exactly([2, 2])),
      ],
    }),
  ),
  ...across(floats, (dtype) =>
    op('RoiAlign', dtype, {
      inputs: [
        input(dtype, [1, 2, 6, 6], ordinary),
        input(dtype, [2, 4], exactly([0, 0, 3, 4, 1, 1, 5, 5], [1, 0, 4, 2, 0, 2, 5, 4])),
        constant('int64', [2], exactly([0, 0])),
      ],
      attributes: { output_height: { int: 2 }, output_width: { int: 3 }, sampling_ratio: { int: 2 } },
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('CropAndResize', dtype, {
      domain: 'com.microsoft',
      inputs: [
        input(dtype, [1, 2, 6, 6], ordinary),
        input(dtype, [1, 4], exactly([0, 0.25, 0.5, 1], [0.25, 0, 1, 0.5])),
        constant('int32', [1], exactly([0])),
        constant('int32', [2], exactly([3, 2])),
      ],
    }),
  ),
];

export const movementCases: OperatorCase[] = [...gathers, ...scatters, ...oneHots, ...resizes];
