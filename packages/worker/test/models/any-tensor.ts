/** Tensors of any element type, shape and bits, for property tests. */
import {
  asBytes,
  asElements,
  dataTypes,
  elementWidth,
  isNumericType,
  Tensor,
  type NumericType,
} from '@serving/common';
import fc from 'fast-check';

export const numericTypes: readonly NumericType[] = dataTypes.filter(isNumericType);

export const anyType: fc.Arbitrary<NumericType> = fc.constantFrom(...numericTypes);

/** Up to three dimensions, empty ones included. */
export const anyShape: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });

/** Any bits, NaNs with all their payloads among them, anywhere in a buffer where elements of the type may begin. */
export function anyTensor(dtype: NumericType, shape: readonly number[]): fc.Arbitrary<Tensor> {
  const width = elementWidth(dtype);
  const length = shape.reduce((product, dimension) => product * dimension, width);
  return fc
    .record({ bytes: fc.uint8Array({ minLength: length, maxLength: length }), before: fc.nat(3) })
    .map(({ bytes, before }) => {
      const buffer = new Uint8Array(before * width + length).fill(0xee);
      buffer.set(dtype === 'bool' ? bytes.map((byte) => byte & 1) : bytes, before * width);
      return new Tensor(dtype, shape, asElements(dtype, buffer.subarray(before * width)));
    });
}

/** All there is to a tensor, to the bit; `plain` takes NaNs of different bits for the same. */
export function bitsOf({ dtype, shape, data }: Tensor): string {
  return `${dtype} [${shape.join()}] ${Buffer.from(asBytes(data)).toString('hex')}`;
}
