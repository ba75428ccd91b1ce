import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { joinElements, splitElements } from '../../../src/frontend/inference/bytes-elements.js';

test('elements come back as they went', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (elements) => {
      const raw = Buffer.concat(joinElements(elements));
      expect(raw.length).toBe(elements.reduce((sum, element) => sum + 4 + element.length, 0));
      const back = splitElements(raw, elements.length, 'x');
      expect(back.map((element) => [...element])).toEqual(elements.map((element) => [...element]));
    }),
  );
});

test('any bytes are elements or a clear error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(5), (raw, count) => {
      try {
        const elements = splitElements(raw, count, 'x');
        expect(Buffer.concat(joinElements(elements)).equals(raw)).toBe(true);
        expect(elements).toHaveLength(count);
      } catch (thrown) {
        expect(thrown).toMatchObject({
          code: 'INVALID_TENSOR',
          message: expect.stringMatching(/^x: .*expected /),
        });
      }
    }),
  );
});

test.each([
  [
    'a length that is cut off',
    [1, 0, 0],
    1,
    'element 0: expected a length in 4 bytes and as many bytes after it, given 3 bytes',
  ],
  [
    'a length beyond the end',
    [2, 0, 0, 0, 9],
    1,
    'element 0: expected a length in 4 bytes and as many bytes after it, given 5 bytes',
  ],
  [
    'a huge length',
    [255, 255, 255, 255, 9],
    1,
    'element 0: expected a length in 4 bytes and as many bytes after it, given 5 bytes',
  ],
  ['too few', [0, 0, 0, 0], 2, 'expected 2 elements of BYTES, given 1'],
  ['too many', [0, 0, 0, 0, 1], 1, 'expected 1 elements of BYTES, given 1 bytes more'],
  [
    'more than are taken',
    [],
    1_000_001,
    'expected at most 1000000 elements of BYTES in a tensor, given 1000001',
  ],
])('%s', (_, raw, count, error) => {
  expect(() => splitElements(Uint8Array.from(raw), count, 'x')).toThrow(`x: ${error}`);
});
