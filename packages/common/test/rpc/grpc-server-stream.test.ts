/** The streaming form of the transport seam, over real connections. */
import { afterEach, expect, test } from '@jest/globals';
import { status, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { ServingError } from '../../src/errors/serving-error.js';
import type { RpcStream, StreamHandler } from '../../src/rpc/rpc-handler.js';
import { aborted, deferred } from '../deferred.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { path, Peer } from './grpc-js-peer.js';

const peers: Peer[] = [];

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

async function serving(handle: StreamHandler, maxMessageBytes?: number): Promise<Peer> {
  const peer = await Peer.stream(handle, maxMessageBytes);
  peers.push(peer);
  return peer;
}

type Call = ClientDuplexStream<Buffer, Buffer>;

/** The status the call ends with; a bad one is an `error` event as well, which would end the process unheard. */
function ending(call: Call): Promise<StatusObject> {
  call.on('error', () => undefined);
  return new Promise((resolve) => call.on('status', resolve));
}

/** Everything the call receives, and how it ended. */
async function drained(call: Call): Promise<{ received: string[]; ended: StatusObject }> {
  const received: string[] = [];
  call.on('data', (message: Buffer) => received.push(message.toString()));
  return { ended: await ending(call), received };
}

const ok = { status: 0 } as const;

const echo: StreamHandler = async (_, stream) => {
  for await (const message of stream.messages) await stream.send(message);
  return ok;
};

const sendTexts = async (stream: RpcStream, texts: readonly string[]) => {
  for (const each of texts) await stream.send(Uint8Array.from(Buffer.from(each)));
};

test('many messages come back in order and the stream ends with OK when the caller is done', async () => {
  const call = (await serving(echo)).open();
  const sent = Array.from({ length: 1000 }, (_, i) => `message ${i}`);
  const result = drained(call);
  for (const each of sent) call.write(Buffer.from(each));
  call.end();
  const { received, ended } = await result;
  expect(received).toEqual(sent);
  expect(ended.code).toBe(status.OK);
});

test('the handler may send before, without and after messages of the caller', async () => {
  const peer = await serving(async (_, stream) => {
    await sendTexts(stream, ['hello']);
    for await (const message of stream.messages)
      await sendTexts(stream, [`got ${Buffer.from(message).toString()}`]);
    await sendTexts(stream, ['bye', '']);
    return { ...ok, trailers: { 'x-count': '1' } };
  });
  const call = peer.open();
  const result = drained(call);
  call.end(Buffer.from('one'));
  const { received, ended } = await result;
  expect(received).toEqual(['hello', 'got one', 'bye', '']);
  expect([ended.code, ended.metadata.get('x-count')]).toEqual([status.OK, ['1']]);
});

test('send resolves only as the reader reads', async () => {
  const chunk = new Uint8Array(64 * 1024);
  const total = 300;
  let sent = 0;
  const stalled = deferred();
  const peer = await serving(async (_, stream) => {
    for (; sent < total; sent++) {
      const accepted = stream.send(chunk).then(() => true);
      // Loopback takes what it can within a few turns; a send that is still waiting then waits for the reader.
      if (!(await Promise.race([accepted, turns(300).then(() => false)]))) stalled.resolve();
      await accepted;
    }
    return ok;
  });
  const call = peer.open();
  const ended = ending(call);
  let bytes = 0;
  // grpc-js stops the sender only once a message was read, so one is.
  call.on('data', (message: Buffer) => (bytes += message.length));
  call.once('data', () => call.pause());
  await stalled.promise;
  expect(sent).toBeLessThan(total);
  call.resume();
  expect((await ended).code).toBe(status.OK);
  expect([sent, bytes]).toEqual([total, total * chunk.length]);
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('any number of sends may wait at once, and all of them go out when the handler is done', async () => {
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown) => void warnings.push(warning);
  process.on('warning', onWarning);
  const settled = deferred<PromiseSettledResult<void>[]>();
  const peer = await serving(async (_, stream) => {
    const sends = Array.from({ length: 100 }, (_unused, i) => stream.send(Uint8Array.of(i)));
    void Promise.allSettled(sends).then(settled.resolve);
    return ok;
  });
  const call = peer.open();
  const bytes: number[] = [];
  call.on('data', (message: Buffer) => bytes.push(message[0]!));
  expect((await ending(call)).code).toBe(status.OK);
  expect(bytes).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect((await settled.promise).filter((each) => each.status === 'rejected')).toEqual([]);
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test('a status other than 0 arrives after the messages, with its text and trailers', async () => {
  const peer = await serving(async (_, stream) => {
    await sendTexts(stream, ['first']);
    return {
      status: status.FAILED_PRECONDITION,
      message: 'größe\nnot now',
      trailers: { 'x-why': 'because' },
    };
  });
  const { received, ended } = await drained(peer.open());
  expect(received).toEqual(['first']);
  expect([ended.code, ended.details]).toEqual([status.FAILED_PRECONDITION, 'größe\nnot now']);
  expect(ended.metadata.get('x-why')).toEqual(['because']);
});

test('a handler that throws, at once or later, ends the stream with INTERNAL and without the text of the cause', async () => {
  const failing: StreamHandler[] = [
    () => {
      throw new Error('password hunter2');
    },
    async (_, stream) => {
      await sendTexts(stream, ['first']);
      throw new Error('password hunter2');
    },
    async () => ({ ...ok, trailers: { 'x-name': 'größe' } }),
  ];
  for (const handle of failing) {
    const peer = await serving(handle);
    const ended = await ending(peer.open().resume());
    expect([ended.code, ended.details]).toEqual([status.INTERNAL, peer.internal[0]?.message]);
    expect(ended.details).toMatch(/^internal error, id /);
  }
});

test('a ServingError ends the stream with its own status', async () => {
  const peer = await serving(async () => {
    throw new ServingError('NO_REPLICA', 'going away');
  });
  const ended = await ending(peer.open().resume());
  expect([ended.code, ended.details]).toEqual([status.UNAVAILABLE, 'going away']);
  expect(peer.internal).toEqual([]);
});

test('a handler may stop reading early, answer with a status, and even read on', async () => {
  const read: string[] = [];
  const peer = await serving(async (_, stream) => {
    for (let round = 0; round < 2; round++) {
      for await (const message of stream.messages) {
        read.push(Buffer.from(message).toString());
        break;
      }
    }
    await sendTexts(stream, ['enough']);
    return { status: status.INVALID_ARGUMENT, message: 'no more' };
  });
  const call = peer.open();
  const result = drained(call);
  for (const each of ['one', 'two', 'three']) call.write(Buffer.from(each));
  const { received, ended } = await result;
  expect(read).toEqual(['one', 'two']);
  expect(received).toEqual(['enough']);
  expect([ended.code, ended.details]).toEqual([status.INVALID_ARGUMENT, 'no more']);
});

test('a caller that cancels aborts the signal, breaks waiting and later sends and is no internal error', async () => {
  const [begun, seen] = [deferred(), deferred<unknown[]>()];
  const peer = await serving(async (call, stream) => {
    const attempt = () => stream.send(new Uint8Array(2 ** 16)).catch((error: unknown) => error);
    for await (const message of stream.messages) if (message.length > 0) break;
    // Read by nobody, so most of them have to wait.
    const waiting = Array.from({ length: 400 }, attempt);
    begun.resolve();
    await aborted(call.signal);
    seen.resolve([await waiting.at(-1), await attempt()]);
    throw new ServingError('CANCELLED', 'gone');
  });
  const call = peer.open();
  call.once('data', () => call.pause());
  call.write(Buffer.from('x'));
  const ended = ending(call);
  await begun.promise;
  call.cancel();
  expect((await ended).code).toBe(status.CANCELLED);
  expect(await seen.promise).toEqual([servingError('CANCELLED'), servingError('CANCELLED')]);
  expect(peer.internal).toEqual([]);
});

test('a connection that is lost breaks the messages with CANCELLED and is no internal error', async () => {
  const [begun, broken] = [deferred(), deferred<unknown>()];
  const peer = await serving(async (_, stream) => {
    try {
      for await (const message of stream.messages) if (message.length > 0) begun.resolve();
    } catch (error) {
      broken.resolve(error);
      throw error;
    }
    broken.resolve('ended as if all was well');
    return ok;
  });
  const socket = connectSocket(Number(peer.address.split(':').at(-1)), '127.0.0.1');
  const session = connect(`http://${peer.address}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  const request = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  request.on('error', () => undefined);
  request.write(Uint8Array.of(0, 0, 0, 0, 1, 42));
  await begun.promise;
  socket.destroy();
  expect(await broken.promise).toEqual(servingError('CANCELLED'));
  expect(peer.internal).toEqual([]);
});

test('a caller that goes away in the middle does not disturb the next one', async () => {
  const gone = deferred();
  const peer = await serving((call, stream) => echo(call, stream).finally(gone.resolve));
  const first = peer.open();
  const firstEnded = ending(first);
  first.write(Buffer.from('x'));
  await once(first, 'data');
  first.cancel();
  await firstEnded;
  await gone.promise;
  const second = peer.open();
  const result = drained(second);
  second.end(Buffer.from('still here'));
  expect((await result).received).toEqual(['still here']);
});

test('the deadline of a stream passes for both sides', async () => {
  const gone = deferred();
  const peer = await serving(async (call) => {
    await aborted(call.signal);
    gone.resolve();
    return ok;
  });
  const ended = await ending(peer.open({ deadline: Date.now() + 100 }).resume());
  expect(ended.code).toBe(status.DEADLINE_EXCEEDED);
  await gone.promise;
});

test('a message above the limit ends the stream with RESOURCE_EXHAUSTED, in either direction', async () => {
  const doubling: StreamHandler = async (_, stream) => {
    for await (const message of stream.messages) await stream.send(new Uint8Array(message.length * 2));
    return ok;
  };
  const peer = await serving(doubling, 1000);
  for (const length of [501, 1001]) {
    const call = peer.open().resume();
    const ended = ending(call);
    call.write(Buffer.alloc(length));
    expect((await ended).code).toBe(status.RESOURCE_EXHAUSTED);
  }
  expect(peer.internal).toEqual([]);
});

test('nothing can be sent once the handler is done, and what was sent before still arrives', async () => {
  const late = deferred<RpcStream>();
  const peer = await serving(async (_, stream) => {
    for (let i = 0; i < 100; i++) void stream.send(new Uint8Array(2 ** 16));
    late.resolve(stream);
    return ok;
  });
  const call = peer.open();
  call.once('data', () => call.pause());
  const result = drained(call);
  const [stream] = await Promise.all([late.promise, once(call, 'data')]);
  await expect(stream.send(Uint8Array.of(1))).rejects.toEqual(servingError('CANCELLED'));
  call.resume();
  const { received, ended } = await result;
  expect([received.length, ended.code]).toEqual([100, status.OK]);
  await expect(stream.send(Uint8Array.of(1))).rejects.toEqual(servingError('CANCELLED'));
});

test('stopping ends a stream that stays open when the grace is over', async () => {
  const begun = deferred();
  const peer = await serving(async (call, stream) => {
    begun.resolve();
    return echo(call, stream);
  });
  const ended = ending(peer.open().resume());
  await begun.promise;
  await peer.server.stop(20);
  expect([status.CANCELLED, status.UNAVAILABLE]).toContain((await ended).code);
});
