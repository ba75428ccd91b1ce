/** Operators that make one number of many. */
import type { NumericType } from '@serving/client';
import { across, constant, input, op, type OperatorCase } from '../case.js';
import { floats } from '../element-types.js';
import { any, exactly, ordinary, type Values } from '../values.js';

/** Over the last axis, over the first, over all: each has code of its own in onnxruntime. */
function reduction(
  operator: string,
  dtypes: readonly NumericType[],
  values: Values = ordinary,
): OperatorCase[] {
  const axes = { last: [1], first: [0], inner: [1, 2] };
  return across(dtypes, (dtype) => [
    ...Object.entries(axes).map(([variant, over]) =>
      op(operator, dtype, {
        variant,
        inputs: [input(dtype, [3, 5, 7], values), constant('int64', [over.length], exactly(over))],
        attributes: { keepdims: { int: 0 } },
      }),
    ),
    op(operator, dtype, { variant: 'all', inputs: [input(dtype, [5, 7], values)] }),
  ]);
}

const reductions: OperatorCase[] = [
  ...reduction('ReduceSum', [...floats, 'int32', 'int64']),
  ...reduction('ReduceMean', [...floats, 'int32', 'int64']),
  ...reduction('ReduceProd', [...floats, 'int32', 'int64']),
  ...reduction('ReduceMax', [...floats, 'int8', 'int32', 'int64', 'uint8', 'bool'], any),
  ...reduction('ReduceMin', [...floats, 'int8', 'int32', 'int64', 'uint8', 'bool'], any),
  ...reduction('ReduceL1', [...floats, 'int32', 'int64']),
  ...reduction('ReduceL2', [...floats, 'int32', 'int64']),
  ...reduction('ReduceLogSum', [...floats, 'int32', 'int64']),
  ...reduction('ReduceLogSumExp', [...floats, 'int32', 'int64']),
  ...reduction('ReduceSumSquare', [...floats, 'int32', 'int64']),
];

/** Before operator set 18 axes are attributes. */
const older: OperatorCase[] = across([...floats, 'int32', 'int64'], (dtype) =>
  op('ReduceMean', dtype, {
    variant: 'set13',
    operatorSet: 13,
    inputs: [input(dtype, [5, 7], ordinary)],
    attributes: { axes: { ints: [-1] }, keepdims: { int: 1 } },
  }),
);

function position(operator: string, dtypes: readonly NumericType[]): OperatorCase[] {
  return across(dtypes, (dtype) => [
    op(operator, dtype, {
      inputs: [input(dtype, [5, 7], any)],
      outputs: ['int64'],
      attributes: { axis: { int: 1 } },
    }),
    op(operator, dtype, {
      variant: 'last_index',
      inputs: [input(dtype, [5, 7], any)],
      outputs: ['int64'],
      attributes: { axis: { int: 0 }, select_last_index: { int: 1 }, keepdims: { int: 0 } },
    }),
  ]);
}

const running: OperatorCase[] = [
  ...across([...floats, 'int32', 'int64'], (dtype) => [
    op('CumSum', dtype, { inputs: [input(dtype, [5, 7], ordinary), input('int64', [], exactly([1], [0]))] }),
    op('CumSum', dtype, {
      variant: 'exclusive_reverse',
      inputs: [input(dtype, [5, 7], ordinary), constant('int32', [], exactly([0]))],
      attributes: { exclusive: { int: 1 }, reverse: { int: 1 } },
    }),
  ]),
];

export const reductionCases: OperatorCase[] = [
  ...reductions,
  ...older,
  ...position('ArgMax', [...floats, 'int8', 'int32', 'int64', 'uint8']),
  ...position('ArgMin', [...floats, 'int8', 'int32', 'int64', 'uint8']),
  ...running,
];
