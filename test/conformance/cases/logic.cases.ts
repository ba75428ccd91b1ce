/** Comparison, logic and choice. */
import type { NumericType } from '@serving/client';
import { across, input, op, type OperatorCase } from '../case.js';
import { everything, floats, numbers } from '../element-types.js';

function comparison(operator: string, dtypes: readonly NumericType[]): OperatorCase[] {
  return across(dtypes, (dtype) => [
    op(operator, dtype, { inputs: [input(dtype, [5, 7]), input(dtype, [5, 7])], outputs: ['bool'] }),
    op(operator, dtype, {
      variant: 'row',
      inputs: [input(dtype, [5, 7]), input(dtype, [7])],
      outputs: ['bool'],
    }),
  ]);
}

export const logicCases: OperatorCase[] = [
  ...comparison('And', ['bool']),
  ...comparison('Or', ['bool']),
  ...comparison('Xor', ['bool']),
  ...comparison('Equal', everything),
  ...comparison('Greater', numbers),
  ...comparison('GreaterOrEqual', numbers),
  ...comparison('Less', numbers),
  ...comparison('LessOrEqual', numbers),
  ...across([...floats, 'int32', 'int64', 'uint8'], (dtype) => [
    op('Where', dtype, { inputs: [input('bool', [5, 7]), input(dtype, [5, 7]), input(dtype, [5, 7])] }),
    op('Where', dtype, {
      variant: 'broadcast',
      inputs: [input('bool', [5, 1]), input(dtype, [7]), input(dtype, [])],
    }),
  ]),
];
