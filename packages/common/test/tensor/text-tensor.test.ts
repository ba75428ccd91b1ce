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
    servingError('INVALID_TENSOR', /shape \[-1\] is invalid: expected at most 64/),
  );
});

test.each([[1], [undefined], [null]])('%p is no element', (odd) => {
  expect(() => new StringTensor([1], [odd as unknown as string])).toThrow(
    servingError(
      'INVALID_TENSOR',
      `tensor data of dtype string: expected texts, given ${odd === null ? 'null' : typeof odd}`,
    ),
  );
  expect(() => new BytesTensor([1], [odd as unknown as Uint8Array])).toThrow(
    servingError(
      'INVALID_TENSOR',
      `tensor data of dtype bytes: expected Uint8Arrays, given ${odd === null ? 'null' : typeof odd}`,
    ),
  );
});

test('what is no list of elements, or no shape, is refused with what was given', () => {
  const list = (given: unknown) => given as string[] & Uint8Array[];
  for (const [given, kind] of [
    ['a', 'string'],
    [undefined, 'undefined'],
    [new Uint8Array(1), 'Uint8Array'],
  ] as const) {
    expect(() => new StringTensor([1], list(given))).toThrow(
      servingError('INVALID_TENSOR', `tensor data of dtype string: expected a list of texts, given ${kind}`),
    );
    expect(() => new BytesTensor([1], list(given))).toThrow(
      servingError(
        'INVALID_TENSOR',
        `tensor data of dtype bytes: expected a list of Uint8Arrays, given ${kind}`,
      ),
    );
  }
  expect(() => new StringTensor(undefined as unknown as number[], ['a'])).toThrow(
    servingError(
      'INVALID_TENSOR',
      /^tensor shape: expected a list of dimensions such as \[2,3\], given undefined$/,
    ),
  );
});
