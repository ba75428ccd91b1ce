/** The HTTP port under good and bad requests, over real sockets. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ServingError } from '@serving/common';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { eventually } from '../../../../test/support/eventually.js';
import { jsonResult, retryHeaders, type HttpHandler } from '../../src/http/http-handler.js';
import { maxBytes, Port } from './port.js';

/** Tells what it was given. */
const echo: HttpHandler = ({ verb, path, query, params }, body) =>
  jsonResult(200, {
    verb,
    path,
    query,
    params,
    bytes: body.length,
    text: Buffer.from(body).toString('utf8', 0, 40),
  });

const large = 'x'.repeat(20_000);
/** More than sockets buffer. */
const huge = Buffer.alloc(32 * 2 ** 20, 'x');
let waiting: (() => void)[];
let port: Port;

beforeEach(async () => {
  waiting = [];
  port = new Port({
    '/echo': echo,
    '/echo/:name/of/:other': echo,
    '/large': () => jsonResult(200, large),
    '/pieces': () => ({ status: 200, body: [Buffer.from('"a'), Buffer.from('b'), Buffer.from('c"')] }),
    '/wait': async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return jsonResult(200, 'waited');
    },
    '/huge': () => ({ status: 200, body: [huge] }),
    '/unsendable': () => ({ status: 200, headers: { 'x-line': 'two\nlines' }, body: [] }),
    '/probe': () => jsonResult(200, 'probed'),
    '/broken': () => {
      throw new Error('secret');
    },
    '/long-error': () => {
      throw new ServingError('BAD_REQUEST', 'e'.repeat(100_000));
    },
    '/busy': () => {
      throw new ServingError('QUEUE_FULL', 'too many', { retryAfterMs: 1500 });
    },
  });
  await port.start();
});

afterEach(async () => {
  for (const go of waiting) go();
  await port.stop();
});

async function post(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const reply = await fetch(port.url(path), { method: 'POST', body: Buffer.from(body), headers });
  return {
    status: reply.status,
    headers: reply.headers,
    json: (await reply.json()) as Record<string, unknown>,
  };
}

test('a request comes with its verb, path, query, decoded placeholders and body', async () => {
  const { status, json } = await post('/echo/a%2Fb/of/%C3%BC?x=1&y=%20', 'hello');
  expect(status).toBe(200);
  expect(json).toEqual({
    verb: 'POST',
    path: '/echo/a%2Fb/of/%C3%BC',
    query: 'x=1&y=%20',
    params: { name: 'a/b', other: 'ü' },
    bytes: 5,
    text: 'hello',
  });
});

test.each([
  ['none', {}],
  ['one of JSON', { 'content-type': 'application/json' }],
  ['one that nobody knows', { 'content-type': 'application/x-unknown' }],
  ['something that is none', { 'content-type': 'foo' }],
])('a body is taken whatever its content type is: %s', async (_, headers) => {
  const connection = await port.connect();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  connection.send(`POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n${lines.join('')}\r\nhi`);
  await eventually('a reply', () => connection.bodies.length > 0);
  expect(connection.bodies[0]).toMatchObject({ bytes: 2, text: 'hi' });
});

test("paths that no route has are the fallback's, whatever their verb", async () => {
  expect((await post('/no/such', '')).json).toBe('fallback');
  const reply = await fetch(port.url('/no'), { method: 'PROPFIND' });
  expect(reply.status).toBe(405);
  expect(reply.headers.get('allow')).toBe('POST, GET');
});

test('a verb that a path does not take is refused before its body is read', async () => {
  const connection = await port.connect();
  connection.send('PUT /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 60000\r\n\r\nabc');
  await eventually('a reply', () => connection.bodies.length > 0);
  expect(connection.statuses).toEqual([405]);
  expect(connection.bodies[0]).toMatchObject({ error: '/echo: expected POST or GET, given PUT' });
});

test('HEAD is answered as GET, without the body', async () => {
  const connection = await port.connect();
  connection.send('HEAD /large HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n');
  await connection.closed;
  expect(connection.received).toContain(`content-length: ${large.length + 2}\r\n`);
  expect(connection.received).toMatch(/\r\n\r\n$/);
});

test('a path that is not percent-encoded gets a reply in the words of the route nearest to it', async () => {
  const connection = await port.connect();
  connection.send('GET /echo/%zz HTTP/1.1\r\nhost: h\r\n\r\n');
  await eventually('a reply', () => connection.bodies.length > 0);
  expect(connection.statuses).toEqual([400]);
  expect(connection.bodies[0]).toMatchObject({ code: 'BAD_REQUEST' });
});

test('a reply in pieces arrives as one', async () => {
  expect((await post('/pieces', '')).json).toBe('abc');
});

test('an error that is not meant for callers is told by its id only', async () => {
  const { status, json } = await post('/broken', '');
  expect(status).toBe(500);
  expect(json['error']).toMatch(/^internal error, id [-\w]+$/);
  expect(port.internalErrors).toHaveLength(1);
  expect(json['error']).toContain(port.internalErrors[0]!.errorId);
});

test('when to try again is told in whole seconds', () => {
  expect(retryHeaders(new ServingError('QUEUE_FULL', '', { retryAfterMs: 1500 }))).toEqual({
    'retry-after': '2',
  });
  expect(retryHeaders(new ServingError('QUEUE_FULL', '', { retryAfterMs: 3 }))).toEqual({
    'retry-after': '1',
  });
  expect(retryHeaders(new ServingError('QUEUE_FULL', ''))).toEqual({});
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
])('a body in %s is decompressed', async (coding, compressed) => {
  const { json } = await post('/echo', compressed('hello '.repeat(1000)), { 'content-encoding': coding });
  expect(json).toMatchObject({ bytes: 6000 });
});

test('a large reply is compressed for those who take it so', async () => {
  const send = async (accepted: string) => {
    const connection = await port.connect();
    connection.send(
      `GET /large HTTP/1.1\r\nhost: h\r\naccept-encoding: ${accepted}\r\nconnection: close\r\n\r\n`,
    );
    await connection.closed;
    return connection.received;
  };
  const zipped = await send('br, gzip;q=0.5');
  expect(zipped).toMatch(/content-encoding: gzip/);
  const [, body] = zipped.split('\r\n\r\n', 2);
  expect(gunzipSync(Buffer.from(body!, 'latin1')).toString()).toBe(JSON.stringify(large));
  expect(await send('gzip;q=0, identity')).not.toMatch(/content-encoding/);
  expect(await send('gzip;q=0.1, deflate')).toMatch(/content-encoding: deflate/);
});

test('a small reply is not worth compressing', async () => {
  const { headers } = await post('/echo', '', { 'accept-encoding': 'gzip' });
  expect(headers.get('content-encoding')).toBeNull();
});

test('pipelined requests are answered in their order', async () => {
  const connection = await port.connect();
  const request = (path: string, body = '') =>
    `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  connection.send(
    request('/wait') + Array.from({ length: 20 }, (_, i) => request('/echo', `body ${i}`)).join(''),
  );
  await eventually('all of them to arrive', () => port.calls.length === 21);
  waiting.forEach((go) => go());
  await eventually('all replies', () => connection.statuses.length === 21);
  expect(connection.bodies.slice(1).map((body) => (body as { text: string }).text)).toEqual(
    Array.from({ length: 20 }, (_, i) => `body ${i}`),
  );
});

test('what is no request is not answered before the requests in front of it', async () => {
  const connection = await port.connect();
  connection.send('POST /wait HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n');
  await eventually('the call', () => port.calls.length === 1);
  connection.send('hello\r\n\r\n');
  const other = await port.connect();
  other.send('hello\r\n\r\n');
  await eventually('the refusal of another', () => other.statuses.length === 1);
  waiting.forEach((go) => go());
  await connection.closed;
  expect(connection.statuses).toEqual([200, 400]);
});

test('an error does not repeat all that it was given', async () => {
  const connection = await port.connect();
  connection.send('POST /long-error HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n');
  await eventually('the reply', () => connection.statuses.length === 1);
  expect(connection.bodies[0]).toEqual({
    error: expect.stringMatching(/^e{8192}[^e]+$/),
    code: 'BAD_REQUEST',
  });
});

test('a caller that closes its half of the connection has gone: most that give up do no more', async () => {
  const connection = await port.connect();
  connection.socket.end('POST /wait HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n');
  const call = await eventually('the call', () => port.calls[0]);
  await eventually('the abort', () => call.signal.aborted);
  await connection.closed;
  expect(connection.statuses).toEqual([]);
});

test('a handler learns that its caller is gone, once', async () => {
  const connection = await port.connect();
  connection.send('POST /wait HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n');
  const call = await eventually('the call', () => port.calls[0]);
  let aborts = 0;
  call.signal.onAbort(() => aborts++);
  call.signal.onAbort(() => aborts++);
  connection.socket.destroy();
  await eventually('the abort', () => call.signal.aborted);
  expect(aborts).toBe(2);
  call.signal.onAbort(() => aborts++);
  expect(aborts).toBe(3);
});

test('a thousand idle connections keep nobody from being answered', async () => {
  const idle = await Promise.all(Array.from({ length: 1000 }, () => port.connect()));
  expect((await post('/echo', 'hi')).json).toMatchObject({ bytes: 2 });
  idle.forEach(({ socket }) => socket.destroy());
});

test('a stop waits for what is in progress and takes nothing new on its connections', async () => {
  const busy = await port.connect();
  busy.send('POST /wait HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n');
  await eventually('the call', () => port.calls.length === 1);
  const stopped = port.stop(10_000);
  // On the same connection, behind the one that is in progress.
  busy.send('POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n');
  waiting.forEach((go) => go());
  expect(await stopped).toBe(0);
  await busy.closed;
  expect(busy.statuses[0]).toBe(200);
  expect(busy.statuses.slice(1)).not.toContain(200);
});

test('a stop waits for a reply that is on its way to a slow reader', async () => {
  const slow = await port.connect();
  slow.socket.pause();
  slow.send('GET /huge HTTP/1.1\r\nhost: h\r\n\r\n');
  await eventually('the call', () => port.calls.length === 1);
  const stopped = port.stop(20_000);
  // It has not closed the port meanwhile.
  expect((await post('/probe', '')).json).toBe('probed');
  slow.socket.resume();
  expect(await stopped).toBe(0);
  await slow.closed;
  expect(slow.received.length).toBeGreaterThan(huge.length);
});

test('a reply that cannot be sent ends its connection, is told of, and leaves the port serving', async () => {
  await expect(post('/unsendable', '')).rejects.toThrow('fetch failed');
  expect(port.internalErrors).toHaveLength(1);
  expect((await post('/echo', 'hi')).json).toMatchObject({ bytes: 2 });
});

test('while it stops, whoever connects is told so, and probes get their answers, until others have stopped, too', async () => {
  let othersHaveStopped = () => undefined as void;
  const others = new Promise<void>((resolve) => (othersHaveStopped = resolve));
  const stopped = port.stop(60_000, others);
  const refused = await post('/echo', 'hi');
  expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
  expect(refused.json).toEqual({ error: 'the server is stopping', code: 'NO_REPLICA' });
  expect((await post('/probe', '')).json).toBe('probed');
  othersHaveStopped();
  expect(await stopped).toBe(0);
  await expect(post('/probe', '')).rejects.toThrow('fetch failed');
});

test('a stop cuts off what is not finished in time, with a reply', async () => {
  const busy = await port.connect();
  busy.send('POST /wait HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n');
  const call = await eventually('the call', () => port.calls[0]);
  expect(await port.stop(0)).toBe(1);
  await busy.closed;
  expect(busy.statuses).toEqual([503]);
  expect(call.signal.aborted).toBe(true);
});

test('what is in use, or makes no sense as an address, is refused by its name', async () => {
  const { host } = new URL(port.url('/'));
  const { createHttpServer } = await import('../../src/http/http-server.js');
  const second = createHttpServer({
    address: host,
    maxMessageBytes: maxBytes,
    routes: [],
    fallback: { path: '*', handlers: {}, failed: () => jsonResult(500, '') },
    onInternalError: () => undefined,
  });
  await expect(second.start()).rejects.toMatchObject({
    code: 'ADDRESS_UNAVAILABLE',
    message: `cannot listen on ${host}: EADDRINUSE: the address is in use`,
  });
});
