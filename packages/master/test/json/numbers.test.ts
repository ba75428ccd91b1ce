import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eachElement } from '../support/slices.js';
import { JsonCursor } from '../../src/json/json-cursor.js';
import { jsonError } from './json-error-matcher.js';

function read(text: string): { value: number; isInteger: boolean; exact: bigint | undefined } {
  const cursor = new JsonCursor(Buffer.from(text));
  const value = cursor.number();
  cursor.end();
  return { value, isInteger: cursor.isInteger, exact: cursor.exact };
}

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength, maxLength });
const whole = fc.oneof(
  fc.constant('0'),
  fc.tuple(fc.constantFrom(...Array.from('123456789')), digits(0, 24)).map((p) => p.join('')),
);
const fraction = digits(1, 30).map((text) => `.${text}`);
const exponent = fc
  .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.integer({ min: 0, max: 30 }))
  .map((parts) => parts.join(''));
const numberText = fc
  .tuple(fc.constantFrom('', '-'), whole, fc.option(fraction, { nil: '' }), fc.option(exponent, { nil: '' }))
  .map((parts) => parts.join(''));

/** Instead of an expectation each, which takes longer than the reading. */
function isNearest(text: string): boolean {
  return Object.is(read(text).value, Number(text));
}

test('any number is the double nearest to its text', () => {
  fc.assert(fc.property(numberText, isNearest), { numRuns: 10_000 });
});

test('numbers of 16 to 18 digits with a fraction are rounded correctly', () => {
  const long = fc.tuple(digits(16, 18), fc.integer({ min: 1, max: 22 })).map(([text, places]) => {
    const padded = text.padStart(places + 1, '0');
    return `${padded.slice(0, -places).replace(/^0+(?=\d)/, '')}.${padded.slice(-places)}`;
  });
  fc.assert(fc.property(long, isNearest), { numRuns: 20_000 });
});

test('numbers near and in the middle of two doubles are rounded correctly', () => {
  // Doubles from 2^53 to 2^57 are 2 to 16 apart: halfway points are whole numbers of 16 to 18 digits.
  const middles = fc
    .tuple(
      fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }),
      fc.constantFrom(1n, 2n, 3n, 4n),
      fc.constantFrom(-1n, 0n, 1n),
    )
    .map(([mantissa, shift, nudge]) => (((mantissa << 1n) | 1n) << (shift - 1n)) + nudge);
  fc.assert(
    fc.property(middles, fc.integer({ min: 1, max: 9 }), (middle, zeros) => {
      const texts = [
        `${middle}`,
        `${middle}.0`,
        `${middle}.${'0'.repeat(zeros)}1`,
        `${middle}e-${zeros}`,
        `0.${middle}`,
      ];
      return texts.every(isNearest);
    }),
    { numRuns: 5_000 },
  );
});

test('what JavaScript writes for a double or a float32 comes back as it', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(read(JSON.stringify(value)).value).toBe(Object.is(value, -0) ? 0 : value);
    }),
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(read(JSON.stringify(value)).value).toBe(Object.is(value, -0) ? 0 : value);
    }),
    { numRuns: 1_000 },
  );
});

test.each<[string, number, boolean]>([
  ['0', 0, true],
  ['-0', -0, true],
  ['-0.0', -0, false],
  ['1', 1, true],
  ['1.0', 1, false],
  ['1e0', 1, false],
  ['1E+2', 100, false],
  ['-12.5e-1', -1.25, false],
  ['0e999999999999', 0, false],
  ['1e-999999999999', 0, false],
  ['9007199254740991', 9007199254740991, true],
  ['5e-324', 5e-324, false],
  ['2.2250738585072011e-308', Number('2.2250738585072011e-308'), false],
  ['1.7976931348623157e308', Number.MAX_VALUE, false],
  ['0.000000000000000000000000000001', 1e-30, false],
])('%s is %d, integer: %s', (text, value, isInteger) => {
  expect(read(text)).toEqual({ value, isInteger, exact: undefined });
});

test('integers that a double may not hold are told exactly, up to 20 digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n }), (value) => {
      const isSafe = value >= -(2n ** 53n) + 1n && value <= 2n ** 53n - 1n;
      expect(read(`${value}`)).toEqual({
        value: Number(value),
        isInteger: true,
        exact: isSafe ? undefined : value,
      });
    }),
  );
  expect(read('9007199254740993').exact).toBe(9007199254740993n);
  expect(read('-18446744073709551615').exact).toBe(-18446744073709551615n);
  expect(read('100000000000000000000')).toEqual({ value: 1e20, isInteger: true, exact: undefined });
  expect(read('9007199254740993.0').exact).toBeUndefined();
  const cursor = new JsonCursor(Buffer.from('[9007199254740993,1]'));
  const exact: unknown[] = [];
  eachElement(cursor, () => {
    cursor.number();
    exact.push(cursor.exact);
  });
  expect(exact).toEqual([9007199254740993n, undefined]);
});

test.each<[string, number, string]>([
  ['01', 1, 'expected no digit after a leading zero'],
  ['-01.5', 2, 'expected no digit after a leading zero'],
  ['-', 1, 'expected a digit, given the end'],
  ['-x', 1, "expected a digit, given 'x'"],
  ['-.5', 1, "expected a digit, given '.'"],
  ['1.', 2, 'expected a digit, given the end'],
  ['1..2', 2, "expected a digit, given '.'"],
  ['1.e5', 2, "expected a digit, given 'e'"],
  ['1e', 2, 'expected a digit, given the end'],
  ['1e+', 3, 'expected a digit, given the end'],
  ['1e+-1', 3, "expected a digit, given '-'"],
  ['1e1.5', 3, "expected the end, given '.'"],
  ['1.2.3', 3, "expected the end, given '.'"],
  ['0x10', 1, "expected the end, given 'x'"],
  ['1_000', 1, "expected the end, given '_'"],
  ['1n', 1, "expected the end, given 'n'"],
  ['+1', 0, "expected a value, given '+'"],
  ['1e400', 0, 'expected a number within the range of a double, given 1e400'],
  ['-1e309', 0, 'given -1e309'],
])('%s is refused', (text, at, message) => {
  expect(() => read(text)).toThrow(jsonError(at, message));
});

test('a number of a million digits is refused or read like any other', () => {
  expect(() => read('9'.repeat(1_000_000))).toThrow(jsonError(0, 'given one of 1000000 characters'));
  expect(read(`0.${'3'.repeat(1_000_000)}`).value).toBe(1 / 3);
  expect(read(`1.5e-${'0'.repeat(1_000_000)}1`).value).toBe(0.15);
});
