import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonCursor, type JsonOptions } from '../../src/json/json-cursor.js';
import { JsonError } from '../../src/json/json-error.js';
import { atOnce, eachElement, eachMember } from '../support/slices.js';
import { jsonError } from './json-error-matcher.js';
import { nextValue, type JsonValue } from './json-value.js';

function read(text: string | Uint8Array, options?: JsonOptions): JsonValue {
  const cursor = new JsonCursor(typeof text === 'string' ? Buffer.from(text) : text, options);
  const value = nextValue(cursor);
  cursor.end();
  return value;
}

/** JSON.parse's objects have a prototype, the cursor's none: compare as text, which also tells -0 from 0 apart from it. */
function sameAsParsed(text: string): void {
  expect(JSON.stringify(read(text))).toBe(JSON.stringify(JSON.parse(text)));
}

test('reads what JSON.parse reads, whatever the document and its white space', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t', '\r\n '), (text, space) => {
      sameAsParsed(JSON.stringify(JSON.parse(text), undefined, space));
    }),
  );
});

test('reads any text, escaped or not, as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = JSON.stringify(text).replaceAll(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      expect(read(JSON.stringify(text))).toBe(text);
      expect(read(escaped)).toBe(text);
    }),
  );
  expect(read('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00é😀"')).toBe('"\\/\b\f\n\r\té😀é😀');
});

test('members are handed out in order, with keys that JavaScript gives a meaning', () => {
  const cursor = new JsonCursor(Buffer.from(' {"b" : 1, "__proto__":{"a":[]} ,"":null}'));
  const keys: string[] = [];
  eachMember(cursor, (key) => {
    keys.push(`${key}:${cursor.kind()}`);
    atOnce(cursor.skip());
  });
  cursor.end();
  expect(keys).toEqual(['b:number', '__proto__:object', ':null']);
  const value = read('{"__proto__": {"polluted": true}}') as Record<string, unknown>;
  expect(Object.getPrototypeOf(value)).toBeNull();
  expect(Object.keys(value)).toEqual(['__proto__']);
});

test('elements are handed out with their index, and typed reads give their values', () => {
  const cursor = new JsonCursor(Buffer.from('[true, null,"x",-1.5,[ ],{ }]'));
  const seen: unknown[] = [];
  eachElement(cursor, (index) => {
    if (index === 0) seen.push(cursor.boolean());
    else if (index === 1) seen.push(cursor.null());
    else if (index === 2) seen.push(atOnce(cursor.string()));
    else if (index === 3) seen.push(cursor.number());
    else seen.push(nextValue(cursor));
  });
  cursor.end();
  expect(seen.slice(0, 5)).toEqual([true, null, 'x', -1.5, []]);
});

test('a byte order mark is skipped at the start, and nowhere else', () => {
  expect(read('\ufeff[1]')).toEqual([1]);
  expect(() => read('[\ufeff1]')).toThrow(jsonError(1, 'expected a value, given byte 0xef'));
});

test('offsets count from the first byte of the view', () => {
  const view = Buffer.from('xx[1,]').subarray(2);
  expect(() => read(view)).toThrow(jsonError(3, "at byte 3: expected a value, given ']'"));
});

const refusals: [text: string, at: number, message: string][] = [
  ['', 0, 'expected a value, given the end'],
  ['  ', 2, 'expected a value, given the end'],
  ['x', 0, "expected a value, given 'x'"],
  ['[1,]', 3, "expected a value, given ']'"],
  ['[,1]', 1, "expected a value, given ','"],
  ['[1 2]', 3, "expected ',' or ']', given '2'"],
  ['[1}', 2, "expected ',' or ']', given '}'"],
  ['{"a":1,}', 7, "expected '\"' of a key, given '}'"],
  ['{a:1}', 1, "expected '\"' of a key, given 'a'"],
  ['{"a" 1}', 5, "expected ':', given '1'"],
  ['{"a":1 "b":2}', 7, "expected ',' or '}', given '\"'"],
  ['{"a":}', 5, "expected a value, given '}'"],
  ['1 2', 2, "expected the end, given '2'"],
  ['[1]\0', 3, 'expected the end, given byte 0x00'],
  ['trux', 3, "expected 'e' of true, given 'x'"],
  ['nul', 3, "expected 'l' of null, given the end"],
  ['True', 0, "expected a value, given 'T'"],
  ['NaN', 0, "expected a value, given 'N'"],
  ['-Infinity', 1, "expected a digit, given 'I'"],
  ["'a'", 0, "expected a value, given '''"],
  ['/**/1', 0, "expected a value, given '/'"],
  ['"a', 2, "expected '\"' at the end of the string that began at byte 0, given the end"],
  ['"a\nb"', 2, 'expected control characters of a string as escapes, given byte 0x0a'],
  ['"\0"', 1, 'given byte 0x00'],
  ['"\\x"', 2, "after '\\', given 'x'"],
  ['"\\', 2, 'given the end'],
  ['"\\u12g4"', 5, "expected a hexadecimal digit, given 'g'"],
  ['"\\u12"', 5, "expected a hexadecimal digit, given '\"'"],
  ['"\\u12', 5, "expected '\"' at the end of the string that began at byte 0, given the end"],
  ['"\\ud800"', 1, 'expected both halves of a surrogate pair, given \\ud800 alone'],
  ['"a\\udc00"', 2, 'given \\udc00 alone'],
  ['"\\ud800\\ud800"', 1, 'given \\ud800 alone'],
  ['"\\udc00\\udc00"', 1, 'given \\udc00 alone'],
  ['\u00a01', 0, 'expected a value, given byte 0xc2'],
];

describe('errors say where, what was expected, and what was given', () => {
  test.each(refusals)('%j', (text, at, message) => {
    expect(() => read(text)).toThrow(jsonError(at, `at byte ${at}: `));
    expect(() => read(text)).toThrow(jsonError(at, message));
  });

  test('for a value of another kind', () => {
    const cursor = () => new JsonCursor(Buffer.from(' [null]'));
    expect(() => cursor().members()).toThrow(jsonError(1, 'expected an object, given an array'));
    expect(() => atOnce(cursor().string())).toThrow(jsonError(1, 'expected a string, given an array'));
    expect(() => cursor().number()).toThrow(jsonError(1, 'expected a number, given an array'));
    expect(() => cursor().boolean()).toThrow(jsonError(1, 'expected a boolean, given an array'));
    expect(() => cursor().null()).toThrow(jsonError(1, 'expected null, given an array'));
    expect(() => new JsonCursor(Buffer.from('null')).enterArray()).toThrow(
      jsonError(0, 'expected an array, given null'),
    );
  });

  test('for what only the caller can know', () => {
    const cursor = new JsonCursor(Buffer.from('{"shape": -1}'));
    eachMember(cursor, () => {
      cursor.kind();
      expect(cursor.error('expected a size').message).toBe('at byte 10: expected a size');
      atOnce(cursor.skip());
    });
  });
});

/** RFC 3629: overlong forms, surrogates, beyond the last code point, stray and missing continuation bytes. */
test.each([
  [0x80],
  [0xc0, 0xaf],
  [0xc1, 0xbf],
  [0xe0, 0x9f, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x8f, 0x80, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xff],
  [0xc3],
  [0xc3, 0x28],
  [0xe2, 0x82],
  [0xe2, 0x28, 0xa1],
  [0xf0, 0x9f, 0x98],
])('bytes of a string that are no UTF-8 are refused where they are: %#', (...bytes) => {
  const text = Buffer.concat([Buffer.from('"é€😀'), Buffer.from(bytes), Buffer.from('"')]);
  expect(() => read(text)).toThrow(jsonError(10, 'expected UTF-8, given byte 0x'));
  expect(() => read(Buffer.concat([text, text]))).toThrow(jsonError(10, 'expected UTF-8'));
});

test('a key that comes twice is refused, unless the caller wants both', () => {
  expect(() => read('{"a":1,"b":2,"a":3}')).toThrow(jsonError(13, 'expected each key once, given "a" again'));
  expect(() => read('{"a":1,"\\u0061":3}')).toThrow(jsonError(7, 'given "a" again'));
  expect(() => read('[{"":1},{"":1,"":2}]')).toThrow(jsonError(14, 'given "" again'));
  expect(read('[{"a":1},{"a":1}]')).toHaveLength(2);
  const cursor = new JsonCursor(Buffer.from('{"a":1,"a":2}'), { duplicateKeys: true });
  const values: [string, number][] = [];
  eachMember(cursor, (key) => values.push([key, cursor.number()]));
  expect(values).toEqual([
    ['a', 1],
    ['a', 2],
  ]);
});

test('arrays and objects may be nested as deeply as the caller says', () => {
  expect(read('[{"a":[1]}]', { maxDepth: 3 })).toHaveLength(1);
  expect(() => read('[{"a":[1]}]', { maxDepth: 2 })).toThrow(
    jsonError(6, 'expected at most 2 arrays and objects inside each other, given more'),
  );
  expect(read(`${'['.repeat(64)}${']'.repeat(64)}`)).toHaveLength(1);
  for (const opening of ['[', '{"a":']) {
    const deep = Buffer.from(opening.repeat(2_000_000));
    expect(() => read(deep)).toThrow(jsonError(64 * opening.length, 'at most 64'));
    expect(() => atOnce(new JsonCursor(deep).skip())).toThrow(jsonError(64 * opening.length, 'at most 64'));
  }
  // Neighbours are not inside each other.
  expect(read(`[${Array(1000).fill('[]').join()}]`)).toHaveLength(1000);
});

test('NaN and infinities are numbers only where the caller says so', () => {
  const options = { nonFinite: true };
  expect(read('[NaN, Infinity,-Infinity,-1]', options)).toEqual([NaN, Infinity, -Infinity, -1]);
  expect(() => read('[Nan]', options)).toThrow(jsonError(3, "expected 'N' of NaN, given 'n'"));
  expect(() => read('-Inf', options)).toThrow(jsonError(4, "expected 'i' of -Infinity, given the end"));
  expect(() => read('-NaN', options)).toThrow(jsonError(1, 'expected a digit'));
  expect(() => read('[Infinity]')).toThrow(jsonError(1, "expected a value, given 'I'"));
});

test('a document cut anywhere is refused, and so is one with any byte changed, or it is read as another', () => {
  const text =
    '\ufeff{"é\\u00e9\\ud83d\\ude00":[1,-2.5e-3,true,false,null,{"b64":"AA=="},[[]]], "x" : "😀\\n" }';
  const bytes = Buffer.from(text);
  for (let length = 0; length < bytes.length - 1; length++) {
    expect(() => read(bytes.subarray(0, length))).toThrow(JsonError);
  }
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [0, 0x20, 0x22, 0x2c, 0x5b, 0x5c, 0x65, 0x7d, 0x80, 0xff]) {
      const changed = Buffer.from(bytes);
      changed[at] = byte;
      onlyJsonErrors(changed);
    }
  }
});

test('random bytes are read or refused, and nothing else happens', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), onlyJsonErrors));
  const tokens = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '"',
    '1',
    '-',
    '.5',
    'e',
    'true',
    ' ',
    '\\',
    '\0',
  );
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 12 }), (parts) => onlyJsonErrors(Buffer.from(parts.join('')))),
  );
});

/** What it takes, JSON.parse takes as well; what that refuses, it refuses. */
function onlyJsonErrors(bytes: Uint8Array): void {
  let text: string | undefined;
  try {
    text = JSON.stringify(read(bytes));
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(JsonError);
    return;
  }
  expect(text).toBe(JSON.stringify(JSON.parse(new TextDecoder().decode(bytes))));
}
