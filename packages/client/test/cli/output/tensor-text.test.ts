import { expect, test } from '@jest/globals';
import { tensorText } from '../../../src/cli/output/tensor-text.js';
import { tensor } from '../../../src/values/tensor-input.js';

test.each([
  [tensor('float32', [2, 2], [1, 2.5, -0, NaN]), '[[1, 2.5], [-0, NaN]]'],
  [tensor('float32', [], 0.1), '0.1'],
  [tensor('float32', [2], [16777216, 3.4028234663852886e38]), '[16777216, 3.4028235e+38]'],
  [tensor('float16', [2], [0.1, 65504]), '[0.1, 65504]'],
  [tensor('float64', [1], [0.1 + 0.2]), '[0.30000000000000004]'],
  [tensor('bool', [2], [true, false]), '[true, false]'],
  [tensor('int64', [1], [2n ** 63n - 1n]), '[9223372036854775807]'],
  [tensor('int8', [0], []), '[]'],
  [tensor('int8', [2 ** 31, 0], []), '[]'],
])('case %#', (given, text) => expect(tensorText(given)).toBe(text));

test('leaves out the middle of long axes of large tensors only', () => {
  const count = (length: number) => Array.from({ length }, (_, i) => i);
  expect(tensorText(tensor('int32', [100], count(100)))).toBe('[0, 1, 2, ..., 97, 98, 99]');
  expect(tensorText(tensor('int32', [35, 2], count(70)))).toBe(
    '[[0, 1], [2, 3], [4, 5], ..., [64, 65], [66, 67], [68, 69]]',
  );
  expect(tensorText(tensor('int32', [12], count(12)))).toBe('[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]');
});
