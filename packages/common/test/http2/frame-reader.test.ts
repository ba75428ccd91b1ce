/** Bytes → frames, however the bytes are cut. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameReader, type FrameSink } from '../../src/http2/frame-reader.js';
import { errorCode, flag, frameType, preface } from '../../src/http2/frames.js';
import { Http2Error } from '../../src/http2/http2-error.js';
import { frame } from './raw-client.js';

/** What was read; the contents of one DATA frame as one. */
function reading(): { reader: FrameReader; events: unknown[] } {
  const events: unknown[] = [];
  let contents: Buffer[] = [];
  const sink: FrameSink = {
    dataBegins: (streamId, length) => events.push(['begins', streamId, length]),
    data: (piece) => contents.push(Buffer.from(piece)),
    dataEnds: (isLast) => {
      events.push(['ends', isLast, Buffer.concat(contents).toString('hex')]);
      contents = [];
    },
    frame: (type, flags, streamId, payload) => events.push([type, flags, streamId, payload.toString('hex')]),
  };
  return { reader: new FrameReader(sink), events };
}

function read(bytes: Buffer, cuts: readonly number[] = []): unknown[] {
  const { reader, events } = reading();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    if (end > from) reader.push(bytes.subarray(from, end));
    from = end;
  }
  return events;
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((each) => Buffer.from(each));
const streamId = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const padded = fc
  .record({ streamId, contents: bytes(100), padding: fc.integer({ min: 0, max: 255 }), isLast: fc.boolean() })
  .map(({ streamId: id, contents, padding, isLast }) => ({
    bytes: frame(
      frameType.data,
      flag.padded | (isLast ? flag.endStream : 0),
      id,
      Buffer.concat([Buffer.of(padding), contents, Buffer.alloc(padding)]),
    ),
    events: [
      ['begins', id, 1 + contents.length + padding],
      ['ends', isLast, contents.toString('hex')],
    ],
  }));
const unpadded = fc
  .record({ streamId, contents: bytes(300), isLast: fc.boolean() })
  .map(({ streamId: id, contents, isLast }) => ({
    bytes: frame(frameType.data, isLast ? flag.endStream : 0, id, contents),
    events: [
      ['begins', id, contents.length],
      ['ends', isLast, contents.toString('hex')],
    ],
  }));
const other = fc
  .record({
    streamId,
    payload: bytes(300),
    type: fc.integer({ min: 1, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ streamId: id, payload, type, flags }) => ({
    bytes: frame(type, flags, id, payload),
    events: [[type, flags, id, payload.toString('hex')]],
  }));
const frames = fc.array(fc.oneof(padded, unpadded, other), { maxLength: 10 });

test('any frames are read as they were written, however their bytes are cut', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 30 });
  fc.assert(
    fc.property(frames, cuts, (sent, where) => {
      const whole = Buffer.concat([preface, ...sent.map((each) => each.bytes)]);
      expect(read(whole, where)).toEqual(sent.flatMap(({ events }) => events));
    }),
    { numRuns: 500 },
  );
});

test('byte by byte', () => {
  const sent = Buffer.concat([
    preface,
    frame(frameType.data, flag.padded, 1, Buffer.from('\x02ab\0\0')),
    frame(frameType.ping, 0, 0, Buffer.from('12345678')),
  ]);
  expect(read(sent, [...sent.keys()])).toEqual([
    ['begins', 1, 5],
    ['ends', false, Buffer.from('ab').toString('hex')],
    [frameType.ping, 0, 0, Buffer.from('12345678').toString('hex')],
  ]);
});

test.each([
  ['no preface', Buffer.from('GET / HTTP/1.1\r\n\r\n'), errorCode.protocolError],
  [
    'a preface that goes wrong at its end',
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r!'),
    errorCode.protocolError,
  ],
  [
    'a frame that is too long',
    Buffer.concat([preface, Buffer.of(0, 0x40, 1, 0, 0, 0, 0, 0, 1)]),
    errorCode.frameSizeError,
  ],
  [
    'padding as long as the frame',
    Buffer.concat([preface, frame(frameType.data, flag.padded, 1, Buffer.from('\x03ab'))]),
    errorCode.protocolError,
  ],
  [
    'padding of a frame that is empty',
    Buffer.concat([preface, frame(frameType.data, flag.padded, 1)]),
    errorCode.protocolError,
  ],
])('%s is an error of the connection, however it is cut', (_what, sent, code) => {
  for (let cut = 0; cut <= sent.length; cut++) {
    const attempt = () => read(sent, [cut]);
    expect(attempt).toThrow(Http2Error);
    expect(attempt).toThrow(expect.objectContaining({ code, streamId: undefined }));
  }
});

test('padding alone is empty data', () => {
  expect(
    read(Buffer.concat([preface, frame(frameType.data, flag.padded, 1, Buffer.from('\x02\0\0'))])),
  ).toEqual([
    ['begins', 1, 3],
    ['ends', false, ''],
  ]);
});

test('nothing is read once it is stopped, not even in the middle of a chunk', () => {
  const events: number[] = [];
  const ignore = () => undefined;
  const reader = new FrameReader({
    dataBegins: ignore,
    data: ignore,
    dataEnds: ignore,
    frame: (type) => {
      events.push(type);
      reader.stop();
    },
  });
  reader.push(Buffer.concat([preface, frame(frameType.ping, 0, 0), frame(frameType.settings, 0, 0)]));
  reader.push(frame(frameType.settings, 0, 0));
  expect(events).toEqual([frameType.ping]);
});
