/** Recurrent networks: three steps, one example, four units of two inputs. */
import type { NumericType } from '@serving/client';
import type { OnnxAttribute } from '../../../examples/onnx-writer.js';
import { across, constant, input, op, type Operand, type OperatorCase } from '../case.js';
import { between, exactly, ordinary } from '../values.js';

type Attributes = Readonly<Record<string, OnnxAttribute>>;

const units = 4;
const features = 3;

const small = between(-1, 1);

interface Network {
  readonly operator: string;
  /** Matrices of the operator, stacked in its weights. */
  readonly gates: number;
  readonly outputs: number;
}

function parameters({ gates }: Network, dtype: NumericType, directions: number): Operand[] {
  return [
    constant(dtype, [directions, gates * units, features], small),
    constant(dtype, [directions, gates * units, units], small),
    constant(dtype, [directions, 2 * gates * units], small),
  ];
}

function recurrent(network: Network, dtypes: readonly NumericType[], extra: Attributes = {}): OperatorCase[] {
  const { operator, outputs } = network;
  return across(dtypes, (dtype) => {
    const all = Array<NumericType>(outputs).fill(dtype);
    const attributes = (direction: string): Attributes => ({
      ...extra,
      hidden_size: { int: units },
      direction: { string: direction },
    });
    const sequence = (shape: readonly number[] = [5, 1, features]) =>
      input(dtype, shape, ordinary, [3, ...shape.slice(1)]);
    return [
      op(operator, dtype, {
        variant: 'forward',
        inputs: [sequence(), ...parameters(network, dtype, 1)],
        outputs: all,
        attributes: attributes('forward'),
      }),
      op(operator, dtype, {
        variant: 'reverse',
        inputs: [sequence(), ...parameters(network, dtype, 1)],
        outputs: all,
        attributes: attributes('reverse'),
      }),
      op(operator, dtype, {
        variant: 'both_ways',
        inputs: [sequence(), ...parameters(network, dtype, 2)],
        outputs: all,
        attributes: attributes('bidirectional'),
      }),
      op(operator, dtype, {
        variant: 'lengths',
        inputs: [
          sequence([5, 2, features]),
          ...parameters(network, dtype, 1),
          input('int32', [2], exactly([3, 5], [1, 3])),
          input(dtype, [1, 2, units], small),
        ],
        outputs: all,
        attributes: attributes('forward'),
      }),
    ];
  });
}

export const recurrentCases: OperatorCase[] = [
  ...recurrent({ operator: 'RNN', gates: 1, outputs: 2 }, ['float16', 'float32']),
  ...recurrent({ operator: 'GRU', gates: 3, outputs: 2 }, ['float16', 'float32'], {
    linear_before_reset: { int: 1 },
  }),
  ...recurrent({ operator: 'LSTM', gates: 4, outputs: 3 }, ['float16', 'float32']),
];
