import { expect, test } from '@jest/globals';
import { BytesTensor, StringTensor } from '../../src/tensor/text-tensor.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

test('elements nest as the shape says', () => {
  expect(new StringTensor([2, 2], ['a', 'b', 'c', 'd']).toNested()).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(new StringTensor([], ['a']).toNested()).toBe('a');
  expect(new BytesTensor([1], [Uint8Array.of(1)]).toNested()).toEqual([Uint8Array.of(1)]);
});

test('the number of elements has to fit the shape', () => {
  expect(() => new StringTensor([2], ['a'])).toThrow(
    servingError('INVALID_TENSOR', 'tensor of dtype string and shape [2]: expected 2 elements, given 1'),
  );
  expect(() => new BytesTensor([-1], [])).toThrow(
    servingError('INVALID_TENSOR', /shape \[-1\]: expected at most 64/),
  );
});

test.each([[1], [undefined], [null]])('%p is no element', (odd) => {
  expect(() => new StringTensor([1], [odd as unknown as string])).toThrow(
    servingError('INVALID_TENSOR', `tensor data of dtype string: expected texts, given ${typeof odd}`),
  );
  expect(() => new BytesTensor([1], [odd as unknown as Uint8Array])).toThrow(
    servingError('INVALID_TENSOR', `tensor data of dtype bytes: expected Uint8Arrays, given ${typeof odd}`),
  );
});
