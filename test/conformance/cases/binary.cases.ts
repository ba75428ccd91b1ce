/** Arithmetic of two and more tensors, with broadcasting. */
import type { NumericType } from '@serving/client';
import type { OnnxAttribute } from '../../../examples/onnx-writer.js';
import { across, input, op, type OperatorCase } from '../case.js';
import { everything, floats, integers, isFloat, numbers } from '../element-types.js';
import { any, between, type Values } from '../values.js';

interface BinaryOptions {
  readonly variant?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Of the second operand. */
  readonly values?: Values;
}

function binary(
  operator: string,
  dtypes: readonly NumericType[],
  options: BinaryOptions = {},
): OperatorCase[] {
  const { values = any, ...rest } = options;
  return across(dtypes, (dtype) =>
    op(operator, dtype, { ...rest, inputs: [input(dtype, [5, 7]), input(dtype, [5, 7], values)] }),
  );
}

/** A row, a column and a scalar beside a matrix. */
function broadcast(operator: string, dtypes: readonly NumericType[]): OperatorCase[] {
  const shapes = { row: [7], column: [5, 1], scalar: [] };
  return across(dtypes, (dtype) =>
    Object.entries(shapes).map(([variant, shape]) =>
      op(operator, dtype, { variant, inputs: [input(dtype, shape), input(dtype, [5, 7])] }),
    ),
  );
}

/** A whole number divided by zero is an error, and the least one by -1 ends the process: a signal of the processor. */
const divisor: Values = (dtype, ...rest) =>
  isFloat(dtype) ? any(dtype, ...rest) : between(1, 11)(dtype, ...rest);

const arithmetic: OperatorCase[] = [
  ...binary('Add', numbers),
  ...broadcast('Add', numbers),
  ...binary('Sub', numbers),
  ...broadcast('Sub', numbers),
  ...binary('Mul', numbers),
  ...binary('Div', numbers, { values: divisor }),
  ...binary('Mod', integers, { values: divisor }),
  ...binary('Mod', numbers, { variant: 'fmod', values: divisor, attributes: { fmod: { int: 1 } } }),
  ...binary('PRelu', ['float16', 'float32']),
  ...binary('CastLike', everything),
  ...binary('BitShift', ['uint8', 'uint32', 'uint64'], {
    variant: 'left',
    values: between(0, 8),
    attributes: { direction: { string: 'LEFT' } },
  }),
  ...binary('BitShift', ['uint8', 'uint32', 'uint64'], {
    variant: 'right',
    values: between(0, 8),
    attributes: { direction: { string: 'RIGHT' } },
  }),
  ...binary('BitwiseAnd', integers),
  ...binary('BitwiseOr', integers),
  ...binary('BitwiseXor', integers),
];

/** Powers of any base with an exponent of any type. */
const powers: OperatorCase[] = [
  ...binary('Pow', [...floats, 'int32', 'int64'], { values: between(0, 4) }),
  ...across([...floats, 'int32', 'int64'], (dtype) =>
    op('Pow', dtype, {
      variant: 'float32',
      inputs: [input(dtype, [5, 7]), input('float32', [5, 7], between(0, 4))],
    }),
  ),
  ...across([...floats, 'int32', 'int64'], (dtype) =>
    op('Pow', dtype, {
      variant: 'square',
      inputs: [input(dtype, [5, 7]), input('int64', [], between(2, 3))],
    }),
  ),
];

function several(operator: string, dtypes: readonly NumericType[]): OperatorCase[] {
  return across(dtypes, (dtype) =>
    op(operator, dtype, { inputs: [input(dtype, [5, 7]), input(dtype, [7]), input(dtype, [5, 1])] }),
  );
}

const variadic: OperatorCase[] = [
  ...several('Sum', floats),
  ...several('Mean', ['float16', 'float32']),
  ...several('Min', [...floats, 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64']),
  ...several('Max', [...floats, 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64']),
];

const bias: OperatorCase[] = [
  ...across(['float16', 'float32'], (dtype) =>
    op('BiasGelu', dtype, { domain: 'com.microsoft', inputs: [input(dtype, [5, 7]), input(dtype, [7])] }),
  ),
];

export const binaryCases: OperatorCase[] = [...arithmetic, ...powers, ...variadic, ...bias];
