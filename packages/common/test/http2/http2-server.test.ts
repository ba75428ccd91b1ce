/** Connections as a whole: how they begin, when they are taken for dead, and how they end with the server. */
import { afterEach, expect, test } from '@jest/globals';
import { errorCode, flag, frameType, preface, setting } from '../../src/http2/frames.js';
import { data, frame, headers, post, RawClient, request, settings, windowUpdate } from './raw-client.js';
import { answer, TestServer, type TestServerOptions } from './test-server.js';

const servers: TestServer[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  for (const server of servers.splice(0)) await server.stop();
});

async function serving(options?: TestServerOptions): Promise<TestServer> {
  const server = await new TestServer(options).start();
  servers.push(server);
  return server;
}

async function connected({ address }: TestServer, ...first: readonly Uint8Array[]): Promise<RawClient> {
  const client = await RawClient.connect(address, ...first);
  clients.push(client);
  return client;
}

async function silent({ address }: TestServer): Promise<RawClient> {
  const client = await RawClient.silent(address);
  clients.push(client);
  return client;
}

test.each([
  'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
  'POST /v1/models HTTP/1.1\r\n',
  'OPTIONS * HTTP/1.1\r\n\r\n',
])('a request of HTTP/1 is told what is spoken here: %j', async (text) => {
  const client = await silent(await serving());
  let answered = '';
  client.socket.on('data', (chunk: Buffer) => (answered += chunk.toString()));
  client.write(Buffer.from(text));
  await client.closed;
  expect(answered).toMatch(
    /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\nThis port speaks gRPC: .*--rest\.\n$/,
  );
});

test.each([
  ['nothing', ''],
  ['a part of the preface', preface.toString('latin1', 0, 10)],
])('a connection that says %s is not kept', async (_what, text) => {
  const client = await silent(await serving({ greetingMs: 100 }));
  if (text !== '') client.write(Buffer.from(text));
  await client.closed;
});

test('one that has said that it speaks HTTP/2 is kept, whatever it does next', async () => {
  const server = await serving({ greetingMs: 50 });
  const client = await connected(server);
  // As old as the other one, which is ended for its silence.
  await (
    await silent(server)
  ).closed;
  await client.pong();
});

test('a peer that answers no pings is ended, and its requests with it', async () => {
  const server = await serving({ silenceMs: 150 });
  const client = await connected(server, request(1, '/wait'));
  await client.closed;
  await server.drain();
  expect(server.seen[0]!.events).toEqual(['end', 'broken']);
  expect(client.frames.filter(({ type }) => type === frameType.ping).length).toBeGreaterThan(0);
});

test('a peer that answers pings is kept', async () => {
  const server = await serving({ silenceMs: 150 });
  const client = await connected(server);
  let answered = 0;
  client.socket.on('data', () => {
    const pings = client.frames.filter(({ type, flags }) => type === frameType.ping && flags === 0);
    for (; answered < pings.length; answered++)
      client.write(frame(frameType.ping, flag.ack, 0, pings[answered]!.payload));
  });
  // Twice the silence that is allowed.
  await client.until(() => answered >= 8);
  await client.pong();
});

test('a server that drains says so, lets requests end, takes no new ones and closes', async () => {
  const server = await serving();
  const client = await connected(server, headers(1, post('/echo')));
  const idle = await connected(server);
  await Promise.all([client.pong(), idle.pong()]);
  const drained = server.drain();
  expect((await client.goaway())[0]).toBe(errorCode.noError);
  expect(
    (
      await client.until(() => client.frames.find(({ type }) => type === frameType.goaway))
    ).payload.readUInt32BE(),
  ).toBe(1);
  await idle.closed;
  client.write(request(3, '/bytes/3'), data(1, Buffer.from('abc'), true));
  await client.ended(1);
  await Promise.all([client.closed, drained]);
  expect([client.dataBytes(1), client.of(3), server.seen.length]).toEqual([3, [], 1]);
});

test('requests that cross GOAWAY on their way do not disturb those in progress, whatever becomes of them', async () => {
  const server = await serving();
  const client = await connected(server, headers(1, post('/echo')));
  await client.pong();
  const drained = server.drain();
  await client.goaway();
  client.write(headers(3, post('/echo')), data(3, Buffer.from('x')), windowUpdate(3, 1));
  client.write(frame(frameType.rstStream, 0, 3, Buffer.of(0, 0, 0, 8)), data(1, Buffer.from('abc'), true));
  await client.ended(1);
  await Promise.all([client.closed, drained]);
  expect(client.dataBytes(1)).toBe(3);
});

test('connections that come while it drains are closed', async () => {
  const server = await serving();
  const client = await connected(server, request(1, '/wait'));
  await client.pong();
  const drained = server.drain();
  const late = await RawClient.connect(server.address).catch((error: NodeJS.ErrnoException) => error.code);
  if (late instanceof RawClient) await late.closed;
  else expect(late).toBe('ECONNREFUSED');
  answer(server.seen[0]!.stream, [Buffer.from('abc')]);
  await Promise.all([client.closed, drained]);
});

test('a connection that has said nothing does not hold up the end', async () => {
  const server = await serving();
  await silent(server);
  await (await connected(server)).pong();
  await server.drain();
});

test('a reply that is on its way when the server drains is read to its end, however slowly', async () => {
  const server = await serving();
  const client = await connected(
    server,
    settings([setting.initialWindowSize, 1000]),
    request(1, '/bytes/20000'),
  );
  await client.until(() => client.dataBytes(1) === 1000);
  const drained = server.drain();
  for (let sent = 1000; sent < 20_000; sent += 1000) {
    await client.until(() => client.dataBytes(1) === sent);
    client.write(windowUpdate(1, 1000));
  }
  await client.ended(1);
  await Promise.all([client.closed, drained]);
  expect(client.dataBytes(1)).toBe(20_000);
});

test('force ends everything', async () => {
  const server = await serving();
  const client = await connected(server, request(1, '/wait'));
  await client.pong();
  await server.stop();
  await client.closed;
  expect(server.seen[0]!.events).toEqual(['end', 'broken']);
});

test('a listener that throws ends its connection, is told of, and disturbs no other', async () => {
  const server = await serving();
  const client = await connected(server, headers(1, post('/wait')));
  await client.pong();
  const mistake = new Error('a mistake of this side');
  server.seen[0]!.stream.listen({
    data: () => {
      throw mistake;
    },
    end: () => undefined,
    drained: () => undefined,
    broken: () => undefined,
  });
  const other = await connected(server);
  client.write(data(1, Buffer.from('x')));
  expect(await client.goaway()).toEqual([errorCode.internalError, '']);
  await client.closed;
  expect(server.failures).toEqual([mistake]);
  await other.pong();
});
