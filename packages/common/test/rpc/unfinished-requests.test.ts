/** Requests that never arrive in full, sent by hand over HTTP/2. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { createGrpcServer, type GrpcServerOptions } from '../../src/rpc/grpc-server.js';
import type { RpcRoute, RpcServer } from '../../src/rpc/rpc-handler.js';

const routes: RpcRoute[] = [
  { kind: 'unary', path: '/test/Unary', handle: (_, message) => ({ status: 0, body: [message] }) },
  {
    kind: 'stream',
    path: '/test/Stream',
    async handle(_, stream) {
      for await (const message of stream.messages) await stream.send(message);
      return { status: 0 };
    },
  },
];

let server: RpcServer;
let client: ClientHttp2Session;

async function serve(unfinished: GrpcServerOptions['unfinished']): Promise<void> {
  const options = {
    address: '127.0.0.1:0',
    maxMessageBytes: 2 ** 20,
    routes,
    onInternalError: () => undefined,
  };
  server = createGrpcServer({ ...options, ...(unfinished && { unfinished }) });
  client = connect(`http://${await server.start()}`);
}

beforeEach(() => serve({ maxBytes: 400_000, graceMs: 300 }));

afterEach(async () => {
  client.destroy();
  await server.stop(0);
});

interface Sent {
  readonly stream: ClientHttp2Stream;
  /** The status and its text, or the code of a reset. */
  readonly ended: Promise<unknown[]>;
  /** Bytes that came back. */
  readonly received: () => number;
}

function send(path: string, more: Record<string, string> = {}): Sent {
  const headers = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers', ...more };
  const stream = client.request({ ':path': path, ...headers });
  const end: unknown[] = [];
  const keep = (given: { 'grpc-status'?: string; 'grpc-message'?: string }) => {
    if (given['grpc-status'] !== undefined) end.push(Number(given['grpc-status']), given['grpc-message']);
  };
  let received = 0;
  stream
    .on('response', keep)
    .on('trailers', keep)
    .on('error', () => undefined);
  stream.on('data', (bytes: Buffer) => (received += bytes.length));
  const ended = new Promise<unknown[]>((resolve) => {
    stream.on('close', () => resolve(end.length > 0 ? end : [`reset ${stream.rstCode}`]));
  });
  return { stream, ended, received: () => received };
}

/** The first `here` bytes of a message of `length`. */
function piece(length: number, here: number): Buffer {
  const bytes = Buffer.alloc(5 + here);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

test('pieces of requests are bounded together; those that fit go on', async () => {
  const [first, second] = [send('/test/Unary'), send('/test/Unary')];
  first.stream.write(piece(250_000, 200_000));
  second.stream.write(piece(250_000, 240_000));
  expect(await Promise.race([first.ended, second.ended])).toEqual([
    8,
    'requests on their way to this server hold more than 400000 bytes; try again later',
  ]);
  const refused = first.stream.closed ? first : second;
  const other = refused === first ? second : first;
  other.stream.end(Buffer.alloc(other === first ? 50_000 : 10_000));
  expect(await other.ended).toEqual([0, undefined]);
  const third = send('/test/Unary');
  third.stream.end(piece(300_000, 300_000));
  expect([await third.ended, third.received()]).toEqual([[0, undefined], 300_005]);
});

test('tiny pieces count with what each takes in memory', async () => {
  const { stream, ended } = send('/test/Unary');
  stream.write(piece(100_000, 0));
  const trickle = async () => {
    for (let i = 0; i < 10_000 && !stream.destroyed; i++)
      await new Promise<void>((resolve) => stream.write(Buffer.alloc(1), () => resolve()));
  };
  void trickle();
  expect((await ended)[0]).toBe(8);
});

test.each([
  ['without a message', '/test/Unary', Buffer.alloc(0)],
  ['with a part of a message', '/test/Unary', piece(1000, 10)],
  ['that never half-closes', '/test/Unary', piece(10, 10)],
])('a request %s is refused after a time', async (_what, path, bytes) => {
  const { stream, ended } = send(path);
  if (bytes.length > 0) stream.write(bytes);
  expect(await ended).toEqual([
    8,
    expect.stringMatching(/^the request did not arrive in full within \d+ ms$/),
  ]);
});

test('a stream may be idle between messages, but not within one', async () => {
  const { stream, ended, received } = send('/test/Stream');
  stream.write(piece(1000, 1000));
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect([stream.closed, received()]).toEqual([false, 1005]);
  stream.write(piece(1000, 10));
  expect(await ended).toEqual([
    8,
    expect.stringMatching(/^the request did not arrive in full within \d+ ms$/),
  ]);
});

test('whole messages of a stream are not counted, however they are cut', async () => {
  const { stream, ended, received } = send('/test/Stream');
  const messages = Buffer.concat(Array.from({ length: 2000 }, (_, i) => piece(i % 997, i % 997)));
  for (let at = 0; at < messages.length; at += 9973) {
    stream.write(messages.subarray(at, at + 9973));
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  expect([await ended, received()]).toEqual([[0, undefined], messages.length]);
});

test('what is sent to a path that is not served is thrown away', async () => {
  const { stream, ended } = send('/test/None');
  stream.end(piece(900_000, 900_000));
  expect((await ended)[0]).toBe(12);
  const next = send('/test/Unary');
  next.stream.end(piece(3, 3));
  expect(await next.ended).toEqual([0, undefined]);
});

test.each(['2147484S', '3000000S', '99999999S', '40000M', '700H', '99999999H'])(
  'a timeout of %s is none',
  async (timeout) => {
    const { stream, ended } = send('/test/Unary', { 'grpc-timeout': timeout });
    await new Promise((resolve) => setTimeout(resolve, 30));
    stream.end(piece(3, 3));
    expect(await ended).toEqual([0, undefined]);
  },
);

test('a timeout that ends in time is kept', async () => {
  const { ended } = send('/test/Unary', { 'grpc-timeout': '50m' });
  expect((await ended)[0]).toBe(4);
});
