/** Listening and stopping. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RpcRoute, UnaryHandler } from '../../src/rpc/rpc-handler.js';
import { deferred } from '../deferred.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { path, Peer } from './grpc-js-peer.js';

const peers: Peer[] = [];
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rpc-'));
});

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const echo: UnaryHandler = (_, message) => ({ status: 0, body: [message] });
const peerOf: UnaryHandler = ({ peer }) => ({ status: 0, body: [Buffer.from(peer)] });
const echoRoute: RpcRoute = { kind: 'unary', path, handle: echo };

function track(peer: Peer): Peer {
  peers.push(peer);
  return peer;
}

async function echoed(peer: Peer): Promise<string | undefined> {
  return (await peer.call({ message: Buffer.from('hello') })).reply?.toString();
}

/** A handler that says when it began and answers when it is let go. */
function gated() {
  const [begun, gate] = [deferred(), deferred()];
  const handle: UnaryHandler = async () => {
    begun.resolve();
    await gate.promise;
    return { status: 0, body: [Buffer.from('finished')] };
  };
  return { handle, begun: begun.promise, letGo: gate.resolve };
}

test('port 0 takes a free port and tells which', async () => {
  const peer = await track(new Peer([echoRoute])).start();
  expect(peer.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(await echoed(peer)).toBe('hello');
});

test('an IPv6 address keeps its brackets', async () => {
  const peer = await track(new Peer([echoRoute], '[::1]:0')).start();
  expect(peer.address).toMatch(/^\[::1\]:[1-9]\d*$/);
  expect(await echoed(peer)).toBe('hello');
});

test('handlers know a caller by its address, on a unix socket as unix', async () => {
  const named = { kind: 'unary' as const, path, handle: peerOf };
  const [local, tcp] = await Promise.all(
    [`unix:${join(folder, 'named.sock')}`, '127.0.0.1:0'].map((address) =>
      track(new Peer([named], address)).start(),
    ),
  );
  expect(await echoed(local!)).toBe('unix');
  expect(await echoed(tcp!)).toMatch(/^127\.0\.0\.1:\d+$/);
});

test('a unix socket is served under the address it was given', async () => {
  const address = `unix:${join(folder, 'plain.sock')}`;
  const peer = await track(new Peer([echoRoute], address)).start();
  expect(peer.address).toBe(address);
  expect(await echoed(peer)).toBe('hello');
});

test('an address in use is ADDRESS_UNAVAILABLE by name, and the first server goes on', async () => {
  for (const wanted of ['127.0.0.1:0', `unix:${join(folder, 'taken.sock')}`]) {
    const first = await track(new Peer([echoRoute], wanted)).start();
    const second = track(new Peer([echoRoute], first.address));
    await expect(second.start()).rejects.toEqual(
      servingError(
        'ADDRESS_UNAVAILABLE',
        `cannot listen on ${first.address}: EADDRINUSE: the address is in use`,
      ),
    );
    expect(await echoed(first)).toBe('hello');
  }
});

test('an address that cannot be resolved or read is ADDRESS_UNAVAILABLE with the reason', async () => {
  writeFileSync(join(folder, 'file'), '');
  const whys = {
    'host.invalid:0': 'the name of the host cannot be resolved',
    'bogus://x:1': 'the name of the host cannot be resolved',
    // 192.0.2.0/24 is reserved for documentation (RFC 5737).
    '192.0.2.1:0': 'EADDRNOTAVAIL: no interface of this machine has this address',
    [`unix:${join(folder, 'no/such.sock')}`]: `ENOENT: there is no folder ${join(folder, 'no')}`,
    [`unix:${join(folder, 'file/such.sock')}`]: `ENOTDIR: ${join(folder, 'file')} is a file, not a folder`,
    [`unix:${join(folder, 'file/no/such.sock')}`]: `ENOTDIR: folder ${join(folder, 'file/no')}: a part of it is a file, not a folder`,
  };
  for (const [address, why] of Object.entries(whys)) {
    await expect(track(new Peer([echoRoute], address)).start()).rejects.toEqual(
      servingError('ADDRESS_UNAVAILABLE', `cannot listen on ${address}: ${why}`),
    );
  }
});

/** A socket without a server, as one that was killed leaves it. */
async function leaveSocket(name: string): Promise<string> {
  const [own, left] = [join(folder, `${name}.own`), join(folder, name)];
  const server = createServer().listen(own);
  await once(server, 'listening');
  linkSync(own, left);
  server.close();
  await once(server, 'close');
  return left;
}

test('of servers that find the same dead socket, exactly one listens, and keeps it', async () => {
  for (let round = 0; round < 10; round++) {
    const address = `unix:${await leaveSocket(`dead-${round}`)}`;
    const all = [1, 2, 3].map(() => track(new Peer([echoRoute], address)));
    const started = await Promise.allSettled(all.map((peer) => peer.start()));
    expect(started.map(({ status: end }) => end).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
    const refused = started.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    expect(refused).toEqual([servingError('ADDRESS_UNAVAILABLE'), servingError('ADDRESS_UNAVAILABLE')]);
    const winner = all[started.findIndex((end) => end.status === 'fulfilled')]!;
    expect(await echoed(winner)).toBe('hello');
  }
  expect(readdirSync(folder).filter((name) => name.includes('-stale'))).toEqual([]);
});

test('a dead socket that cannot be removed is ADDRESS_UNAVAILABLE', async () => {
  const left = await leaveSocket('kept');
  mkdirSync(join(`${left}.${process.pid}-stale`, 'full'), { recursive: true });
  await expect(track(new Peer([echoRoute], `unix:${left}`)).start()).rejects.toEqual(
    servingError(
      'ADDRESS_UNAVAILABLE',
      /^cannot listen on unix:\S+: E[A-Z]+: the socket of a server that is gone cannot be removed$/,
    ),
  );
});

test('two handlers for one path are refused when the server is made', () => {
  expect(() => new Peer([echoRoute, { kind: 'stream', path, handle: async () => ({ status: 0 }) }])).toThrow(
    /\/test\.Service\/Method/,
  );
});

test('bytes that are no HTTP/2 do not disturb other callers', async () => {
  const peer = await track(new Peer([echoRoute])).start();
  const port = Number(peer.address.split(':').at(-1));
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
    Buffer.alloc(4096, 0xff),
    Buffer.concat([preface, Buffer.alloc(100, 0xff)]),
    preface.subarray(0, 5),
  ];
  for (const each of garbage) {
    const socket: Socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    socket.resume().end(each);
    await closed;
    expect(await echoed(peer)).toBe('hello');
  }
});

test('stop waits for the call in progress, which gets its answer, and takes no new one', async () => {
  const { handle, begun, letGo } = gated();
  const peer = await track(new Peer([{ kind: 'unary', path, handle }])).start();
  const answer = peer.call();
  await begun;
  let isStopped = false;
  const stopped = peer.server.stop(60_000).then(() => (isStopped = true));
  const late = await peer.call();
  expect([late.error?.code, isStopped]).toEqual([status.UNAVAILABLE, false]);
  letGo();
  expect((await answer).reply?.toString()).toBe('finished');
  await stopped;
});

test('stop ends a call that never finishes when the grace is over', async () => {
  const { handle, begun } = gated();
  const peer = await track(new Peer([{ kind: 'unary', path, handle }])).start();
  const answer = peer.call();
  await begun;
  await peer.server.stop(20);
  expect([status.CANCELLED, status.UNAVAILABLE]).toContain((await answer).error?.code);
});

test('stop ends connections that say nothing when the grace is over', async () => {
  const peer = await track(new Peer([echoRoute])).start();
  const socket = connect(Number(peer.address.split(':').at(-1)), '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  expect(await echoed(peer)).toBe('hello');
  await peer.server.stop(20);
  socket.resume();
  await closed;
});

test('a grace longer than any timer can count is no grace of nothing', async () => {
  const { handle, begun, letGo } = gated();
  const peer = await track(new Peer([{ kind: 'unary', path, handle }])).start();
  const answer = peer.call();
  await begun;
  const stopped = peer.server.stop(Infinity);
  expect((await peer.call()).error?.code).toBe(status.UNAVAILABLE);
  letGo();
  expect((await answer).error).toBeUndefined();
  await stopped;
});

test('the port is free once stop has resolved', async () => {
  const first = await track(new Peer([echoRoute])).start();
  expect(await echoed(first)).toBe('hello');
  await first.server.stop(1000);
  const second = await track(new Peer([echoRoute], first.address)).start();
  expect(await echoed(second)).toBe('hello');
});

test('a server that was never started or is stopped already stops at once', async () => {
  const peer = new Peer([echoRoute]);
  await peer.server.stop(60_000);
  const started = await track(new Peer([echoRoute])).start();
  await Promise.all([started.server.stop(1000), started.server.stop(1000)]);
  await started.server.stop(60_000);
  await expect(started.server.start()).rejects.toEqual(servingError('ADDRESS_UNAVAILABLE'));
});
