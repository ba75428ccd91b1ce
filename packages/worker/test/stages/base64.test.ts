import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { base64Decode, base64Encode } from '../../src/stages/base64.js';

test('bytes come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect([...base64Decode()(base64Encode()(bytes))]).toEqual([...bytes]);
    }),
  );
});

test('the URL-safe alphabet and missing padding are read too', () => {
  expect([...base64Decode()('-_8')]).toEqual([0xfb, 0xff]);
});

test.each(['a*b=', 'YQ= =', 'Y', 'YQ==YQ=='])('%p is no base64 text', (text) => {
  expect(() => base64Decode()(text)).toThrow('expected base64 text, given other text');
});

test('values of another kind are refused', () => {
  expect(() => base64Decode()(1 as unknown as string)).toThrow('expected base64 text, given number');
  expect(() => base64Encode()('text' as unknown as Uint8Array)).toThrow('expected bytes, given string');
});
