/** What peers do wrong, and what they may do at odd times: over real sockets, with frames written by hand. */
import { expect, test } from '@jest/globals';
import { encodeHeaders } from '../../src/hpack/hpack-encoder.js';
import { errorCode, flag, frameType, preface } from '../../src/http2/frames.js';
import {
  codeOf,
  data,
  frame,
  headers,
  ping,
  post,
  RawClient,
  request,
  reset,
  settings,
  windowUpdate,
} from './raw-client.js';
import { serverForEach } from './server-for-each.js';
import { answer, answerHeaders, trailers } from './test-server.js';

const served = serverForEach();
const { connected } = served;

/** The connection still serves. */
async function serves(client: RawClient, streamId: number): Promise<void> {
  client.write(request(streamId, '/bytes/3'));
  await client.ended(streamId);
  expect(client.dataBytes(streamId)).toBe(3);
}

const empty = Buffer.alloc(0);

test('trailers of the client end its request', async () => {
  const client = await connected(headers(1, post('/echo')), data(1, Buffer.from('abc')));
  client.write(headers(1, { 'x-end': 'yes' }, true));
  await client.ended(1);
  expect(client.dataBytes(1)).toBe(3);
});

test.each([
  ['a pseudo-header', { ':path': '/' }, true, errorCode.protocolError],
  ['a capital letter', { 'X-End': 'yes' }, true, errorCode.protocolError],
  ['no end of the stream', { 'x-end': 'yes' }, false, errorCode.protocolError],
])('trailers with %s end the stream alone', async (_what, fields, isLast, code) => {
  const client = await connected(headers(1, post('/echo')), headers(1, fields, isLast));
  expect(codeOf((await client.ended(1)).at(-1)!)).toBe(code);
  await serves(client, 3);
});

test.each([
  ['no path', { ':method': 'POST', ':scheme': 'http' }],
  ['an empty path', post('')],
  ['a capital letter', post('/echo', { 'X-Name': 'x' })],
  ['a header of HTTP/1.1', post('/echo', { connection: 'close' })],
  ['te other than trailers', post('/echo', { te: 'gzip' })],
  ['a pseudo-header after others', { 'x-name': 'x', ...post('/echo') }],
  ['an unknown pseudo-header', post('/echo', { ':status': '200' })],
  ['a line break', post('/echo', { 'x-name': 'a\r\nb' })],
  ['a length that is none', post('/echo', { 'content-length': '-1' })],
  ['a length that is not kept to', post('/echo', { 'content-length': '5' })],
])('a request with %s ends alone', async (_what, fields) => {
  const client = await connected(headers(1, fields, true));
  expect(codeOf((await client.ended(1)).at(-1)!)).toBe(errorCode.protocolError);
  await serves(client, 3);
});

test('more or less data than content-length says ends the stream', async () => {
  const client = await connected();
  for (const [id, length] of [
    [1, 2],
    [3, 4],
  ] as const)
    client.write(headers(id, post('/echo', { 'content-length': '3' })), data(id, Buffer.alloc(length), true));
  for (const id of [1, 3]) expect(codeOf((await client.ended(id)).at(-1)!)).toBe(errorCode.protocolError);
  client.write(headers(5, post('/echo', { 'content-length': '3' })), data(5, Buffer.alloc(3), true));
  await client.ended(5);
  expect(client.dataBytes(5)).toBe(3);
});

test.each([
  ['an even stream', request(2, '/echo'), errorCode.protocolError],
  ['stream 0', request(0, '/echo'), errorCode.protocolError],
  ['data of a stream that was not opened', data(5, empty), errorCode.protocolError],
  ['data of no stream', data(0, empty), errorCode.protocolError],
  ['a reset of a stream that was not opened', reset(5), errorCode.protocolError],
  ['a reset that is too short', frame(frameType.rstStream, 0, 1, Buffer.of(1)), errorCode.frameSizeError],
  ['a window of a stream that was not opened', windowUpdate(5, 1), errorCode.protocolError],
  ['a window that grows by nothing', windowUpdate(0, 0), errorCode.protocolError],
  ['a window that is too short', frame(frameType.windowUpdate, 0, 0, Buffer.of(1)), errorCode.frameSizeError],
  ['a ping that is too long', ping('123456789'), errorCode.frameSizeError],
  ['a ping of a stream', frame(frameType.ping, 0, 1, Buffer.alloc(8)), errorCode.protocolError],
  ['settings of a stream', frame(frameType.settings, 0, 1), errorCode.protocolError],
  ['settings cut off', frame(frameType.settings, 0, 0, Buffer.alloc(5)), errorCode.frameSizeError],
  [
    'settings acknowledged with others',
    frame(frameType.settings, flag.ack, 0, Buffer.alloc(6)),
    errorCode.frameSizeError,
  ],
  ['a window that is too large', settings([4, 2 ** 31]), errorCode.flowControlError],
  ['frames that are too short', settings([5, 16_383]), errorCode.protocolError],
  ['ENABLE_PUSH of 2', settings([2, 2]), errorCode.protocolError],
  ['a push', frame(frameType.pushPromise, 0, 1, Buffer.alloc(4)), errorCode.protocolError],
  ['a continuation of nothing', frame(frameType.continuation, 4, 1, empty), errorCode.protocolError],
  ['GOAWAY of a stream', frame(frameType.goaway, 0, 1, Buffer.alloc(8)), errorCode.protocolError],
  [
    'headers shorter than their padding',
    frame(frameType.headers, 4 | 8, 1, Buffer.of(9)),
    errorCode.protocolError,
  ],
  ['headers without their padding', frame(frameType.headers, 4 | 8, 1), errorCode.protocolError],
  [
    'headers shorter than their priority',
    frame(frameType.headers, 4 | 32, 1, Buffer.of(9)),
    errorCode.protocolError,
  ],
  [
    'a header block that cannot be read',
    frame(frameType.headers, 4, 1, Buffer.of(0x80)),
    errorCode.compressionError,
  ],
  [
    'another frame within headers',
    Buffer.concat([frame(frameType.headers, 0, 1, encodeHeaders([])), ping()]),
    errorCode.protocolError,
  ],
  [
    'data within headers',
    Buffer.concat([frame(frameType.headers, 0, 1, encodeHeaders([])), data(1, empty)]),
    errorCode.protocolError,
  ],
  [
    'data after the end of a stream that ended',
    Buffer.concat([request(1, '/bytes/0'), data(1, empty)]),
    errorCode.streamClosed,
  ],
])('%s ends the connection with its code and a reason', async (_what, bytes, code) => {
  const client = await connected(bytes);
  const [given, why] = await client.goaway();
  expect([given, why]).toEqual([code, expect.stringMatching(/\w+ \w+/)]);
  await client.closed;
});

test.each([
  ['data after the end of a request', [data(1, empty)], errorCode.streamClosed],
  ['headers after the end of a request', [headers(1, { a: 'b' }, true)], errorCode.streamClosed],
  ['a window that grows by nothing', [windowUpdate(1, 0)], errorCode.protocolError],
  ['a priority that is too short', [frame(frameType.priority, 0, 1, Buffer.of(1))], errorCode.frameSizeError],
  [
    'a dependence on itself',
    [frame(frameType.priority, 0, 1, Buffer.of(0, 0, 0, 1, 0))],
    errorCode.protocolError,
  ],
])('%s ends the stream and not the connection', async (_what, frames, code) => {
  const client = await connected(request(1, '/wait'), ...frames);
  expect(codeOf((await client.ended(1)).at(-1)!)).toBe(code);
  expect(served.server.seen[0]!.events).toEqual(['end', 'broken']);
  await serves(client, 3);
});

test('unknown frames, unknown settings, priorities and GOAWAY of the client change nothing', async () => {
  const client = await connected(
    frame(99, 255, 7, Buffer.from('whatever')),
    settings([99, 1]),
    frame(frameType.priority, 0, 9, Buffer.alloc(5)),
    frame(frameType.goaway, 0, 0, Buffer.alloc(8)),
  );
  await serves(client, 11);
});

test('headers in many parts are put together', async () => {
  const block = encodeHeaders(Object.entries(post('/bytes/3')).map(([name, value]) => ({ name, value })));
  const client = await connected(frame(frameType.headers, flag.endStream, 1, block.subarray(0, 1)));
  for (let at = 1; at < block.length; at++)
    client.write(
      frame(
        frameType.continuation,
        at + 1 === block.length ? flag.endHeaders : 0,
        1,
        block.subarray(at, at + 1),
      ),
    );
  await client.ended(1);
  expect(client.dataBytes(1)).toBe(3);
});

test('headers that are too large are answered, and the connection lives', async () => {
  const large = { name: 'x-large', value: 'x'.repeat(16_000) };
  const fields = [
    ...Object.entries(post('/echo')).map(([name, value]) => ({ name, value })),
    ...Array.from({ length: 5 }, () => large),
  ];
  const block = encodeHeaders(fields);
  const client = await connected(frame(frameType.headers, flag.endStream, 1, block.subarray(0, 16_384)));
  for (let at = 16_384; at < block.length; at += 16_384)
    client.write(
      frame(
        frameType.continuation,
        at + 16_384 >= block.length ? flag.endHeaders : 0,
        1,
        block.subarray(at, at + 16_384),
      ),
    );
  const [answered] = await client.ended(1);
  expect(client.fieldsOf(answered!)).toEqual({ ':status': '431' });
  await serves(client, 3);
});

test.each([
  ['empty', empty, 100],
  ['full', Buffer.alloc(16_384), 20],
])('endless headers in %s parts end the connection', async (_what, part, count) => {
  const client = await connected(frame(frameType.headers, 0, 1, empty));
  for (let i = 0; i < count; i++) client.write(frame(frameType.continuation, 0, 1, part));
  expect((await client.goaway())[0]).toBe(errorCode.enhanceYourCalm);
  await client.closed;
});

test.each([
  ['pings', () => ping()],
  ['settings', () => settings()],
  ['empty data', () => data(1, empty)],
  ['padding', () => frame(frameType.data, flag.padded, 1, Buffer.of(1, 0))],
  ['priorities', () => frame(frameType.priority, 0, 1, Buffer.alloc(5))],
  ['unknown frames', () => frame(99, 0, 0)],
])('a flood of %s ends the connection, and a few thousand do not', async (_what, make) => {
  const client = await connected(headers(1, post('/echo')));
  client.write(...Array.from({ length: 5000 }, make));
  await client.pong();
  client.write(...Array.from({ length: 50_000 }, make));
  expect((await client.goaway())[0]).toBe(errorCode.enhanceYourCalm);
  await client.closed;
});

test('requests that are given up as soon as they are made end the connection in the end', async () => {
  const client = await connected();
  for (let id = 1; id < 100_000; id += 2) client.write(request(id, '/wait'), reset(id));
  expect((await client.goaway())[0]).toBe(errorCode.enhanceYourCalm);
  await client.closed;
  expect(served.server.seen.length).toBeLessThan(20_000);
  expect(served.server.seen.every(({ events }) => events.at(-1) === 'broken')).toBe(true);
});

test('pings with every answer that is read are no flood', async () => {
  const client = await connected(windowUpdate(0, 2 ** 30));
  for (let id = 1; id < 50_000; id += 2) {
    client.write(request(id, '/bytes/1'), ping());
    if (id % 1000 === 1) await client.ended(id);
  }
  await client.pong();
  client.frames.length = 0;
  await serves(client, 50_001);
});

test.each([
  ['pings', () => ping()],
  ['requests that are answered at once', (i: number) => headers(2 * i + 1, post('/refuse'))],
])('a peer that sends %s and reads nothing is not kept', async (_what, make) => {
  const client = await connected();
  await client.pong();
  client.socket.pause();
  // The peer's end of the connection is not read from either once the server has had enough: writing then fails.
  const ended = client.closed.then(() => 'ended');
  for (let i = 0; i < 2_000_000 && !client.socket.destroyed; i += 1000) {
    client.write(...Array.from({ length: 1000 }, (_unused, each) => make(i + each)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.resume();
  expect(await ended).toBe('ended');
  const other = await connected();
  await serves(other, 1);
});

test('streams beyond the most are refused alone, and others go on', async () => {
  const client = await connected();
  for (let id = 1; id <= 2 * 1030; id += 2) client.write(request(id, '/wait'));
  const refused = await client.until(() => {
    const resets = client.frames.filter(({ type }) => type === frameType.rstStream);
    return resets.length === 6 && resets;
  });
  expect(refused.map((each) => [each.streamId, codeOf(each)])).toEqual(
    [2049, 2051, 2053, 2055, 2057, 2059].map((id) => [id, errorCode.refusedStream]),
  );
  answer(served.server.seen[0]!.stream, [Buffer.from('abc')]);
  await client.ended(1);
  await serves(client, 2061);
});

test('a reset while a reply is being sent ends it, and the connection goes on', async () => {
  const client = await connected(request(1, '/bytes/1000000'));
  await client.until(() => client.dataBytes(1) > 0);
  client.write(reset(1), windowUpdate(0, 2 ** 20));
  await serves(client, 3);
  expect(served.server.seen[0]!.events).toEqual(['end', 'broken']);
  expect(served.server.seen[0]!.stream.unsentBytes).toBe(0);
});

test('a request that is answered before it is there is told that nobody wants the rest', async () => {
  const client = await connected(headers(1, post('/refuse')));
  const frames = await client.until(() => client.of(1).length === 2 && client.of(1));
  expect(frames.map(({ type }) => type)).toEqual([frameType.headers, frameType.rstStream]);
  expect(codeOf(frames[1]!)).toBe(errorCode.noError);
  client.write(data(1, Buffer.from('rest')), headers(1, { a: 'b' }, true));
  await serves(client, 3);
});

test('what is written to a stream that is over goes nowhere', async () => {
  const client = await connected(request(1, '/wait'));
  await client.pong();
  const { stream } = served.server.seen[0]!;
  client.write(reset(1));
  await client.pong();
  answer(stream, [Buffer.from('late')]);
  stream.respondAndEnd(answerHeaders);
  stream.reset(errorCode.cancel);
  stream.consumed(100);
  stream.end(trailers);
  await serves(client, 3);
  expect(client.of(1)).toEqual([]);
});

test('20,000 requests and as many given up leave nothing behind', async () => {
  const client = await connected(windowUpdate(0, 2 ** 30));
  for (let id = 1; id < 40_000; id += 2) {
    client.write(request(id, '/bytes/5'));
    if (id % 400 === 1) await client.ended(id);
    client.frames.length = 0;
  }
  for (let id = 40_001; id < 50_000; id += 2) client.write(request(id, '/wait'), reset(id));
  await client.pong();
  client.end();
  // With a stream left it would wait.
  await served.server.drain();
  expect(served.server.seen.every(({ stream }) => stream.isOver)).toBe(true);
});

test('a preface in parts is waited for', async () => {
  const client = await RawClient.silent(served.server.address);
  for (const byte of preface) {
    client.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.write(settings());
  await serves(client, 1);
  client.end();
});
