/** Operators that sort, search and select. */
import { across, constant, input, op, type OperatorCase } from '../case.js';
import { floats, signed, wideFloats } from '../element-types.js';
import { any, between, exactly } from '../values.js';

const orders: OperatorCase[] = [
  ...across([...floats, ...signed, 'uint8'], (dtype) => [
    op('TopK', dtype, {
      inputs: [input(dtype, [5, 7], any), input('int64', [1], exactly([3], [5]))],
      outputs: [dtype, 'int64'],
    }),
    op('TopK', dtype, {
      variant: 'smallest',
      inputs: [input(dtype, [5, 7], any), constant('int64', [1], exactly([2]))],
      outputs: [dtype, 'int64'],
      attributes: { axis: { int: 0 }, largest: { int: 0 } },
    }),
  ]),
  ...across([...floats, 'int8', 'int64'], (dtype) => [
    op('Unique', dtype, {
      inputs: [input(dtype, [35], between(0, 9))],
      outputs: [dtype, 'int64', 'int64', 'int64'],
    }),
    op('Unique', dtype, {
      variant: 'rows',
      inputs: [input(dtype, [9, 2], between(0, 2))],
      outputs: [dtype, 'int64', 'int64', 'int64'],
      attributes: { axis: { int: 0 }, sorted: { int: 0 } },
    }),
  ]),
  ...across(['float16', 'float32'], (dtype) =>
    op('Unique', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [35], between(0, 9))],
      outputs: [dtype, 'int64', 'int64'],
    }),
  ),
];

/** Boxes side by side, two of them over each other. */
const boxes = exactly(
  [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11, 0, 10.1, 1, 11.1],
  [0, 0, 2, 2, 5, 5, 6, 6, 0, 0.2, 2, 2.2, 5, 7, 6, 8],
);

const selections: OperatorCase[] = [
  ...across(['float32'], (dtype) =>
    op('NonMaxSuppression', dtype, {
      inputs: [
        input(dtype, [1, 4, 4], boxes),
        input(dtype, [1, 2, 4], between(0, 1)),
        constant('int64', [1], exactly([2])),
        constant('float32', [1], exactly([0.5])),
        constant('float32', [1], exactly([0])),
      ],
      outputs: ['int64'],
    }),
  ),
  ...across([...wideFloats, 'int32', 'int64', 'uint32', 'uint64'], (dtype) =>
    op('MurmurHash3', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [5, 3])],
      outputs: ['uint32'],
      attributes: { positive: { int: 1 } },
    }),
  ),
  ...across(['int64'], (dtype) =>
    op('NGramRepeatBlock', dtype, {
      domain: 'com.microsoft',
      inputs: [input(dtype, [1, 6], exactly([1, 2, 3, 1, 2, 3])), input('float32', [1, 5])],
      outputs: ['float32'],
      attributes: { ngram_size: { int: 3 } },
    }),
  ),
  ...across(['int64'], (dtype) =>
    op('BifurcationDetector', dtype, {
      domain: 'com.microsoft',
      inputs: [
        input(dtype, [5], exactly([1, 2, 3, 4, 5])),
        input(dtype, [4], exactly([2, 3, 4, 5])),
        constant('int64', [], exactly([0])),
      ],
      outputs: [dtype, dtype],
    }),
  ),
];

export const searchCases: OperatorCase[] = [...orders, ...selections];
