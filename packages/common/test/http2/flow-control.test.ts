/** Windows, both ways: what is sent when, and what is held up by what. */
import { expect, test } from '@jest/globals';
import { defaultWindow, errorCode, flag, frameType, setting } from '../../src/http2/frames.js';
import { streamWindow } from '../../src/http2/server-stream.js';
import {
  codeOf,
  data,
  frame,
  headers,
  post,
  type RawClient,
  request,
  settings,
  windowUpdate,
} from './raw-client.js';
import { serverForEach } from './server-for-each.js';
import { answer, answerHeaders, trailers } from './test-server.js';

const served = serverForEach();
const { connected } = served;

const initialWindow = (bytes: number) => settings([setting.initialWindowSize, bytes]);
const isLast = (each: { flags: number } | undefined) => ((each?.flags ?? 0) & flag.endStream) !== 0;

test('a reply is headers, data in frames of the size that everybody takes, and trailers', async () => {
  const client = await connected(
    initialWindow(2 ** 20),
    windowUpdate(0, 2 ** 20),
    request(1, '/bytes/40000'),
  );
  const frames = await client.ended(1);
  expect(frames.map(({ type, flags, payload }) => [type, flags, payload.length])).toEqual([
    [frameType.headers, flag.endHeaders, answerHeaders.length],
    [frameType.data, 0, 16_384],
    [frameType.data, 0, 16_384],
    [frameType.data, 0, 40_000 - 2 * 16_384],
    [frameType.headers, flag.endHeaders | flag.endStream, trailers.length],
  ]);
});

test('SETTINGS_MAX_FRAME_SIZE of the peer makes frames longer, up to what holds up no other stream', async () => {
  const client = await connected(
    settings([setting.maxFrameSize, 2 ** 24 - 1], [setting.initialWindowSize, 2 ** 24]),
    windowUpdate(0, 2 ** 24),
    request(1, '/bytes/200000'),
  );
  await client.ended(1);
  const lengths = client.of(1, frameType.data).map(({ payload }) => payload.length);
  expect(lengths).toEqual([65_536, 65_536, 65_536, 200_000 - 3 * 65_536]);
});

test('a window of one byte at a time is kept to', async () => {
  const client = await connected(initialWindow(0), request(1, '/bytes/20'));
  for (let sent = 1; sent <= 20; sent++) {
    client.write(windowUpdate(1, 1));
    await client.until(() => client.dataBytes(1) === sent);
  }
  await client.ended(1);
  expect(client.of(1, frameType.data).map(({ payload }) => payload.length)).toEqual(
    Array<number>(20).fill(1),
  );
});

test('the window of the connection bounds all streams together', async () => {
  const client = await connected(
    initialWindow(2 ** 20),
    request(1, '/bytes/100000'),
    request(3, '/bytes/100000'),
  );
  const sent = () => client.dataBytes(1) + client.dataBytes(3);
  await client.until(() => sent() === defaultWindow);
  await client.pong();
  expect(sent()).toBe(defaultWindow);
  // Both wait now. What is given goes to them in turn.
  const [first, second] = [client.dataBytes(1), client.dataBytes(3)];
  client.write(windowUpdate(0, 50_000));
  await client.until(() => sent() === defaultWindow + 50_000);
  expect(Math.abs(client.dataBytes(1) - first - (client.dataBytes(3) - second))).toBeLessThanOrEqual(16_384);
  client.write(windowUpdate(0, 200_000));
  await Promise.all([client.ended(1), client.ended(3)]);
  expect(sent()).toBe(200_000);
});

test('new settings change the windows of streams there are, below nothing too', async () => {
  const client = await connected(initialWindow(1000), windowUpdate(0, 2 ** 20), request(1, '/bytes/5000'));
  await client.until(() => client.dataBytes(1) === 1000);
  // Now at 500 - 1000 = -500: what is given first fills the hole.
  client.write(initialWindow(500), windowUpdate(1, 500));
  await client.pong();
  expect(client.dataBytes(1)).toBe(1000);
  client.write(windowUpdate(1, 1));
  await client.until(() => client.dataBytes(1) === 1001);
  client.write(initialWindow(4499));
  await client.ended(1);
  expect(client.dataBytes(1)).toBe(5000);
});

test('settings are acknowledged before anything is sent by them', async () => {
  const client = await connected(initialWindow(0), request(1, '/bytes/5'));
  await client.pong();
  const before = client.frames.length;
  client.write(initialWindow(5));
  await client.ended(1);
  expect(client.frames.slice(before).map(({ type }) => type)).toEqual([
    frameType.settings,
    frameType.data,
    frameType.headers,
  ]);
});

test('a stream that waits for the connection is not sent from when its own window closes meanwhile', async () => {
  const client = await connected(initialWindow(100_000), request(1, '/bytes/90000'));
  await client.until(() => client.dataBytes(1) === defaultWindow);
  // Its window is 100 - 65535 now, and that of the connection opens.
  client.write(initialWindow(100), windowUpdate(0, 100_000), request(3, '/bytes/50'));
  await client.ended(3);
  await client.pong();
  expect([client.dataBytes(1), client.dataBytes(3)]).toEqual([defaultWindow, 50]);
  client.write(windowUpdate(1, 100_000));
  await client.ended(1);
  expect(client.dataBytes(1)).toBe(90_000);
});

test('trailers do not wait for the data of others', async () => {
  const client = await connected(initialWindow(2 ** 20), request(1, '/bytes/100000'), request(3, '/wait'));
  await client.until(() => client.dataBytes(1) === defaultWindow);
  await client.pong();
  const { stream } = served.server.seen[1]!;
  stream.respond(answerHeaders);
  stream.end(trailers);
  expect(isLast((await client.ended(3)).at(-1))).toBe(true);
});

test.each([
  ['a stream', 1],
  ['the connection', 0],
])('a window of %s that is too large is FLOW_CONTROL_ERROR', async (_what, streamId) => {
  const client = await connected(request(1, '/wait'), windowUpdate(streamId, 2 ** 31 - 1));
  if (streamId === 0) {
    expect((await client.goaway())[0]).toBe(errorCode.flowControlError);
    await client.closed;
  } else {
    expect(codeOf((await client.ended(1)).at(-1)!)).toBe(errorCode.flowControlError);
    await client.pong();
  }
});

test('settings that make a window too large end the connection', async () => {
  const client = await connected(
    request(1, '/wait'),
    windowUpdate(1, 2 ** 31 - 1 - defaultWindow),
    initialWindow(defaultWindow + 1),
  );
  expect((await client.goaway())[0]).toBe(errorCode.flowControlError);
});

test('a small reply is not behind a large one', async () => {
  const client = await connected(
    initialWindow(2 ** 30),
    windowUpdate(0, 2 ** 30),
    request(1, `/bytes/${50 * 2 ** 20}`),
  );
  await client.until(() => client.dataBytes(1) > 0);
  client.write(request(3, '/bytes/10'));
  await client.ended(3);
  expect(client.dataBytes(1)).toBeLessThan(25 * 2 ** 20);
  await client.ended(1);
  expect(client.dataBytes(1)).toBe(50 * 2 ** 20);
});

test('a peer that does not read holds up its own reply and nobody else', async () => {
  const sulking = await connected(initialWindow(2 ** 30), windowUpdate(0, 2 ** 30));
  await sulking.pong();
  sulking.socket.pause();
  sulking.write(request(1, `/bytes/${50 * 2 ** 20}`));
  const other = await connected(initialWindow(2 ** 20), windowUpdate(0, 2 ** 20));
  while (served.server.seen.length === 0) await other.pong();
  other.write(request(1, '/bytes/1000000'));
  await other.ended(1);
  expect(other.dataBytes(1)).toBe(1_000_000);
  // The system has taken what it takes, and the rest is where it was.
  expect(served.server.seen[0]!.stream.unsentBytes).toBeGreaterThan(30 * 2 ** 20);
  sulking.socket.resume();
  await sulking.ended(1);
  expect(sulking.dataBytes(1)).toBe(50 * 2 ** 20);
});

test('more data than the window of the stream is FLOW_CONTROL_ERROR of the stream', async () => {
  const client = await connected(headers(1, post('/slow')));
  const piece = Buffer.alloc(16_384);
  for (let sent = 0; sent < streamWindow; sent += piece.length) client.write(data(1, piece));
  await client.pong();
  expect(client.of(1)).toEqual([]);
  client.write(data(1, Buffer.of(1)));
  expect(codeOf((await client.ended(1)).at(-1)!)).toBe(errorCode.flowControlError);
  expect(served.server.seen[0]!.events).toEqual(['broken']);
  await client.pong();
});

test('padding is given back to both windows, as data is', async () => {
  const client = await connected(headers(1, post('/echo')));
  const padded = frame(
    frameType.data,
    flag.padded,
    1,
    Buffer.concat([Buffer.of(255), Buffer.from('x'), Buffer.alloc(255)]),
  );
  // Far more than either window holds, were it not.
  const times = Math.ceil((2 ** 24 * 1.2) / 257);
  let given = 0;
  let sent = 0;
  for (let i = 0; i < times; i++) {
    await client.until(() => {
      given = streamWindow + sum(client, 1);
      return sent + 257 <= given;
    });
    client.write(padded);
    sent += 257;
  }
  client.write(data(1, Buffer.alloc(0), true));
  await client.pong();
  expect(served.server.seen[0]!.bytes).toBe(times);
  expect(sum(client, 0)).toBeGreaterThan(2 ** 24);
});

function sum(client: RawClient, streamId: number): number {
  return client
    .of(streamId, frameType.windowUpdate)
    .reduce((total, { payload }) => total + payload.readUInt32BE(0), 0);
}

test('data of streams that have ended here is thrown away, and the window of the connection kept up', async () => {
  const client = await connected(headers(1, post('/refuse')));
  await client.ended(1);
  const before = sum(client, 0);
  const piece = data(1, Buffer.alloc(16_384));
  for (let i = 0; i < 600; i++) client.write(piece);
  client.write(data(1, Buffer.alloc(0), true), request(3, '/bytes/3'));
  await client.ended(3);
  expect(sum(client, 0) - before).toBeGreaterThanOrEqual(2 ** 23);
});

test('any number of small frames may be on their way for streams that have ended here', async () => {
  const client = await connected();
  const pieces = Array.from({ length: 200 }, () => Buffer.from('x'));
  for (let id = 1; id < 200; id += 2)
    client.write(
      headers(id, post('/refuse')),
      ...pieces.map((piece) => data(id, piece)),
      data(id, Buffer.alloc(0), true),
    );
  client.write(request(201, '/bytes/3'));
  await client.ended(201);
});

test('a listener may write, end and reset within any of its callbacks', async () => {
  const client = await connected(
    headers(1, post('/wait')),
    headers(3, post('/wait')),
    headers(5, post('/wait')),
  );
  await client.pong();
  const [first, second, third] = served.server.seen.map(({ stream }) => stream);
  const ignore = {
    data: () => undefined,
    end: () => undefined,
    drained: () => undefined,
    broken: () => undefined,
  };
  first!.listen({ ...ignore, data: () => answer(first!, [Buffer.from('early')]) });
  second!.listen({ ...ignore, data: () => second!.reset(errorCode.cancel) });
  let rounds = 0;
  third!.respond(answerHeaders);
  third!.listen({
    ...ignore,
    data: () => third!.write([Buffer.from('.')]),
    drained: () => (++rounds < 100 ? third!.write([Buffer.from('.')]) : third!.end(trailers)),
  });
  for (const id of [1, 3, 5]) client.write(data(id, Buffer.from('go'), id === 1));
  await Promise.all([1, 3, 5].map((id) => client.ended(id)));
  expect([client.dataBytes(1), codeOf(client.of(3).at(-1)!), client.dataBytes(5)]).toEqual([
    5,
    errorCode.cancel,
    100,
  ]);
  await client.pong();
});
