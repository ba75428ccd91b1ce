/** Connections as clients make them, with bytes changed at random: nothing but their own end may come of it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { frameType, preface, setting } from '../../src/http2/frames.js';
import { createGrpcServer } from '../../src/rpc/grpc-server.js';
import type { RpcServer } from '../../src/rpc/rpc-handler.js';
import { data, headers, ping, post, RawClient, reset, settings, windowUpdate } from './raw-client.js';

const internal: unknown[] = [];
let server: RpcServer;
let address = '';
let good: RawClient;

beforeAll(async () => {
  server = createGrpcServer({
    address: '127.0.0.1:0',
    maxMessageBytes: 2 ** 16,
    onInternalError: (error) => internal.push(error),
    routes: [
      { kind: 'unary', path: '/test/Unary', handle: (_, message) => ({ status: 0, body: [message] }) },
      {
        kind: 'stream',
        path: '/test/Stream',
        async handle(_, stream) {
          for await (const message of stream.messages) await stream.send(message);
          return { status: 0 };
        },
      },
    ],
  });
  address = await server.start();
  good = await RawClient.connect(address, windowUpdate(0, 2 ** 30));
});

afterAll(async () => {
  good.end();
  await server.stop(0);
  expect(internal).toEqual([]);
});

const grpc = { 'content-type': 'application/grpc', te: 'trailers' };

function framed(length: number): Buffer {
  const bytes = Buffer.alloc(5 + length);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** Its pieces are frames; what is changed are their bytes and their order. */
const valid: readonly Buffer[] = [
  preface,
  settings([setting.initialWindowSize, 100], [setting.maxFrameSize, 2 ** 15]),
  headers(1, post('/test/Unary', grpc)),
  data(1, framed(300)),
  headers(3, post('/test/Stream', { ...grpc, 'grpc-encoding': 'gzip' })),
  data(1, Buffer.alloc(0), true),
  data(3, framed(40)),
  ping(),
  windowUpdate(1, 500),
  windowUpdate(0, 70_000),
  settings([setting.initialWindowSize, 10]),
  data(3, Buffer.concat([framed(7), framed(0)])),
  headers(5, post('/test/None', grpc)),
  data(5, framed(3), true),
  reset(3),
  headers(7, post('/test/Unary', { ...grpc, 'grpc-timeout': '1S' })),
  data(7, framed(1)),
  headers(7, { 'x-end': 'yes' }, true),
];

const change = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), value: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), value: fc.nat(20) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), value: fc.nat(60) }),
  fc.record({ kind: fc.constant('swap' as const), at: fc.nat(), value: fc.nat(valid.length - 1) }),
);

function changed(changes: readonly { kind: string; at: number; value: number }[]): Buffer {
  const pieces = [...valid];
  for (const { at, value } of changes.filter(({ kind }) => kind === 'swap')) {
    const other = at % pieces.length;
    [pieces[other], pieces[value]] = [pieces[value]!, pieces[other]!];
  }
  let bytes = Buffer.concat(pieces);
  for (const { kind, at: anywhere, value } of changes) {
    const at = anywhere % bytes.length;
    if (kind === 'set') bytes[at] = value;
    if (kind === 'flip') bytes[at]! ^= 1 << value;
    if (kind === 'cut') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + value)]);
    if (kind === 'repeat') bytes = Buffer.concat([bytes.subarray(0, at + value), bytes.subarray(at)]);
  }
  return bytes;
}

let nextId = 1;

/** Another client is served as before. */
async function servesOthers(): Promise<void> {
  const id = nextId;
  nextId += 2;
  good.write(headers(id, post('/test/Unary', grpc)), data(id, framed(10), true));
  await good.ended(id);
  expect(good.dataBytes(id)).toBe(15);
  good.frames.length = 0;
}

test('a changed connection is ended or served, and others are served as before', async () => {
  const cuts = fc.array(fc.nat(), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 6 }), cuts, async (changes, where) => {
      const bytes = changed(changes);
      const client = await RawClient.silent(address);
      let from = 0;
      for (const end of [...where.map((cut) => cut % bytes.length), bytes.length].toSorted((a, b) => a - b)) {
        if (end > from) client.write(bytes.subarray(from, end));
        from = Math.max(from, end);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await servesOthers();
      // All that it says is HTTP/2, or the words for those who speak HTTP/1.
      for (const { type } of client.frames) expect(Object.values<number>(frameType)).toContain(type);
      client.socket.end();
      await client.closed;
    }),
    { numRuns: 500, seed: 9113 },
  );
  expect(internal).toEqual([]);
});
