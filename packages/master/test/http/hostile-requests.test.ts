/** Requests that are too large, too slow, broken or never end: each is refused, and holds nothing up. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { eventually } from '../../../../test/support/eventually.js';
import { jsonResult } from '../../src/http/http-handler.js';
import { type Connection, graceMs, maxBytes, maxTotalBytes, Port } from './port.js';

const many = 4 * 2 ** 20;
let port: Port;
let go: () => void;

beforeEach(async () => {
  port = new Port({
    '/size': (_call, body) => jsonResult(200, body.length),
    '/wait': async () => {
      await new Promise<void>((resolve) => (go = resolve));
      return jsonResult(200, 'waited');
    },
    '/much': () => ({ status: 200, headers: {}, body: [Buffer.alloc(many, 'x')] }),
  });
  await port.start();
});

afterEach(async () => {
  // Whatever happened before, the port serves on and keeps nothing.
  const reply = await fetch(port.url('/size'), { method: 'POST', body: 'still here' });
  expect(await reply.json()).toBe(10);
  await port.stop();
});

const head = (length: number | string, more = '') =>
  `POST /size HTTP/1.1\r\nhost: h\r\ncontent-length: ${length}\r\n${more}\r\n`;

async function replyTo(connection: Connection): Promise<unknown> {
  await eventually('a reply', () => connection.bodies.length > 0);
  return connection.bodies[0];
}

test('a body that says it is too large is refused before it is sent', async () => {
  const connection = await port.connect();
  connection.send(head(maxBytes + 1));
  expect(await replyTo(connection)).toEqual({
    error: `body: expected at most ${maxBytes} bytes (--max-message-mb), given ${maxBytes + 1}`,
    code: 'BODY_TOO_LARGE',
  });
  expect(connection.statuses).toEqual([413]);
});

test('who sends it all the same sees the reply, and may go on', async () => {
  const connection = await port.connect();
  connection.send(head(maxBytes + 1));
  connection.send(Buffer.alloc(maxBytes + 1));
  connection.send(`${head(3)}abc`);
  await eventually('both replies', () => connection.statuses.length === 2);
  expect(connection.statuses).toEqual([413, 200]);
});

test('a body of the largest size is taken, and one in chunks is refused once it is larger', async () => {
  const whole = await port.connect();
  whole.send(head(maxBytes));
  whole.send(Buffer.alloc(maxBytes));
  await eventually('a reply', () => whole.statuses.length > 0);
  expect(whole.received).toMatch(new RegExp(`\r\n\r\n${maxBytes}$`));

  const chunked = await port.connect();
  chunked.send('POST /size HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n');
  for (let sent = 0; sent <= maxBytes; sent += 4096) chunked.send(`1000\r\n${'x'.repeat(4096)}\r\n`);
  expect(await replyTo(chunked)).toMatchObject({ code: 'BODY_TOO_LARGE' });
});

test('a body that would be too large once decompressed ends early', async () => {
  // 64 MiB in 65 kB.
  const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20));
  const connection = await port.connect();
  connection.send(head(bomb.length, 'content-encoding: gzip\r\n'));
  const before = process.memoryUsage().arrayBuffers;
  connection.send(bomb.subarray(0, maxBytes));
  expect(await replyTo(connection)).toMatchObject({ code: 'BODY_TOO_LARGE' });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  connection.socket.destroy();
});

test.each([
  [
    'gzip',
    'no gzip at all',
    /^body: expected gzip as Content-Encoding says, given something else: incorrect header/,
  ],
  ['deflate', 'no deflate at all', /^body: expected deflate as Content-Encoding says/],
  ['br', 'whatever', /^Content-Encoding: expected gzip, deflate or identity, given 'br'$/],
  [
    'gzip, deflate',
    'whatever',
    /^Content-Encoding: expected gzip, deflate or identity, given 'gzip, deflate'$/,
  ],
])('a body that is not in %s as it says is refused', async (coding, body, error) => {
  const connection = await port.connect();
  connection.send(head(body.length, `content-encoding: ${coding}\r\n`) + body);
  expect(await replyTo(connection)).toEqual({ error: expect.stringMatching(error), code: 'BAD_REQUEST' });
  expect(connection.statuses).toEqual([400]);
});

test('a compressed body that ends too soon is refused', async () => {
  const body = gzipSync('hello hello hello').subarray(0, 20);
  const reply = await fetch(port.url('/size'), {
    method: 'POST',
    body,
    headers: { 'content-encoding': 'gzip' },
  });
  expect(await reply.json()).toMatchObject({ error: expect.stringContaining('unexpected end of file') });
});

test('an upload that stands still is refused after its time, and its connection ended', async () => {
  const connection = await port.connect();
  connection.send(`${head(10)}abc`);
  // Its beginning has to be there before time moves on.
  await eventually('the upload to be watched', () => port.clock.pending > 0);
  port.clock.advance(graceMs + 10_000);
  expect(await replyTo(connection)).toEqual({
    error: expect.stringMatching(/^body: expected it in full within 6\d{4} ms, given [03] bytes of it$/),
    code: 'BODY_TOO_SLOW',
  });
  expect(connection.statuses).toEqual([408]);
  port.clock.advance(2 * graceMs);
  await connection.closed;
});

test('uploads that together hold too much are refused for the time being', async () => {
  const uploads: Connection[] = [];
  for (let i = 0; i <= maxTotalBytes / (maxBytes - 1); i++) {
    const connection = await port.connect();
    connection.send(head(maxBytes));
    connection.send(Buffer.alloc(maxBytes - 1));
    uploads.push(connection);
  }
  const refused = await eventually('one to be refused', () =>
    uploads.find(({ bodies }) => bodies.length > 0),
  );
  expect(refused.statuses).toEqual([429]);
  expect(refused.bodies[0]).toMatchObject({ code: 'QUEUE_FULL' });
  uploads.forEach(({ socket }) => socket.destroy());
  // What they held is free again.
  await eventually('room', async () => {
    const reply = await fetch(port.url('/size'), { method: 'POST', body: 'x'.repeat(maxBytes) });
    return reply.status === 200;
  });
});

test('a caller that goes away before its request is whole is forgotten', async () => {
  for (const leave of ['end', 'destroy'] as const) {
    const connection = await port.connect();
    connection.send(`${head(10)}abc`);
    await eventually('the upload to be watched', () => port.clock.pending > 0);
    connection.socket[leave]();
    await connection.closed;
  }
  // The sweep finds nobody to watch, and is not set again.
  await eventually('nothing to be watched', () => {
    port.clock.advance(graceMs / 12);
    return port.clock.pending === 0;
  });
  expect(port.calls).toEqual([]);
});

test('what is behind a body that is longer than it says is no request', async () => {
  const connection = await port.connect();
  connection.send(`${head(3)}abcdef\r\n\r\n`);
  await connection.closed;
  expect(connection.statuses.at(-1)).toBe(400);
  expect(connection.bodies.at(-1)).toEqual({
    error: expect.stringMatching(/^expected a request of HTTP\/1\.1, given/),
  });
});

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['a length that is none', 'POST /size HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\n', 400],
  ['two lengths', 'POST /size HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 400],
  [
    'a length and chunks',
    `POST /size HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'a chunk without a length',
    'POST /size HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
  ['no host', 'GET /size HTTP/1.1\r\n\r\n', 400],
  ['headers beyond the limit', `GET /size HTTP/1.1\r\nhost: h\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
  ['a path beyond the limit', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nhost: h\r\n\r\n`, 431],
])('%s is refused', async (_, text, status) => {
  const connection = await port.connect();
  connection.send(text);
  await eventually('a reply', () => connection.statuses.length > 0);
  expect(connection.statuses).toContain(status);
  await connection.closed;
});

test('a client that does not read its reply is cut off', async () => {
  const connection = await port.connect();
  connection.socket.pause();
  // More than sockets buffer between them.
  connection.send('GET /much HTTP/1.1\r\nhost: h\r\n\r\n'.repeat(8));
  await eventually('the replies to be watched', () => port.calls.length > 0 && port.clock.pending > 0);
  const isClosed = connection.closed.then(() => true);
  await eventually('the end of the connection', async () => {
    port.clock.advance(graceMs);
    // Only who reads learns that nothing more comes.
    if (port.clock.pending === 0) connection.socket.resume();
    return Promise.race([isClosed, new Promise((resolve) => setImmediate(resolve, false))]);
  });
  expect(connection.received.length).toBeLessThan(8 * many);
});

test('a reply that waits for the one before it is not cut off for that', async () => {
  const connection = await port.connect();
  connection.send(
    'GET /wait HTTP/1.1\r\nhost: h\r\n\r\nPOST /size HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n',
  );
  await eventually('both requests', () => port.calls.length === 2 && port.clock.pending > 0);
  for (let i = 0; i < 8; i++) port.clock.advance(graceMs / 2);
  go();
  await eventually('both replies', () => connection.statuses.length === 2);
  expect(connection.statuses).toEqual([200, 200]);
});
