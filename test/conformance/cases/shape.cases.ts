/** Operators that change shapes and nothing else. */
import { across, constant, graph, input, op, type OperatorCase } from '../case.js';
import { everything, floats, wideFloats } from '../element-types.js';
import { elements, exactly } from '../values.js';

const indices = (...values: number[]) => constant('int64', [values.length], exactly(values));

const views: OperatorCase[] = [
  ...across(everything, (dtype) => [
    op('Reshape', dtype, { inputs: [input(dtype, [5, 6]), indices(3, -1)] }),
    op('Reshape', dtype, {
      variant: 'sent_shape',
      inputs: [input(dtype, [5, 6]), input('int64', [2], exactly([10, 3], [2, 15]))],
    }),
  ]),
  ...across(everything, (dtype) =>
    op('Flatten', dtype, { inputs: [input(dtype, [2, 3, 5])], attributes: { axis: { int: 2 } } }),
  ),
  ...across(everything, (dtype) =>
    op('Squeeze', dtype, { inputs: [input(dtype, [1, 5, 1, 3]), indices(0, 2)] }),
  ),
  ...across(everything, (dtype) => [
    op('Squeeze', dtype, { variant: 'to_scalar', inputs: [input(dtype, [1, 1])] }),
    op('Squeeze', dtype, { variant: 'no_elements', inputs: [input(dtype, [1, 5, 0]), indices(0)] }),
  ]),
  ...across(everything, (dtype) => [
    op('Unsqueeze', dtype, { inputs: [input(dtype, [5, 3]), indices(0, -1)] }),
    op('Unsqueeze', dtype, { variant: 'scalar', inputs: [input(dtype, []), indices(0)] }),
  ]),
  ...across(everything, (dtype) =>
    op('Shape', dtype, { inputs: [input(dtype, [5, 3], undefined, [2, 7])], outputs: ['int64'] }),
  ),
  ...across(everything, (dtype) =>
    op('Shape', dtype, {
      variant: 'part',
      inputs: [input(dtype, [5, 3, 2])],
      outputs: ['int64'],
      attributes: { start: { int: 1 }, end: { int: -1 } },
    }),
  ),
  ...across(everything, (dtype) =>
    op('Size', dtype, { inputs: [input(dtype, [5, 3], undefined, [2, 7])], outputs: ['int64'] }),
  ),
];

const orders: OperatorCase[] = [
  ...across(everything, (dtype) => [
    op('Transpose', dtype, { inputs: [input(dtype, [3, 7], undefined, [5, 2])] }),
    op('Transpose', dtype, {
      variant: 'four',
      inputs: [input(dtype, [2, 3, 5, 1])],
      attributes: { perm: { ints: [3, 1, 0, 2] } },
    }),
  ]),
  ...across([...floats, 'int8', 'uint8'], (dtype) =>
    op('DepthToSpace', dtype, {
      inputs: [input(dtype, [1, 8, 3, 2])],
      attributes: { blocksize: { int: 2 } },
    }),
  ),
  ...across([...floats, 'int8', 'uint8'], (dtype) =>
    op('DepthToSpace', dtype, {
      variant: 'CRD',
      inputs: [input(dtype, [1, 8, 3, 2])],
      attributes: { blocksize: { int: 2 }, mode: { string: 'CRD' } },
    }),
  ),
  ...across([...floats, 'int8', 'uint8'], (dtype) =>
    op('SpaceToDepth', dtype, {
      inputs: [input(dtype, [1, 2, 4, 6])],
      attributes: { blocksize: { int: 2 } },
    }),
  ),
  ...across(everything, (dtype) =>
    op('ReverseSequence', dtype, {
      inputs: [input(dtype, [5, 3]), input('int64', [3], exactly([1, 5, 3], [2, 4, 1]))],
      attributes: { batch_axis: { int: 1 }, time_axis: { int: 0 } },
    }),
  ),
];

const joins: OperatorCase[] = [
  ...across(everything, (dtype) => [
    op('Concat', dtype, {
      inputs: [input(dtype, [3, 5]), input(dtype, [3, 2])],
      attributes: { axis: { int: -1 } },
    }),
    op('Concat', dtype, {
      variant: 'no_elements',
      inputs: [input(dtype, [2, 0]), input(dtype, [2, 0])],
      attributes: { axis: { int: 0 } },
    }),
  ]),
  ...across(everything, (dtype) => [
    op('Split', dtype, {
      inputs: [input(dtype, [7, 3]), indices(2, 4, 1)],
      outputs: [dtype, dtype, dtype],
      attributes: { axis: { int: 0 } },
    }),
    op('Split', dtype, {
      variant: 'uneven',
      inputs: [input(dtype, [3, 7])],
      outputs: [dtype, dtype],
      attributes: { axis: { int: 1 }, num_outputs: { int: 2 } },
    }),
  ]),
  ...across(everything, (dtype) =>
    op('Expand', dtype, { inputs: [input(dtype, [3, 1]), input('int64', [2], exactly([1, 4], [3, 5]))] }),
  ),
  ...across(everything, (dtype) =>
    op('Tile', dtype, { inputs: [input(dtype, [3, 2]), input('int64', [2], exactly([2, 1], [1, 3]))] }),
  ),
];

const cuts: OperatorCase[] = [
  ...across(everything, (dtype) => [
    op('Slice', dtype, {
      inputs: [input(dtype, [5, 7]), indices(1, 6), indices(5, 0), indices(0, 1), indices(2, -3)],
    }),
    op('Slice', dtype, {
      variant: 'sent_bounds',
      inputs: [
        input(dtype, [5, 7]),
        input('int32', [1], exactly([0], [2])),
        input('int32', [1], exactly([3], [4])),
      ],
    }),
    op('Slice', dtype, {
      variant: 'no_elements',
      inputs: [input(dtype, [5, 7]), indices(3), indices(3), indices(1)],
    }),
  ]),
  ...across([...floats, 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64', 'bool'], (dtype) =>
    op('Pad', dtype, {
      inputs: [input(dtype, [3, 5]), indices(1, 0, 2, 3), constant(dtype, [], exactly([1]))],
    }),
  ),
  ...across([...floats, 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64', 'bool'], (dtype) =>
    ['reflect', 'edge', 'wrap'].map((mode) =>
      op('Pad', dtype, {
        variant: mode,
        inputs: [input(dtype, [3, 5]), indices(1, 2, 0, 1)],
        attributes: { mode: { string: mode } },
      }),
    ),
  ),
  ...across([...floats, 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64', 'bool'], (dtype) =>
    op('CenterCropPad', dtype, {
      inputs: [input(dtype, [5, 4]), input('int64', [2], exactly([3, 6], [7, 2]))],
    }),
  ),
  ...across([...floats, 'int32', 'int64', 'bool'], (dtype) => [
    op('Trilu', dtype, { inputs: [input(dtype, [5, 7]), input('int64', [], exactly([1], [-2]))] }),
    op('Trilu', dtype, {
      variant: 'lower',
      inputs: [input(dtype, [2, 5, 5])],
      attributes: { upper: { int: 0 } },
    }),
  ]),
];

const made: OperatorCase[] = [
  ...across(everything, (dtype) =>
    op('ConstantOfShape', dtype, {
      inputs: [input('int64', [2], exactly([2, 3], [3, 1]))],
      attributes: { value: { tensor: { name: 'value', dtype, shape: [1], data: elements(dtype, [1]) } } },
    }),
  ),
  ...across([...floats, 'int32', 'int64', 'uint64'], (dtype) =>
    op('EyeLike', dtype, { inputs: [input(dtype, [4, 5])], attributes: { k: { int: 1 } } }),
  ),
  ...across([...wideFloats, 'int16', 'int32', 'int64'], (dtype) =>
    op('Range', dtype, {
      inputs: [
        input(dtype, [], exactly([1], [0])),
        input(dtype, [], exactly([10], [7])),
        constant(dtype, [], exactly([3])),
      ],
    }),
  ),
  ...across(everything, (dtype) =>
    graph('Constant', dtype, {
      inputs: [input(dtype, [2, 3])],
      nodes: [
        {
          operator: 'Constant',
          inputs: [],
          outputs: ['c'],
          attributes: {
            value: { tensor: { name: 'value', dtype, shape: [1, 3], data: elements(dtype, [0, 1, 2]) } },
          },
        },
        { operator: 'Concat', inputs: ['x0', 'c'], outputs: ['y0'], attributes: { axis: { int: 0 } } },
      ],
    }),
  ),
];

export const shapeCases: OperatorCase[] = [...views, ...orders, ...joins, ...cuts, ...made];
