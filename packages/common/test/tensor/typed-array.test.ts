import { expect, test } from '@jest/globals';
import { dataTypes, elementWidth, isNumericType } from '../../src/tensor/data-type.js';
import { allocate, asBytes, asElements, typedArrayConstructor } from '../../src/tensor/typed-array.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

const numericTypes = dataTypes.filter(isNumericType);

test('the array of each element type has elements of its width', () => {
  for (const dtype of numericTypes) {
    expect(allocate(dtype, 3).byteLength).toBe(3 * elementWidth(dtype));
    expect(allocate(dtype, 3)).toBeInstanceOf(typedArrayConstructor(dtype));
  }
});

test('aligned bytes are viewed, not copied', () => {
  for (const dtype of numericTypes) {
    const buffer = new ArrayBuffer(48);
    const elements = asElements(dtype, new Uint8Array(buffer, 8, 32));
    expect(elements.buffer).toBe(buffer);
    expect([elements.byteOffset, elements.byteLength]).toEqual([8, 32]);
  }
});

test('bytes that are not aligned are copied', () => {
  for (const dtype of numericTypes.filter((each) => elementWidth(each) > 1)) {
    const source = Uint8Array.from({ length: 33 }, (_, i) => i);
    const elements = asElements(dtype, source.subarray(1));
    expect(elements.buffer).not.toBe(source.buffer);
    expect(asBytes(elements)).toEqual(source.subarray(1));
  }
});

test('a pooled Buffer at an odd offset is copied into a buffer that holds nothing else', () => {
  const pooled = Buffer.from('0123456789abcdef0').subarray(1);
  const elements = asElements('float64', pooled);
  expect(elements.buffer.byteLength).toBe(16);
  expect(Buffer.from(asBytes(elements)).toString()).toBe('123456789abcdef0');
});

test('bytes that are no whole number of elements are refused, aligned or not', () => {
  const bytes = new Uint8Array(16);
  expect(() => asElements('float32', bytes.subarray(0, 7))).toThrow(servingError('INVALID_TENSOR'));
  expect(() => asElements('float32', bytes.subarray(1, 8))).toThrow(servingError('INVALID_TENSOR'));
});

test('the bytes of an array are a view of its own part of the buffer', () => {
  const numbers = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  const bytes = asBytes(numbers);
  expect(bytes.buffer).toBe(numbers.buffer);
  expect([bytes.byteOffset, bytes.byteLength]).toEqual([4, 8]);
});
