/** Operators on numbers of eight and sixteen bits that stand for real ones. */
import type { NumericType } from '@serving/client';
import type { OnnxAttribute } from '../../../examples/onnx-writer.js';
import { across, constant, input, op, type Operand, type OperatorCase } from '../case.js';
import { any, between, exactly, ordinary } from '../values.js';

const microsoft = 'com.microsoft';
const scale = (value = 0.25) => constant('float32', [], exactly([value]));
const zeroPoint = (dtype: NumericType, value = 3) => constant(dtype, [], exactly([value]));
/** What a quantised tensor comes with. */
const meaning = (dtype: NumericType, value?: number): Operand[] => [scale(value), zeroPoint(dtype)];

/** Signed numbers are multiplied with signed ones only. */
function weightTypes(dtype: NumericType): readonly NumericType[] {
  return dtype === 'int8' ? ['int8'] : ['int8', 'uint8'];
}

const conversions: OperatorCase[] = [
  ...across(['int8', 'int16', 'uint8', 'uint16'], (dtype) =>
    (['float16', 'float32'] as const).map((from) =>
      op('QuantizeLinear', dtype, {
        variant: from,
        inputs: [input(from, [5, 7]), constant(from, [], exactly([0.25])), zeroPoint(dtype)],
      }),
    ),
  ),
  ...across(['int8', 'int16', 'uint8', 'uint16'], (dtype) =>
    op('QuantizeLinear', dtype, {
      variant: 'per_axis',
      inputs: [
        input('float32', [3, 7], ordinary),
        input('float32', [3], between(0.1, 2)),
        constant(dtype, [3], between(0, 5)),
      ],
      attributes: { axis: { int: 0 } },
    }),
  ),
  ...across(['int8', 'int16', 'int32', 'uint8', 'uint16'], (dtype) =>
    (['float16', 'float32'] as const).map((to) =>
      op('DequantizeLinear', dtype, {
        variant: to,
        inputs: [input(dtype, [5, 7]), constant(to, [], exactly([0.1])), constant(dtype, [], exactly([0]))],
        outputs: [to],
      }),
    ),
  ),
  ...across(['int8', 'int16', 'int32', 'uint8', 'uint16'], (dtype) =>
    op('DequantizeLinear', dtype, {
      variant: 'blocks',
      inputs: [input(dtype, [4, 6]), input('float32', [2, 6], between(0.1, 2))],
      outputs: ['float32'],
      attributes: { axis: { int: 0 }, block_size: { int: 2 } },
    }),
  ),
  ...across(['uint8'], (dtype) =>
    op('DynamicQuantizeLinear', dtype, {
      inputs: [input('float32', [5, 7], ordinary)],
      outputs: [dtype, 'float32', dtype],
    }),
  ),
];

const products: OperatorCase[] = [
  ...across(['int8', 'uint8'], (dtype) =>
    weightTypes(dtype).map((weight) =>
      op('MatMulInteger', dtype, {
        variant: weight,
        inputs: [
          input(dtype, [5, 7], any),
          constant(weight, [7, 3], any),
          zeroPoint(dtype),
          zeroPoint(weight),
        ],
        outputs: ['int32'],
      }),
    ),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    weightTypes(dtype).map((weight) =>
      op('QLinearMatMul', dtype, {
        variant: weight,
        inputs: [
          input(dtype, [5, 7], any),
          ...meaning(dtype),
          constant(weight, [7, 3], any),
          ...meaning(weight),
          ...meaning(dtype, 4),
        ],
      }),
    ),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    weightTypes(dtype).map((weight) =>
      op('ConvInteger', dtype, {
        variant: weight,
        inputs: [
          input(dtype, [1, 3, 6, 5], any),
          constant(weight, [2, 3, 3, 3], any),
          zeroPoint(dtype),
          zeroPoint(weight),
        ],
        outputs: ['int32'],
      }),
    ),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    weightTypes(dtype).map((weight) =>
      op('QLinearConv', dtype, {
        variant: weight,
        inputs: [
          input(dtype, [1, 3, 6, 5], any),
          ...meaning(dtype),
          constant(weight, [2, 3, 3, 3], any),
          scale(),
          zeroPoint(weight, 0),
          ...meaning(dtype, 5),
          constant('int32', [2], exactly([100, -50])),
        ],
        attributes: { pads: { ints: [1, 1, 1, 1] } },
      }),
    ),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    op('MatMulIntegerToFloat', dtype, {
      domain: microsoft,
      inputs: [input(dtype, [5, 7], any), constant('int8', [7, 3], any), scale(), scale(), zeroPoint(dtype)],
      outputs: ['float32'],
    }),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    op('DynamicQuantizeMatMul', dtype, {
      domain: microsoft,
      inputs: [input('float32', [5, 7], ordinary), constant(dtype, [7, 3], any), scale(), zeroPoint(dtype)],
      outputs: ['float32'],
    }),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    op('QGemm', dtype, {
      domain: microsoft,
      inputs: [
        input(dtype, [5, 7], any),
        ...meaning(dtype),
        constant('int8', [7, 3], any),
        ...meaning('int8'),
        constant('int32', [3], ordinary),
        ...meaning(dtype, 4),
      ],
    }),
  ),
  ...across(['float16', 'float32'], (dtype) =>
    op('MatMulNBits', dtype, {
      domain: microsoft,
      inputs: [
        input(dtype, [2, 32], ordinary),
        constant('uint8', [3, 1, 16], between(0, 256)),
        constant(dtype, [3], between(0.1, 1)),
      ],
      attributes: { K: { int: 32 }, N: { int: 3 }, bits: { int: 4 }, block_size: { int: 32 } },
    }),
  ),
  ...across(['int32', 'int64'], (dtype) =>
    op('GatherBlockQuantized', dtype, {
      domain: microsoft,
      inputs: [
        constant('uint8', [4, 32], between(0, 256)),
        input(dtype, [3], between(0, 4)),
        constant('float32', [4, 2], between(0.1, 1)),
      ],
      outputs: ['float32'],
      attributes: {
        block_size: { int: 32 },
        bits: { int: 4 },
        gather_axis: { int: 0 },
        quantize_axis: { int: 1 },
      },
    }),
  ),
];

type Attributes = Readonly<Record<string, OnnxAttribute>>;

function quantisedUnary(
  operator: string,
  dtypes: readonly NumericType[],
  attributes: Attributes = {},
  shape = [1, 4, 3, 3],
): OperatorCase[] {
  return across(dtypes, (dtype) =>
    op(operator, dtype, {
      domain: microsoft,
      inputs: [input(dtype, shape), ...meaning(dtype), ...meaning(dtype, 0.5)],
      attributes,
    }),
  );
}

function quantisedBinary(operator: string, dtypes: readonly NumericType[]): OperatorCase[] {
  return across(dtypes, (dtype) => [
    op(operator, dtype, {
      domain: microsoft,
      inputs: [
        input(dtype, [5, 7]),
        ...meaning(dtype),
        input(dtype, [5, 7]),
        ...meaning(dtype, 0.5),
        ...meaning(dtype, 1),
      ],
    }),
    op(operator, dtype, {
      domain: microsoft,
      variant: 'row',
      inputs: [
        input(dtype, [5, 7]),
        ...meaning(dtype),
        input(dtype, [7]),
        ...meaning(dtype, 0.5),
        ...meaning(dtype, 1),
      ],
    }),
  ]);
}

const elementwise: OperatorCase[] = [
  ...quantisedBinary('QLinearAdd', ['int8', 'uint8']),
  ...quantisedBinary('QLinearMul', ['int8', 'uint8']),
  ...quantisedUnary('QLinearSigmoid', ['int8', 'uint8']),
  ...quantisedUnary('QLinearLeakyRelu', ['int8', 'uint8'], { alpha: { float: 0.1 } }),
  ...quantisedUnary('QLinearGlobalAveragePool', ['int8', 'uint8'], { channels_last: { int: 0 } }),
  ...quantisedUnary('QLinearAveragePool', ['int8', 'uint8'], { kernel_shape: { ints: [2, 2] } }),
  ...quantisedUnary('QLinearSoftmax', ['int8', 'uint8'], { opset: { int: 13 }, axis: { int: -1 } }, [5, 7]),
  ...across(['int8', 'uint8'], (dtype) =>
    op('QLinearConcat', dtype, {
      domain: microsoft,
      inputs: [
        ...meaning(dtype, 0.5),
        input(dtype, [3, 5]),
        ...meaning(dtype),
        input(dtype, [3, 2]),
        ...meaning(dtype, 1),
      ],
      attributes: { axis: { int: 1 } },
    }),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    op('QLinearWhere', dtype, {
      domain: microsoft,
      inputs: [
        input('bool', [5, 7]),
        input(dtype, [5, 7]),
        ...meaning(dtype),
        input(dtype, [5, 7]),
        ...meaning(dtype, 1),
        ...meaning(dtype, 0.5),
      ],
    }),
  ),
  ...across(['int8', 'uint8'], (dtype) =>
    op('NhwcMaxPool', dtype, {
      domain: microsoft,
      inputs: [input(dtype, [1, 5, 6, 4])],
      attributes: { kernel_shape: { ints: [2, 3] } },
    }),
  ),
];

export const quantisedCases: OperatorCase[] = [...conversions, ...products, ...elementwise];
