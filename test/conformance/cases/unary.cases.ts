/** Operators of one tensor that work element by element. */
import type { NumericType } from '@serving/client';
import { elementTypes, type OnnxAttribute } from '../../../examples/onnx-writer.js';
import { across, constant, input, op, type OperatorCase } from '../case.js';
import { everything, floats, integers, numbers, signed } from '../element-types.js';
import { exactly } from '../values.js';

interface UnaryOptions {
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly operatorSet?: number;
  readonly domain?: string;
  readonly variant?: string;
  readonly gives?: NumericType;
}

/** 35 elements: no multiple of what vector instructions take, and room for all that is special. */
function unary(
  operator: string,
  dtypes: readonly NumericType[],
  { gives, ...options }: UnaryOptions = {},
): OperatorCase[] {
  return across(dtypes, (dtype) =>
    op(operator, dtype, { inputs: [input(dtype, [5, 7])], outputs: [gives ?? dtype], ...options }),
  );
}

const rounding: OperatorCase[] = [
  ...unary('Abs', numbers),
  ...unary('Neg', [...floats, ...signed]),
  ...unary('Sign', numbers),
  ...unary('Ceil', floats),
  ...unary('Floor', floats),
  ...unary('Round', floats),
  ...unary('Identity', everything),
];

const analytic: OperatorCase[] = [
  ...unary('Sqrt', floats),
  ...unary('Reciprocal', floats),
  ...unary('Exp', floats),
  ...unary('Log', floats),
  ...unary('Erf', ['float16', 'float32']),
  ...unary('Sin', floats),
  ...unary('Cos', floats),
  ...unary('Tan', ['float16', 'float32']),
  ...unary('Asin', ['float16', 'float32']),
  ...unary('Acos', ['float16', 'float32']),
  ...unary('Atan', ['float16', 'float32']),
  ...unary('Sinh', ['float16', 'float32']),
  ...unary('Cosh', ['float16', 'float32']),
  ...unary('Tanh', floats),
  ...unary('Asinh', ['float16', 'float32']),
  ...unary('Acosh', ['float16', 'float32']),
  ...unary('Atanh', ['float16', 'float32']),
];

const alpha = (value: number) => ({ alpha: { float: value } });

const activations: OperatorCase[] = [
  ...unary('Sigmoid', floats),
  ...unary('HardSigmoid', ['float16', 'float32'], { attributes: { ...alpha(0.3), beta: { float: 0.4 } } }),
  ...unary('HardSwish', ['float16', 'float32']),
  ...unary('Softplus', ['float16', 'float32']),
  ...unary('Softsign', ['float16', 'float32']),
  ...unary('Relu', [...floats, 'int8', 'int32']),
  ...unary('LeakyRelu', ['float16', 'float32'], { attributes: alpha(0.1) }),
  ...unary('Elu', ['float16', 'float32'], { attributes: alpha(1.5) }),
  ...unary('Selu', ['float16', 'float32']),
  ...unary('Celu', ['float32'], { attributes: alpha(0.7) }),
  ...unary('ThresholdedRelu', ['float16', 'float32'], { attributes: alpha(1.5) }),
  ...unary('Mish', ['float16', 'float32']),
  ...unary('Swish', floats, { operatorSet: 24 }),
  ...unary('Gelu', ['float16', 'float32']),
  ...unary('Gelu', floats, { variant: 'tanh', attributes: { approximate: { string: 'tanh' } } }),
  ...unary('Gelu', ['float16', 'float32'], { domain: 'com.microsoft' }),
  ...unary('FastGelu', floats, { domain: 'com.microsoft' }),
  ...unary('QuickGelu', ['float16', 'float32'], { domain: 'com.microsoft', attributes: alpha(1.7) }),
  ...unary('Shrink', numbers, { attributes: { bias: { float: 0.5 }, lambd: { float: 2 } } }),
  ...unary('Affine', ['float16', 'float32'], {
    operatorSet: 7,
    attributes: { ...alpha(2), beta: { float: 1 } },
  }),
];

const tests: OperatorCase[] = [
  ...unary('IsNaN', floats, { gives: 'bool' }),
  ...unary('IsInf', floats, { gives: 'bool' }),
  ...unary('IsInf', floats, {
    gives: 'bool',
    variant: 'negative',
    attributes: { detect_positive: { int: 0 } },
  }),
  ...unary('Not', ['bool']),
  ...unary('BitwiseNot', integers),
];

const clips: OperatorCase[] = [
  ...across([...floats, 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64'], (dtype) =>
    op('Clip', dtype, {
      inputs: [input(dtype, [5, 7]), constant(dtype, [], exactly([1])), constant(dtype, [], exactly([6]))],
    }),
  ),
  ...across([...floats, 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64'], (dtype) =>
    op('Clip', dtype, {
      variant: 'sent_bound',
      inputs: [input(dtype, [5, 7]), undefined, input(dtype, [], exactly([3], [5]))],
    }),
  ),
];

/** Every type to every other one. */
const casts: OperatorCase[] = across(everything, (from) =>
  everything.map((to) =>
    op('Cast', from, {
      variant: to,
      inputs: [input(from, [5, 7])],
      outputs: [to],
      attributes: { to: { int: elementTypes[to] } },
    }),
  ),
);

export const unaryCases: OperatorCase[] = [
  ...rounding,
  ...analytic,
  ...activations,
  ...tests,
  ...clips,
  ...casts,
];
