/** Calls as they are on the wire: how messages are cut and compressed, and what is wrong with a call. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client, credentials, status } from '@grpc/grpc-js';
import { deflateSync, gzipSync } from 'node:zlib';
import { encodeHeaders } from '../../src/hpack/hpack-encoder.js';
import { flag, frameType, setting } from '../../src/http2/frames.js';
import { createGrpcServer } from '../../src/rpc/grpc-server.js';
import type { RpcCall, RpcRoute, RpcServer } from '../../src/rpc/rpc-handler.js';
import { deferred } from '../deferred.js';
import { frame, post, reset, settings, windowUpdate } from '../http2/raw-client.js';
import { framed, RawCaller } from './raw-call.js';

const maxMessageBytes = 100_000;
const internal: unknown[] = [];
let server: RpcServer;
let address: string;
let caller: RawCaller;
let calls: RpcCall[];

const routes: readonly RpcRoute[] = [
  {
    kind: 'unary',
    path: '/test/Unary',
    handle(call, message) {
      calls.push(call);
      return { status: 0, body: [message] };
    },
  },
  {
    kind: 'unary',
    path: '/test/Never',
    handle: () => new Promise(() => undefined),
  },
  {
    kind: 'unary',
    path: '/test/Throwing',
    handle: (call) => {
      call.signal.onAbort(() => {
        throw new Error('a mistake of a listener');
      });
      calls.push(call);
      return new Promise(() => undefined);
    },
  },
  { kind: 'stream', path: '/test/Unread', handle: () => new Promise(() => undefined) },
  {
    kind: 'stream',
    path: '/test/Stream',
    async handle(call, stream) {
      calls.push(call);
      for await (const message of stream.messages) await stream.send(message);
      return { status: 0 };
    },
  },
];

const opened = () => settings([setting.initialWindowSize, 2 ** 28], [setting.maxFrameSize, 2 ** 20]);

async function serve(
  options: { maxMessageBytes?: number; graceMs?: number; maxBytes?: number } = {},
): Promise<void> {
  const { maxBytes = 2 ** 30, graceMs = 60_000 } = options;
  server = createGrpcServer({
    address: '127.0.0.1:0',
    maxMessageBytes: options.maxMessageBytes ?? maxMessageBytes,
    routes,
    unfinished: { maxBytes, graceMs },
    onInternalError: (error) => internal.push(error),
  });
  address = await server.start();
  caller = await RawCaller.connect(address, opened(), windowUpdate(0, 2 ** 28));
}

async function stop(): Promise<void> {
  caller.end();
  await server.stop(0);
}

beforeEach(async () => {
  calls = [];
  internal.length = 0;
  await serve();
});

afterEach(stop);

const ok = (...messages: readonly string[]) => ({
  fields: { 'grpc-status': '0' },
  messages,
  reset: undefined,
});
const ends = (code: number, text: string | RegExp) => ({
  fields: expect.objectContaining({
    'grpc-status': String(code),
    'grpc-message': typeof text === 'string' ? text : expect.stringMatching(text),
  }),
  messages: [],
});
const zip = { gzip: gzipSync, deflate: deflateSync };
const encodings = ['gzip', 'deflate'] as const;

test.each(['/test/Unary', '/test/Stream'])('a message to %s may be cut anywhere', async (path) => {
  const bytes = framed(Buffer.from('hello'));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const id = caller.open(path);
    caller.send(id, bytes.subarray(0, cut));
    await caller.client.pong();
    caller.send(id, bytes.subarray(cut), true);
    expect(await caller.ended(id)).toEqual(ok('hello'));
  }
});

test('messages of a stream may be cut anywhere, and come in one piece', async () => {
  const bytes = Buffer.concat(['', 'one', 'two'].map((text) => framed(Buffer.from(text))));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const id = caller.open('/test/Stream');
    caller.send(id, bytes.subarray(0, cut));
    caller.send(id, bytes.subarray(cut), true);
    expect(await caller.ended(id)).toEqual(ok('', 'one', 'two'));
  }
});

test.each(encodings)('messages compressed by %s are taken', async (encoding) => {
  for (const path of ['/test/Unary', '/test/Stream'])
    for (const text of ['', 'x', 'y'.repeat(50_000)])
      expect(await caller.call(path, framed(zip[encoding](text), 1), { 'grpc-encoding': encoding })).toEqual(
        ok(text),
      );
});

test.each(encodings)('a real client that compresses by %s is served', async (encoding) => {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': encoding === 'gzip' ? 2 : 1,
    'grpc.use_local_subchannel_pool': 1,
  });
  const same = (bytes: Buffer) => bytes;
  const answered = deferred<unknown>();
  client.makeUnaryRequest('/test/Unary', same, same, Buffer.alloc(50_000, 'z'), (error, reply) =>
    answered.resolve(error ?? reply),
  );
  expect(await answered.promise).toEqual(Buffer.alloc(50_000, 'z'));
  expect(calls[0]!.metadata('grpc-encoding')).toBe(encoding);
  client.close();
});

test('compressed and plain messages of a stream come in their order', async () => {
  const texts = Array.from({ length: 30 }, (_, i) => `${i} `.repeat(i % 3 === 0 ? 3000 : 1));
  const bytes = texts.map((text, i) => (i % 3 === 1 ? framed(Buffer.from(text)) : framed(gzipSync(text), 1)));
  expect(
    await caller.call('/test/Stream', Buffer.concat(bytes).subarray(0), { 'grpc-encoding': 'gzip' }),
  ).toEqual(ok(...texts));
});

test('a few bytes that stand for very many are RESOURCE_EXHAUSTED', async () => {
  const bomb = framed(gzipSync(Buffer.alloc(2 ** 23)), 1);
  for (const path of ['/test/Unary', '/test/Stream'])
    expect(await caller.call(path, bomb, { 'grpc-encoding': 'gzip' })).toMatchObject(
      ends(
        status.RESOURCE_EXHAUSTED,
        `Received message larger than max (once decompressed; ${maxMessageBytes} bytes)`,
      ),
    );
  const most = gzipSync(Buffer.alloc(maxMessageBytes, 'm'));
  expect(await caller.call('/test/Unary', framed(most, 1), { 'grpc-encoding': 'gzip' })).toEqual(
    ok('m'.repeat(maxMessageBytes)),
  );
});

test('what is decompressed counts as on its way', async () => {
  await stop();
  await serve({ maxBytes: 60_000 });
  const message = framed(gzipSync(Buffer.alloc(90_000)), 1);
  for (const path of ['/test/Unary', '/test/Stream'])
    expect(await caller.call(path, message, { 'grpc-encoding': 'gzip' })).toMatchObject(
      ends(status.RESOURCE_EXHAUSTED, /^requests on their way to this server hold more than 60000 bytes/),
    );
  // All of it was given back.
  const small = framed(gzipSync(Buffer.alloc(40_000, 's')), 1);
  for (let i = 0; i < 5; i++)
    for (const path of ['/test/Unary', '/test/Stream'])
      expect(await caller.call(path, Buffer.concat([small]), { 'grpc-encoding': 'gzip' })).toEqual(
        ok('s'.repeat(40_000)),
      );
});

test.each(['/test/Unary', '/test/Stream'])('what is no gzip, or cut off, is INTERNAL: %s', async (path) => {
  for (const bytes of [Buffer.from('no gzip'), gzipSync('cut off').subarray(0, 12)])
    expect(await caller.call(path, framed(bytes, 1), { 'grpc-encoding': 'gzip' })).toMatchObject(
      ends(status.INTERNAL, /^a message cannot be decompressed: \w+/),
    );
});

test('an encoding that is not known is UNIMPLEMENTED and told which are', async () => {
  const id = caller.open('/test/Unary', { 'grpc-encoding': 'snappy' });
  const { fields } = await caller.ended(id);
  expect(fields).toMatchObject({
    'grpc-status': String(status.UNIMPLEMENTED),
    'grpc-message': 'messages are compressed by snappy, expected one of: identity,gzip,deflate',
    'grpc-accept-encoding': 'identity,gzip,deflate',
  });
});

test.each<Record<string, string>>([{}, { 'grpc-encoding': 'identity' }])(
  'a compressed message with %j is INTERNAL',
  async (more) => {
    expect(await caller.call('/test/Unary', framed(gzipSync('x'), 1), more)).toMatchObject(
      ends(status.INTERNAL, 'a message is compressed, but grpc-encoding names no way'),
    );
  },
);

test.each([
  ['no message', Buffer.alloc(0), status.UNIMPLEMENTED, 'expected one message, given none'],
  [
    'two',
    Buffer.concat([framed(Buffer.of(1)), framed(Buffer.of(2))]),
    status.UNIMPLEMENTED,
    'expected one message, given several',
  ],
  [
    'a part of a prefix',
    framed(Buffer.of(1)).subarray(0, 3),
    status.INTERNAL,
    'the request ends in the middle of a message',
  ],
  [
    'a part of a message',
    framed(Buffer.of(1), 0, 9),
    status.INTERNAL,
    'the request ends in the middle of a message',
  ],
  [
    'a message that is too large',
    framed(Buffer.of(1), 0, 2 ** 32 - 1),
    status.RESOURCE_EXHAUSTED,
    `Received message larger than max (${2 ** 32 - 1} vs. ${maxMessageBytes})`,
  ],
])('a unary call with %s ends with its status', async (_what, bytes, code, text) => {
  expect(await caller.call('/test/Unary', bytes)).toMatchObject(ends(code, text));
  expect(calls).toEqual([]);
});

test('a stream that ends in the middle of a message gets those before it', async () => {
  const { fields } = await caller.call(
    '/test/Stream',
    Buffer.concat([framed(Buffer.of(1)), Buffer.of(0, 0)]),
  );
  expect(fields['grpc-status']).toBe(String(status.INTERNAL));
});

test.each(['text/plain', 'application/json', ''])('a content-type of %j is 415', async (type) => {
  const id = caller.open('/test/Unary', { 'content-type': type });
  expect((await caller.ended(id)).fields).toEqual({
    ':status': '415',
    'grpc-status': '3',
    'grpc-message': `expected content-type application/grpc, given "${type}"; HTTP requests are taken on another port, by --rest`,
  });
});

test.each(['', '1', 'S', '-1S', '1.5S', '123456789S', '1s', '1 S'])(
  'a timeout of %j is refused',
  async (timeout) => {
    expect(await caller.call('/test/Unary', framed(Buffer.of(1)), { 'grpc-timeout': timeout })).toMatchObject(
      ends(
        status.INTERNAL,
        `grpc-timeout: expected up to eight digits and one of H, M, S, m, u, n, given '${timeout}'`,
      ),
    );
  },
);

test('metadata reaches the handler, binary values as their base64', async () => {
  const value = Buffer.from([0, 255, 128, 10]).toString('base64');
  await caller.call('/test/Unary', framed(Buffer.of(1)), { 'x-trace-bin': value, 'x-text': 'a b' });
  expect([calls[0]!.metadata('x-trace-bin'), calls[0]!.metadata('x-text')]).toEqual([value, 'a b']);
});

test('metadata of more than 64 KiB is RESOURCE_EXHAUSTED, and the connection goes on', async () => {
  const large = ['1', '2', '3', '4', '5'].map((name) => ({ name: `x-${name}`, value: 'v'.repeat(16_000) }));
  const fields = Object.entries(post('/test/Unary', { 'content-type': 'application/grpc' }));
  const block = encodeHeaders([...fields.map(([name, value]) => ({ name, value })), ...large]);
  caller.client.write(frame(frameType.headers, flag.endStream, 1, block.subarray(0, 16_384)));
  for (let at = 16_384; at < block.length; at += 16_384) {
    const isWhole = at + 16_384 >= block.length;
    const part = block.subarray(at, at + 16_384);
    caller.client.write(frame(frameType.continuation, isWhole ? flag.endHeaders : 0, 1, part));
  }
  expect(await caller.ended(1)).toMatchObject(
    ends(status.RESOURCE_EXHAUSTED, 'the headers of the request are too large'),
  );
  caller.open('/test/Unary');
  expect(await caller.call('/test/Unary', framed(Buffer.from('next')))).toEqual(ok('next'));
});

test('a deadline passes while the request is still arriving', async () => {
  for (const path of ['/test/Unary', '/test/Stream']) {
    const id = caller.open(path, { 'grpc-timeout': '50m' });
    caller.send(id, framed(Buffer.of(1), 0, 100));
    expect(await caller.ended(id)).toMatchObject(ends(status.DEADLINE_EXCEEDED, 'Deadline exceeded'));
    caller.send(id, Buffer.alloc(99), true);
  }
  expect(await caller.call('/test/Unary', framed(Buffer.from('next')))).toEqual(ok('next'));
});

test('a deadline that passes while the reply is being sent cuts nothing off', async () => {
  const slow = await RawCaller.connect(address, settings([setting.initialWindowSize, 10]));
  const id = slow.open('/test/Unary', { 'grpc-timeout': '50m' });
  slow.send(id, framed(Buffer.alloc(1000, 'r')), true);
  await slow.client.until(() => slow.client.dataBytes(id) === 10);
  // A call with the same timeout, made later, has run out of time: so has this one.
  const other = caller.open('/test/Never', { 'grpc-timeout': '50m' });
  caller.send(other, framed(Buffer.of(1)), true);
  await caller.ended(other);
  slow.client.write(windowUpdate(id, 1000));
  expect(await slow.ended(id)).toEqual(ok('r'.repeat(1000)));
  expect(calls[0]!.signal.aborted).toBe(false);
  slow.end();
});

test('a listener of the signal that throws is told of, and the call ends all the same', async () => {
  const id = caller.open('/test/Throwing', { 'grpc-timeout': '50m' });
  caller.send(id, framed(Buffer.of(1)), true);
  expect(await caller.ended(id)).toMatchObject(ends(status.DEADLINE_EXCEEDED, 'Deadline exceeded'));
  const second = caller.open('/test/Throwing');
  caller.send(second, framed(Buffer.of(1)), true);
  await caller.client.pong();
  caller.client.write(reset(second));
  await caller.client.pong();
  expect(internal).toEqual(
    [1, 2].map(() => expect.objectContaining({ cause: new Error('a mistake of a listener') })),
  );
  expect(calls[1]!.signal.aborted).toBe(true);
  expect(await server.stop(60_000)).toBe(0);
});

test('a message of 100 MiB goes in and out', async () => {
  await stop();
  await serve({ maxMessageBytes: 100 * 2 ** 20 });
  const id = caller.open('/test/Unary');
  const message = framed(Buffer.alloc(100 * 2 ** 20, 'L'));
  let given = 2 ** 20;
  let updates = 0;
  for (let at = 0; at < message.length; at += 16_384) {
    const piece = message.subarray(at, at + 16_384);
    await caller.client.until(() => {
      const own = caller.client.of(id, frameType.windowUpdate);
      for (; updates < own.length; updates++) given += own[updates]!.payload.readUInt32BE(0);
      return given >= at + piece.length;
    });
    caller.send(id, piece, at + piece.length === message.length);
  }
  await caller.client.ended(id);
  expect(caller.client.dataBytes(id)).toBe(message.length);
});

test('empty messages that nobody reads are held up like others', async () => {
  const id = caller.open('/test/Unread');
  await caller.client.pong();
  // As many as the window takes, and a window for which room was made while few were there.
  const many = Buffer.alloc(16_000);
  for (let sent = 0; sent < 2 ** 20 - many.length; sent += many.length) caller.send(id, many);
  await caller.client.pong();
  const given = caller.client.of(id, frameType.windowUpdate);
  expect(given.map(({ payload }) => payload.readUInt32BE(0))).toEqual([]);
});

test('a reply that nobody takes ends, and nothing waits for it', async () => {
  await stop();
  await serve({ graceMs: 200 });
  const stuck = await RawCaller.connect(address, settings([setting.initialWindowSize, 10]));
  for (const path of ['/test/Unary', '/test/Stream']) {
    const id = stuck.open(path);
    stuck.send(id, framed(Buffer.alloc(1000)), true);
    expect((await stuck.ended(id)).reset).toBe(8);
  }
  stuck.end();
  caller.end();
  await server.stop(60_000);
});
