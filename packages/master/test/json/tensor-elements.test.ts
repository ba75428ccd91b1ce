import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  asBytes,
  asElements,
  float16Bits,
  typedArrayConstructor,
  type NumericType,
  type TypedArray,
} from '@serving/common';
import { JsonCursor } from '../../src/json/json-cursor.js';
import { JsonTensorReader } from '../../src/json/json-tensor.js';
import {
  inferredType,
  numericBytes,
  textElements,
  type ElementRules,
} from '../../src/json/tensor-elements.js';
import { now } from '../support/slices.js';
import type { TensorLeaves } from '../../src/json/tensor-leaves.js';

function leavesOf(text: string, nonFinite = false): TensorLeaves {
  const cursor = new JsonCursor(Buffer.from(text), { nonFinite });
  const onObject = function* () {
    yield* cursor.skip();
    return Buffer.from([0xff]);
  };
  return now(new JsonTensorReader(cursor, { maxElements: 1e6, onObject }).read()).leaves;
}

function elements(text: string, dtype: NumericType, rules?: ElementRules): TypedArray {
  return asElements(dtype, now(numericBytes(leavesOf(text, true), dtype, rules)));
}

function elementError(element: number, message: string): Error {
  return expect.objectContaining({
    name: 'ElementError',
    element,
    message: `element ${element}: ${message}`,
  }) as unknown as Error;
}

const integerRanges: [NumericType, bigint, bigint][] = [
  ['int8', -128n, 127n],
  ['uint8', 0n, 255n],
  ['int16', -32768n, 32767n],
  ['uint16', 0n, 65535n],
  ['int32', -2147483648n, 2147483647n],
  ['uint32', 0n, 4294967295n],
  ['int64', -9223372036854775808n, 9223372036854775807n],
  ['uint64', 0n, 18446744073709551615n],
];

describe.each(integerRanges)('%s', (dtype, lowest, highest) => {
  test('takes its whole range, exactly', () => {
    expect([...elements(`[${lowest},0,1,${highest}]`, dtype)].map(BigInt)).toEqual([lowest, 0n, 1n, highest]);
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: lowest, max: highest }), { minLength: 1 }), (values) => {
        expect([...elements(`[${values.join()}]`, dtype)].map(BigInt)).toEqual(values);
      }),
    );
  });

  test('refuses what is just beyond it', () => {
    const expected = `expected ${lowest} to ${highest} for ${dtype}, given `;
    expect(() => elements(`[1,${highest + 1n}]`, dtype)).toThrow(
      elementError(1, `${expected}${highest + 1n}`),
    );
    expect(() => elements(`[1,1,${lowest - 1n}]`, dtype)).toThrow(
      elementError(2, `${expected}${lowest - 1n}`),
    );
    expect(() => elements('1e300', dtype)).toThrow(elementError(0, `${expected}1e+300`));
  });

  test('takes whole floats unless told not to, and fractions never', () => {
    expect([...elements('[1,2.0,3e1,-0.0]', dtype)].map(Number)).toEqual([1, 2, 30, 0]);
    expect(() => elements('[1,2.0]', dtype, { wholeFloats: false })).toThrow(
      elementError(1, `expected an integer for ${dtype}, given 2.0`),
    );
    expect([...elements('[1,2]', dtype, { wholeFloats: false })].map(Number)).toEqual([1, 2]);
    for (const [text, given] of [
      ['1.5', '1.5'],
      ['NaN', 'NaN'],
      ['Infinity', 'Infinity'],
      ['1e-9', '1e-9'],
    ]) {
      expect(() => elements(`[1,${text}]`, dtype)).toThrow(
        elementError(1, `expected a whole number for ${dtype}, given ${given}`),
      );
    }
  });

  test('takes booleans only where told to', () => {
    expect(() => elements('[true]', dtype)).toThrow(
      elementError(0, `expected a number for ${dtype}, given true`),
    );
    expect([...elements('[true,false]', dtype, { booleansAsNumbers: true })].map(Number)).toEqual([1, 0]);
  });
});

test('floats beyond 2^53 are exact as 64-bit integers where they are whole', () => {
  expect([...elements('[1e18,9007199254740994.0,-4611686018427387904.0]', 'int64')]).toEqual([
    10n ** 18n,
    9007199254740994n,
    -(2n ** 62n),
  ]);
  expect([...elements('[18446744073709549568.0]', 'uint64')]).toEqual([18446744073709549568n]);
});

test('floats are rounded to the nearest of their type', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -3e38, max: 3e38 }), { minLength: 1 }), (values) => {
      const text = JSON.stringify(values);
      expect(elements(text, 'float64')).toEqual(Float64Array.from(values, (value) => value + 0));
      expect(elements(text, 'float32')).toEqual(Float32Array.from(values, (value) => value + 0));
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -65504, max: 65504 }), { minLength: 1 }), (values) => {
      expect(elements(JSON.stringify(values), 'float16')).toEqual(
        Uint16Array.from(values, (value) => float16Bits(value + 0)),
      );
    }),
  );
});

test('only the tokens themselves become NaN and infinities', () => {
  const text = '[NaN,Infinity,-Infinity,-0]';
  expect([...elements(text, 'float32')]).toEqual([NaN, Infinity, -Infinity, -0]);
  expect([...elements(text, 'float64')]).toEqual([NaN, Infinity, -Infinity, -0]);
  expect([...elements(text, 'float16')]).toEqual([0x7e00, 0x7c00, 0xfc00, 0x8000]);
  expect(() => elements('[1,3.5e38]', 'float32')).toThrow(
    elementError(1, 'expected -3.4028234663852886e+38 to 3.4028234663852886e+38 for float32, given 3.5e+38'),
  );
  expect(() => elements('[-1e300]', 'float32')).toThrow(
    elementError(0, 'expected -3.4028234663852886e+38 to 3.4028234663852886e+38 for float32, given -1e+300'),
  );
  expect(() => elements('[65504,-65520]', 'float16')).toThrow(
    elementError(1, 'expected -65504 to 65504 for float16, given -65520'),
  );
  expect([...elements('65519.99', 'float16')]).toEqual([0x7bff]);
  expect([...elements('3.4028235e38', 'float32')]).toEqual([3.4028234663852886e38]);
});

test('booleans are bool, and numbers only where told to', () => {
  expect([...elements('[true,false]', 'bool')]).toEqual([1, 0]);
  expect(() => elements('[1]', 'bool')).toThrow(elementError(0, 'expected true or false for bool, given 1'));
  expect([...elements('[1,0,1.0]', 'bool', { numbersAsBooleans: true })]).toEqual([1, 0, 1]);
  expect(() => elements('[1,2]', 'bool', { numbersAsBooleans: true })).toThrow(
    elementError(1, 'expected true, false, 0 or 1 for bool, given 2'),
  );
  expect(elements('[true]', 'float32', { booleansAsNumbers: true })).toEqual(Float32Array.of(1));
});

test('texts and bytes are no numbers, and numbers no texts', () => {
  expect(() => elements('["1"]', 'int8')).toThrow(elementError(0, 'expected a number for int8, given "1"'));
  expect(() => elements(`["${'x'.repeat(99)}"]`, 'bool')).toThrow(
    elementError(0, `expected true or false for bool, given "${'x'.repeat(40)}…"`),
  );
  expect(() => elements('[{}]', 'float64')).toThrow(
    elementError(0, 'expected a number for float64, given bytes'),
  );
  expect(() => now(textElements(leavesOf('[9007199254740993]'), 'string'))).toThrow(
    elementError(0, 'expected a string, given 9007199254740993'),
  );
  expect(() => now(textElements(leavesOf('[false]'), 'bytes'))).toThrow(
    elementError(0, 'expected a string or bytes, given false'),
  );
});

test('texts become their UTF-8, and bytes text only where they are that', () => {
  expect(now(textElements(leavesOf('["é",""]'), 'string'))).toEqual([Buffer.from('é'), Buffer.from('')]);
  expect(now(textElements(leavesOf('["é"]'), 'bytes'))).toEqual([Buffer.from('é')]);
  expect(now(textElements(leavesOf('[{}]'), 'bytes'))).toEqual([Buffer.from([0xff])]);
  expect(() => now(textElements(leavesOf('[{}]'), 'string'))).toThrow(
    elementError(0, 'expected UTF-8 for string, given other bytes'),
  );
});

test('no elements are those of any type', () => {
  expect(elements('[]', 'int64')).toHaveLength(0);
  expect(now(textElements(leavesOf('[[]]'), 'string'))).toEqual([]);
});

test.each([
  ['[1,2]', 'int32'],
  ['9007199254740993', 'int32'],
  ['[1.0]', 'float32'],
  ['[1,2.5]', 'float32'],
  ['true', 'bool'],
  ['"a"', 'string'],
  ['{}', 'bytes'],
  ['[]', undefined],
])('where nobody says so, %s is %s', (text, dtype) => {
  expect(inferredType(leavesOf(text))).toBe(dtype);
});

test('bytes are little-endian', () => {
  for (const [dtype] of integerRanges) {
    const wanted = typedArrayConstructor(dtype);
    expect(numericBytes(leavesOf('[1]'), dtype)).toEqual(
      Uint8Array.from({ length: asBytes(new wanted(1)).length }, (_, i) => (i === 0 ? 1 : 0)),
    );
  }
  expect([...numericBytes(leavesOf('1.0'), 'float32')]).toEqual([0, 0, 0x80, 0x3f]);
});
