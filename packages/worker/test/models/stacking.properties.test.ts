import { expect, test } from '@jest/globals';
import { asBytes, StringTensor, type Tensor } from '@serving/common';
import fc from 'fast-check';
import { rowsOf, splitRows, stack } from '../../src/models/stacking.js';
import { anyShape, anyTensor, bitsOf, numericTypes } from './any-tensor.js';

const rowsOfOneShape = (dtype: (typeof numericTypes)[number]): fc.Arbitrary<Tensor[]> =>
  anyShape.chain((shape) => fc.array(anyTensor(dtype, shape), { minLength: 1, maxLength: 6 }));

test.each(numericTypes)(
  '%s: what was stacked comes apart as it was, and what filled it up is last',
  (dtype) => {
    fc.assert(
      fc.property(rowsOfOneShape(dtype), fc.nat(4), (rows, padding) => {
        const before = rows.map(bitsOf);
        const stacked = stack(rows, rows.length + padding) as Tensor;
        expect(stacked.shape).toEqual([rows.length + padding, ...rows[0]!.shape]);
        const apart = rowsOf(stacked).map(bitsOf);
        expect(apart.slice(0, rows.length)).toEqual(before);
        expect(apart.slice(rows.length)).toEqual(Array<string>(padding).fill(before.at(-1)!));
        // A copy: whoever writes into the one does not change the other.
        asBytes(stacked.data).fill(0);
        expect(rows.map(bitsOf)).toEqual(before);
      }),
    );
  },
);

test('without a size to fill up to, a stack is as high as there are rows', () => {
  fc.assert(
    fc.property(fc.constantFrom(...numericTypes).chain(rowsOfOneShape), (rows) => {
      expect(bitsOf(stack(rows) as Tensor)).toBe(bitsOf(stack(rows, rows.length) as Tensor));
    }),
  );
});

test('texts come apart as they were stacked', () => {
  const rows = anyShape.chain((shape) => {
    const length = shape.reduce((product, dimension) => product * dimension, 1);
    const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: length, maxLength: length });
    return fc.array(
      texts.map((data) => new StringTensor(shape, data)),
      { minLength: 1, maxLength: 6 },
    );
  });
  fc.assert(
    fc.property(rows, fc.nat(4), (given, padding) => {
      const apart = splitRows(stack(given, given.length + padding));
      expect(apart).toEqual([...given, ...Array<StringTensor>(padding).fill(given.at(-1)!)]);
    }),
  );
});
