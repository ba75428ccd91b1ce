import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeBase64 } from '../../src/json/base64.js';
import { atOnce } from '../support/slices.js';

const decoded = (text: string) => atOnce(decodeBase64(Buffer.from(text)));

test('any bytes come back from their base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(Buffer.from(decoded(Buffer.from(bytes).toString('base64')))).toEqual(Buffer.from(bytes));
    }),
  );
});

test('unused bits of the last character may be anything', () => {
  expect([...decoded('QR==')]).toEqual([0x41]);
  expect([...decoded('QUJ=')]).toEqual([0x41, 0x42]);
});

test.each([
  ['A', 'expected a multiple of 4 characters of base64, given 1'],
  ['QUI', 'given 3'],
  ['QUI=\n', 'given 5'],
  ['QQ==QQ==', `expected '=' of base64 only at the end, given "=" as character 2`],
  ['Q===', 'only at the end'],
  ['====', 'only at the end'],
  ['QQ=A', 'only at the end'],
  ['Q_-A', 'expected letters, digits, + and / of base64, given "_" as character 1'],
  ['QQ A', 'given " " as character 2'],
  ['QQ\n=', 'given "\\n" as character 2'],
  ['QQé=', 'given "é" as character 2'],
  ['Q😀A', 'given "😀" as character 1'],
])('%j is refused', (text, message) => {
  expect(() => decoded(text)).toThrow(expect.objectContaining({ name: 'Base64Error' }));
  expect(() => decoded(text)).toThrow(message);
});
