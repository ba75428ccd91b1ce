/** Bodies that are read in slices: what they count as meanwhile, and what becomes of them when their caller goes away. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';
import { jsonResult, type HttpHandler } from '../../src/http/http-handler.js';
import type { Slices } from '../../src/slices/slices.js';
import { type Connection, maxBytes, maxTotalBytes, Port } from './port.js';

let port: Port;
/** Slices that have been done, and whether the next one is the last. */
let slices: number;
const enough = { isIt: false };

function* endless(text: string): Slices<string> {
  while (!enough.isIt) {
    slices++;
    // Longer than a slice may be.
    port.clock.advance(10);
    yield;
  }
  return text;
}

const read: HttpHandler = async (call, body) =>
  jsonResult(200, await call.read(endless(`${body.length} bytes`)));
const write: HttpHandler = async (call) => jsonResult(200, await call.write(endless('written')));

beforeEach(async () => {
  slices = 0;
  enough.isIt = false;
  port = new Port({ '/read': read, '/write': write, '/size': (_call, body) => jsonResult(200, body.length) });
  await port.start();
});

afterEach(() => port.stop());

async function send(path: string, bytes: number): Promise<Connection> {
  const connection = await port.connect();
  connection.send(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`);
  connection.send(Buffer.alloc(bytes, 'x'));
  return connection;
}

const moreSlices = () => {
  const before = slices;
  return eventually('more slices', () => slices > before);
};

test.each(['/read', '/write'])('while %s goes on, others are answered', async (path) => {
  const connection = await send(path, 10);
  await moreSlices();
  for (let i = 0; i < 5; i++) {
    const reply = await fetch(port.url('/size'), { method: 'POST', body: 'small' });
    expect(await reply.json()).toBe(5);
  }
  expect(connection.statuses).toEqual([]);
  await moreSlices();
  enough.isIt = true;
  await eventually('the answer', () => connection.statuses.length > 0);
  expect(connection.received).toContain(path === '/read' ? '10 bytes' : 'written');
});

test.each(['/read', '/write'])('when the caller of %s goes away, it ends', async (path) => {
  const connection = await send(path, 10);
  await moreSlices();
  connection.socket.destroy();
  await connection.closed;
  const other = await send('/size', 3);
  await eventually('an answer', () => other.statuses.length > 0);
  const done = await eventually('an end', async () => {
    const before = slices;
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    return slices === before && slices;
  });
  expect(slices).toBe(done);
  expect(port.internalErrors).toEqual([]);
});

test('bodies count as on their way until they are read', async () => {
  const connections: Connection[] = [];
  // With what their pieces take, there is no room for another one of this size.
  while (connections.length < maxTotalBytes / maxBytes - 1) connections.push(await send('/read', maxBytes));
  await eventually('all to be read', () => port.calls.length === connections.length);
  const ask = async () => {
    const body = 'x'.repeat(maxBytes);
    return (await fetch(port.url('/size'), { method: 'POST', body })).status;
  };
  expect(await ask()).toBe(429);
  enough.isIt = true;
  await eventually('the answers', () => connections.every(({ statuses }) => statuses[0] === 200));
  expect(await ask()).toBe(200);
});

test('a stop waits for what is being read', async () => {
  const connection = await send('/read', 10);
  await moreSlices();
  const stopped = port.stop(60_000);
  await moreSlices();
  expect(connection.statuses).toEqual([]);
  enough.isIt = true;
  expect(await stopped).toBe(0);
  await connection.closed;
  expect(connection.statuses).toEqual([200]);
});

test('a stop that does not wait ends the reading', async () => {
  const connection = await send('/read', 10);
  await moreSlices();
  expect(await port.stop(1)).toBe(1);
  const done = slices;
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
  expect(slices).toBe(done);
  await connection.closed;
  expect(connection.statuses).toEqual([503]);
});
