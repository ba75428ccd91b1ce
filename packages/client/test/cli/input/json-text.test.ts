import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { NumberLiteral, parseJson, type JsonValue } from '../../../src/cli/input/json-text.js';

/** The value as JSON.parse would give it. */
function plain(json: JsonValue): unknown {
  if (json instanceof NumberLiteral) return Number(json.text);
  if (Array.isArray(json)) return json.map(plain);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, plain(value)]));
}

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
      expect(plain(parseJson(text))).toEqual(JSON.parse(text));
    }),
  );
});

test.each(['0', '-0', '2.0', '1e3', '-1.5E-7', '12345678901234567890'])(
  'keeps %s as it was written',
  (text) => {
    expect(parseJson(`[ ${text} ]`)).toEqual([new NumberLiteral(text)]);
  },
);

test('leaves numbers in strings and names alone', () => {
  expect(parseJson(String.raw`{"1": "2", "\"3": "\\", "4\\": "5\\\""}`)).toEqual({
    '1': '2',
    '"3': '\\',
    '4\\': '5\\"',
  });
});

test('takes strings of many megabytes with escapes', () => {
  const text = `"${String.raw`\/1`.repeat(1_000_000)}"`;
  expect(parseJson(text)).toBe('/1'.repeat(1_000_000));
});

describe('a number', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['9007199254740993.0', 9007199254740992],
    ['1e3', 1000],
  ])('%s has the value %p', (text, value) => {
    expect(new NumberLiteral(text).value).toBe(value);
  });
});

test.each(['', '{', '[1,]', '01', '{"a":1 2}', 'NaN'])('%p is refused', (text) => {
  expect(() => parseJson(text)).toThrow(/^expected JSON: /);
});
