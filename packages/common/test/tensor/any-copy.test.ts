import { expect, jest, test } from '@jest/globals';
import { Tensor } from '../../src/tensor/tensor.js';
import { BytesTensor, StringTensor } from '../../src/tensor/text-tensor.js';

const kinds = { Tensor, StringTensor, BytesTensor };

test('a value of another copy of the package is a value, of its own kind only', async () => {
  jest.resetModules();
  const other = {
    ...(await import('../../src/tensor/tensor.js')),
    ...(await import('../../src/tensor/text-tensor.js')),
  };
  expect(other.Tensor).not.toBe(Tensor);
  const values = {
    Tensor: new other.Tensor('float32', [1], new Float32Array(1)),
    StringTensor: new other.StringTensor([1], ['a']),
    BytesTensor: new other.BytesTensor([1], [new Uint8Array(1)]),
  };
  for (const [name, kind] of Object.entries(kinds))
    for (const [own, value] of Object.entries(values)) expect(value instanceof kind).toBe(own === name);
});

test('what only looks like one is none, and derived classes know their own', () => {
  class Labels extends StringTensor {}
  const labels = new Labels([1], ['a']);
  expect([labels instanceof StringTensor, labels instanceof Labels]).toEqual([true, true]);
  expect(new StringTensor([1], ['a']) instanceof Labels).toBe(false);
  const alike = { dtype: 'float32', shape: [1], data: new Float32Array(1) };
  for (const value of [alike, undefined, null, 'text', 7, () => 1, new Float32Array(1)])
    expect((value as unknown) instanceof Tensor).toBe(false);
});
