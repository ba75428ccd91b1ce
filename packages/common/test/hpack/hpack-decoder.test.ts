/** Header blocks of others: the examples of RFC 7541, what is malformed, what is too large. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HpackDecoder } from '../../src/hpack/hpack-decoder.js';
import { encodeHeaders } from '../../src/hpack/hpack-encoder.js';
import { errorCode } from '../../src/http2/frames.js';
import { Http2Error } from '../../src/http2/http2-error.js';
import { sequences, singles, type Example } from './rfc7541-examples.js';

const plenty = 2 ** 16;

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

function decoded(decoder: HpackDecoder, block: string | Buffer) {
  const { fields } = decoder.decode(typeof block === 'string' ? bytesOf(block) : block);
  return fields.map(({ name, value }) => [name, value]);
}

/** A literal that goes into the table, its strings not Huffman-coded; both are shorter than 127 bytes. */
function remembered(name: string, value: string): Buffer {
  const text = (each: string) => Buffer.concat([Buffer.from([each.length]), Buffer.from(each)]);
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

test.each(singles)('reads $section', ({ block, fields }: Example) => {
  expect(decoded(new HpackDecoder(plenty), block)).toEqual(fields);
});

test.each(Object.entries(sequences))('reads %s', (_name, examples) => {
  const decoder = new HpackDecoder(plenty);
  for (const { block, fields } of examples) expect(decoded(decoder, block)).toEqual(fields);
});

test.each(Object.entries(sequences).slice(2))(
  'evicts as in %s, whose table has 256 bytes',
  (_name, examples) => {
    const decoder = new HpackDecoder(plenty);
    const resized = Buffer.concat([bytesOf('3fe1 01'), bytesOf(examples[0]!.block)]);
    expect(decoded(decoder, resized)).toEqual(examples[0]!.fields);
    for (const { block, fields } of examples.slice(1)) expect(decoded(decoder, block)).toEqual(fields);
    // What the RFC shows of the table after the third: set-cookie, content-encoding, date, and nothing else.
    expect(decoded(decoder, 'be bf c0').map(([name]) => name)).toEqual([
      'set-cookie',
      'content-encoding',
      'date',
    ]);
    expect(() => decoder.decode(bytesOf('c1'))).toThrow('there is no header 65');
  },
);

test.each([
  ['index 0', '80', 'there is no header 0'],
  ['an index beyond the static table, with nothing in the other', 'be', 'there is no header 62'],
  ['the name of an index that is not there', '7f 20 01 61', 'there is no header 95'],
  ['nothing after the beginning of a literal', '40', 'it ends in the middle of a header'],
  ['a name that is cut off', '40 05 61 62', 'it ends in the middle of a header'],
  ['no value', '40 01 61', 'it ends in the middle of a header'],
  ['a number that is cut off', 'ff', 'it ends in the middle of a header'],
  ['a number that goes on after its end', 'ff ff ff ff', 'it ends in the middle of a header'],
  ['a number of too many bytes', 'ff 80 80 80 80 01', 'it has a number that is too large'],
  ['a string of a length beyond all', '00 7f ff ff ff 7f', 'it ends in the middle of a header'],
  ['a table larger than it may be', '3f e2 1f', 'its table is to have 4097 bytes, expected at most 4096'],
  ['a change of the table after a header', '82 20', 'its table changes its size after a header'],
])('%s is COMPRESSION_ERROR', (_what, block, why) => {
  const decode = () => new HpackDecoder(plenty).decode(bytesOf(block));
  expect(decode).toThrow(`a header block cannot be read: ${why}`);
  expect(decode).toThrow(expect.objectContaining({ code: errorCode.compressionError, streamId: undefined }));
});

test.each([
  ['padding of zeros', '00 01 61 81 18'],
  ['padding of more than seven ones', '00 01 61 82 1f ff'],
  ['padding that is the whole string', '00 01 61 81 ff'],
  ['the end of the string within it', '00 01 61 84 ff ff ff ff'],
])('Huffman coding with %s is COMPRESSION_ERROR', (_what, block) => {
  expect(() => new HpackDecoder(plenty).decode(bytesOf(block))).toThrow(
    expect.objectContaining({ code: errorCode.compressionError }),
  );
});

test('a table of no bytes forgets all, and keeps nothing', () => {
  const decoder = new HpackDecoder(plenty);
  decoder.decode(remembered('a', 'b'));
  expect(decoded(decoder, 'be')).toEqual([['a', 'b']]);
  expect(decoded(decoder, Buffer.concat([bytesOf('20'), remembered('c', 'd')]))).toEqual([['c', 'd']]);
  expect(() => decoder.decode(bytesOf('be'))).toThrow('there is no header 62');
});

test('the table may change twice at the beginning of a block, as it does when it is emptied on the way', () => {
  const decoder = new HpackDecoder(plenty);
  decoder.decode(remembered('a', 'b'));
  expect(
    decoded(decoder, Buffer.concat([bytesOf('20 3fe1 1f'), remembered('c', 'd'), bytesOf('be')])),
  ).toEqual([
    ['c', 'd'],
    ['c', 'd'],
  ]);
});

test('a header larger than the table is read, and empties the table', () => {
  const decoder = new HpackDecoder(plenty);
  decoder.decode(Buffer.concat([bytesOf('3f 21'), remembered('a', 'b')]));
  expect(decoded(decoder, remembered('c', 'd'.repeat(64)))).toEqual([['c', 'd'.repeat(64)]]);
  expect(() => decoder.decode(bytesOf('be'))).toThrow('there is no header 62');
});

test('headers beyond the limit are left out, and the table keeps in step', () => {
  const decoder = new HpackDecoder(100);
  const { fields, isTooLarge } = decoder.decode(
    Buffer.concat([remembered('a', 'x'.repeat(60)), remembered('b', 'y'), remembered('c', 'z')]),
  );
  expect([fields.map(({ name }) => name), isTooLarge]).toEqual([['a'], true]);
  expect([decoded(decoder, 'be'), decoded(decoder, 'bf')]).toEqual([[['c', 'z']], [['b', 'y']]]);
});

test('a small block that stands for very much is counted, not kept', () => {
  const decoder = new HpackDecoder(plenty);
  decoder.decode(remembered('a', 'x'.repeat(100)));
  const { fields, isTooLarge } = decoder.decode(Buffer.alloc(2 ** 17, 0xbe));
  expect(isTooLarge).toBe(true);
  expect(fields.length).toBeLessThan(plenty / 100);
});

const latin1 = (options: { minLength: number; maxLength: number }) =>
  fc.uint8Array(options).map((bytes) => Buffer.from(bytes).toString('latin1'));
const field = fc.record({
  name: fc.oneof(
    fc.constantFrom(':status', ':path', 'content-type', 'www-authenticate', 'grpc-status'),
    latin1({ minLength: 1, maxLength: 40 }),
  ),
  value: fc.oneof(
    fc.constantFrom('200', '/', 'application/grpc', ''),
    latin1({ minLength: 0, maxLength: 300 }),
  ),
});

test('what is encoded decodes to the same', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      expect(new HpackDecoder(plenty).decode(encodeHeaders(fields)).fields).toEqual(fields);
    }),
  );
});

test.each([126, 127, 254, 255, 16_383, 16_384])('a value of %i bytes is encoded', (length) => {
  const fields = [{ name: 'x', value: 'v'.repeat(length) }];
  expect(new HpackDecoder(plenty).decode(encodeHeaders(fields)).fields).toEqual(fields);
});

test('a value that is longer than is sent is refused', () => {
  expect(() => encodeHeaders([{ name: 'x', value: 'v'.repeat(16_385) }])).toThrow(
    'a header has 16385 bytes, expected at most 16384',
  );
});

test('whatever comes, it is read or an Http2Error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 5 }), (blocks) => {
      const decoder = new HpackDecoder(1000);
      try {
        for (const block of blocks) decoder.decode(Buffer.from(block));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Http2Error);
        expect(thrown).toMatchObject({ code: errorCode.compressionError });
      }
    }),
    { numRuns: 2000 },
  );
});
