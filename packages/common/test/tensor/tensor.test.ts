import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dataTypes, isNumericType, type NumericType } from '../../src/tensor/data-type.js';
import { float16Bits } from '../../src/tensor/float16.js';
import { Tensor } from '../../src/tensor/tensor.js';
import { allocate, asElements } from '../../src/tensor/typed-array.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

const numericTypes = dataTypes.filter(isNumericType);

function vector(dtype: NumericType, values: readonly (number | bigint)[]): Tensor {
  const data = allocate(dtype, values.length);
  for (const [i, value] of values.entries()) data[i] = value;
  return new Tensor(dtype, [values.length], data);
}

test('a tensor takes an array of its own kind for every element type', () => {
  for (const dtype of numericTypes) {
    const data = allocate(dtype, 6);
    const tensor = new Tensor(dtype, [2, 3], data);
    expect([tensor.dtype, tensor.shape, tensor.size]).toEqual([dtype, [2, 3], 6]);
    expect(tensor.data).toBe(data);
  }
});

test('a Buffer is as good as a Uint8Array', () => {
  expect(new Tensor('uint8', [2], Buffer.from([1, 2])).size).toBe(2);
  expect(new Tensor('bool', [2], Buffer.from([1, 0])).toNested()).toEqual([true, false]);
});

test('data of another kind, of another length or for an impossible shape is refused with both sides named', () => {
  expect(() => new Tensor('float32', [2], new Float64Array(2))).toThrow(
    servingError('INVALID_TENSOR', /float32: expected Float32Array, given Float64Array/),
  );
  expect(() => new Tensor('int8', [2], Buffer.alloc(2))).toThrow(servingError('INVALID_TENSOR', /Int8Array/));
  expect(() => new Tensor('float32', [2, 2], new Float32Array(3))).toThrow(
    servingError('INVALID_TENSOR', /expected 4 elements for shape \[2,2\], given 3/),
  );
  expect(() => new Tensor('float32', [-1], new Float32Array(0))).toThrow(
    servingError('INVALID_TENSOR', /\[-1\] is invalid/),
  );
});

test('what is no typed array at all is refused in the same way', () => {
  for (const data of [undefined, null, [1, 2], 'ab', 2]) {
    expect(() => new Tensor('float32', [2], data as unknown as Float32Array)).toThrow(
      servingError('INVALID_TENSOR', /expected Float32Array/),
    );
  }
});

test.each([
  [3, '3'],
  ['3', "'3'"],
  [null, 'null'],
  [undefined, 'undefined'],
  [{}, 'object'],
  [Symbol('s'), 'symbol'],
])('%p is no shape', (shape, given) => {
  expect(() => new Tensor('float32', shape as unknown as number[], new Float32Array(3))).toThrow(
    servingError(
      'INVALID_TENSOR',
      `tensor shape: expected a list of dimensions such as [2,3], given ${given}`,
    ),
  );
});

test('dimensions that are none are shown as what they are', () => {
  const shape = ['3', null, Symbol('s'), 1.5, [2], undefined] as unknown as number[];
  expect(() => new Tensor('float32', shape, new Float32Array(3))).toThrow(
    servingError(
      'INVALID_TENSOR',
      /^tensor shape \['3',null,symbol,1.5,Array,undefined\] is invalid: expected/,
    ),
  );
});

describe('a dtype that is none is named beside those that there are', () => {
  const types = numericTypes.join(', ');
  const expectations: [given: unknown, shown: string][] = [
    ['float', "'float'"],
    ['toString', "'toString'"],
    ['string', "'string'; texts are a StringTensor, a single one is a string"],
    ['bytes', "'bytes'; byte strings are a BytesTensor, a single one is a Uint8Array"],
    [undefined, 'undefined'],
    [null, 'null'],
    [Object.create(null), 'object'],
    [Symbol('float32'), 'symbol'],
  ];
  test.each(expectations)('%p', (given, shown) => {
    const dtype = given as NumericType;
    const refusal = servingError('INVALID_TENSOR', `tensor dtype: expected ${types}, given ${shown}`);
    const tensor = new Tensor('float32', [1], new Float32Array(1));
    for (const attempt of [
      () => new Tensor(dtype, [1], new Float32Array(1)),
      () => tensor.astype(dtype),
      () => tensor.dataAs(dtype),
      () => allocate(dtype, 1),
      () => asElements(dtype, new Uint8Array(8)),
    ])
      expect(attempt).toThrow(refusal);
  });
});

test('dataAs gives the array itself, with its type, and refuses another element type', () => {
  for (const dtype of numericTypes) {
    const tensor = new Tensor(dtype, [2, 3], allocate(dtype, 6));
    expect(tensor.dataAs(dtype)).toBe(tensor.data);
    for (const other of numericTypes.filter((each) => each !== dtype))
      expect(() => tensor.dataAs(other)).toThrow(
        servingError(
          'INVALID_TENSOR',
          new RegExp(
            `^tensor \\[2,3\\]: expected dtype ${other}, given ${dtype}; astype\\('${other}'\\) converts it$`,
          ),
        ),
      );
  }
  // The types are part of it: none of these lines would compile with data.
  const floats: Float32Array = vector('float32', [1.5]).dataAs('float32');
  const whole: BigInt64Array = vector('int64', [2n]).dataAs('int64');
  expect([floats[0]! + 1, whole[0]! + 1n]).toEqual([2.5, 3n]);
});

test('astype to the same element type is the tensor itself', () => {
  const tensor = vector('float32', [1, 2]);
  expect(tensor.astype('float32')).toBe(tensor);
});

test('astype keeps the shape and leaves the original alone', () => {
  const original = new Tensor('float32', [2, 1], Float32Array.of(1.5, -1.5));
  expect(original.astype('int32').shape).toEqual([2, 1]);
  expect(original.data).toEqual(Float32Array.of(1.5, -1.5));
});

test('astype cuts floats towards zero for every integer type', () => {
  for (const from of ['float32', 'float64'] as const) {
    for (const to of ['int8', 'int16', 'int32'] as const) {
      expect([...vector(from, [1.9, -1.9, 0.5, -0.5, -0]).astype(to).data]).toEqual([1, -1, 0, 0, 0]);
    }
    expect([...vector(from, [1.9, -1.9, 0.5]).astype('int64').data]).toEqual([1n, -1n, 0n]);
    expect([...vector(from, [1.9, 200.9]).astype('uint8').data]).toEqual([1, 200]);
  }
});

test('astype between any two integer types wraps around as two’s complement does', () => {
  const bits = { int8: 8, uint8: 8, int16: 16, uint16: 16, int32: 32, uint32: 32, int64: 64, uint64: 64 };
  const types = Object.keys(bits) as (keyof typeof bits)[];
  const wrap = (type: keyof typeof bits, value: bigint) =>
    type.startsWith('u') ? BigInt.asUintN(bits[type], value) : BigInt.asIntN(bits[type], value);
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.constantFrom(...types),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      (from, to, value) => {
        const start = wrap(from, value);
        const tensor = vector(from, [bits[from] === 64 ? start : Number(start)]);
        expect(BigInt(tensor.astype(to).data[0]!)).toBe(wrap(to, start));
      },
    ),
    { numRuns: 500 },
  );
});

test('astype of floats beyond the integer type wraps around, and what is not finite becomes 0', () => {
  expect([...vector('float64', [300.7, -300.7, 2 ** 40 + 5]).astype('uint8').data]).toEqual([44, 212, 5]);
  expect([...vector('float64', [2 ** 63, -(2 ** 63), 2 ** 64 + 4096]).astype('int64').data]).toEqual([
    -(2n ** 63n),
    -(2n ** 63n),
    4096n,
  ]);
  for (const to of ['int8', 'uint32', 'int64'] as const) {
    const converted = vector('float32', [Number.NaN, Infinity, -Infinity]).astype(to).data;
    expect(Array.from(converted, Number)).toEqual([0, 0, 0]);
  }
});

test('astype to bool is true for anything but zero, and NaN is not zero', () => {
  const truths = (tensor: Tensor) => tensor.astype('bool').toNested();
  expect(truths(vector('float64', [0, -0, 1e-300, Number.NaN, -Infinity]))).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
  expect(truths(vector('int64', [0n, 2n ** 62n, -1n]))).toEqual([false, true, true]);
  expect(truths(vector('float16', [0x0000, 0x8000, 0x0001, 0x7e00]))).toEqual([false, false, true, true]);
  expect(truths(vector('uint8', [0, 2, 255]))).toEqual([false, true, true]);
});

test('astype from bool is 0 and 1 in every element type', () => {
  const flags = new Tensor('bool', [2], Uint8Array.of(0, 1));
  for (const to of numericTypes) {
    expect(flags.astype(to).astype('float64').toNested()).toEqual([0, 1]);
  }
});

test('astype to and from float16 goes through the value, not the bits', () => {
  expect([...vector('float64', [1, -2, 65520, 2 ** -24]).astype('float16').data]).toEqual([
    0x3c00, 0xc000, 0x7c00, 0x0001,
  ]);
  expect([...vector('float16', [0x3c00, 0xc100]).astype('float32').data]).toEqual([1, -2.5]);
  expect([...vector('float16', [0xc100]).astype('int64').data]).toEqual([-2n]);
  expect([...vector('int64', [2049n, -70_000n]).astype('float16').data]).toEqual([
    float16Bits(2048),
    float16Bits(-Infinity),
  ]);
});

test('astype from 64-bit integers to float32 rounds once, to the nearest', () => {
  // Through a double first, this one would land on a tie and go down to 2^60.
  expect(vector('int64', [2n ** 60n + 2n ** 36n + 1n]).astype('float32').data[0]).toBe(2 ** 60 + 2 ** 37);
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer({ min: 0, max: 62 }),
      (raw, cut) => {
        const value = raw >> BigInt(cut);
        const result = vector('int64', [value]).astype('float32').data[0] as number;
        const distance = (candidate: number) => {
          const difference = BigInt(candidate) - value;
          return difference < 0n ? -difference : difference;
        };
        const bits = new Int32Array(Float32Array.of(result).buffer)[0]!;
        for (const step of value === 0n ? [] : [-1, 1]) {
          const other = new Float32Array(Int32Array.of(bits + step).buffer)[0]!;
          if (!Number.isInteger(other)) continue;
          const [mine, theirs] = [distance(result), distance(other)];
          expect(mine < theirs || (mine === theirs && bits % 2 === 0)).toBe(true);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('astype from 64-bit integers to float64 rounds to the nearest, ties to even', () => {
  expect([
    ...vector('uint64', [2n ** 53n + 1n, 2n ** 53n + 3n, 2n ** 64n - 1n]).astype('float64').data,
  ]).toEqual([2 ** 53, 2 ** 53 + 4, 2 ** 64]);
});
