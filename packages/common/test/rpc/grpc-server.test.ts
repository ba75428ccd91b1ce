/** The unary form of the transport seam, called over real connections. */
import { afterEach, expect, test } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { ServingError } from '../../src/errors/serving-error.js';
import type { CancelSignal, RpcCall, RpcResult, UnaryHandler } from '../../src/rpc/rpc-handler.js';
import { systemClock } from '../../src/timing/clock.js';
import { aborted, deferred } from '../deferred.js';
import { Peer } from './grpc-js-peer.js';

const peers: Peer[] = [];

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

async function serving(handle: UnaryHandler, maxMessageBytes?: number): Promise<Peer> {
  const peer = await Peer.unary(handle, maxMessageBytes);
  peers.push(peer);
  return peer;
}

/** A server that answers with what `see` makes of the call, and what that was. */
async function seeing<T>(see: (call: RpcCall) => T): Promise<{ peer: Peer; seen: T[] }> {
  const seen: T[] = [];
  const peer = await serving((call) => {
    seen.push(see(call));
    return ok();
  });
  return { peer, seen };
}

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

function ok(...pieces: readonly string[]): RpcResult {
  return { status: 0, body: pieces.map(bytes) };
}

test('a handler that answers at once gets the message and sends its own', async () => {
  const peer = await serving((_, message) => ({ status: 0, body: [Uint8Array.from(message).toReversed()] }));
  const { reply } = await peer.call({ message: Buffer.from([1, 2, 3]) });
  expect([...reply!]).toEqual([3, 2, 1]);
});

test('a handler that answers later is waited for', async () => {
  const gate = deferred();
  const peer = await serving(async () => {
    await gate.promise;
    return ok('later');
  });
  const answer = peer.call();
  gate.resolve();
  expect((await answer).reply?.toString()).toBe('later');
});

test('several pieces arrive as one message, and no piece as an empty one', async () => {
  const peer = await serving((_, message) => ok(...message.toString().split('|').slice(1)));
  const replyTo = async (text: string) => (await peer.call({ message: Buffer.from(text) })).reply?.toString();
  expect(await replyTo('|one| |two||three')).toBe('one twothree');
  expect(await replyTo('')).toBe('');
});

test('a piece that is part of a larger buffer is sent alone', async () => {
  const peer = await serving(() => ({ status: 0, body: [bytes('the whole buffer').subarray(4, 9)] }));
  expect((await peer.call()).reply?.toString()).toBe('whole');
});

test('a status other than 0 ends the call with its message and trailers', async () => {
  const trailers = { 'retry-after': '1', 'x-other': 'yes' };
  const peer = await serving(() => ({
    status: status.RESOURCE_EXHAUSTED,
    message: 'full',
    trailers,
    body: [],
  }));
  const { error } = await peer.call();
  expect([error?.code, error?.details]).toEqual([status.RESOURCE_EXHAUSTED, 'full']);
  expect(error?.metadata.getMap()).toMatchObject(trailers);
});

test('trailers come with a good reply, too', async () => {
  const peer = await serving(() => ({ ...ok('x'), trailers: { 'x-stage': 'done' } }));
  const { reply, trailers } = await peer.call();
  expect([reply?.toString(), trailers.get('x-stage')]).toEqual(['x', ['done']]);
});

test('a status message arrives whatever is in it, cut where it would not fit a header', async () => {
  const texts = [
    'größe 名前 🙂',
    'two\nlines',
    '100%',
    'lone \ud800 surrogate',
    `long ${'名'.repeat(100_000)}`,
  ];
  const peer = await serving((_, message) => ({
    status: status.INVALID_ARGUMENT,
    message: texts[message[0]!]!,
    body: [],
  }));
  const details: (string | undefined)[] = [];
  for (const i of texts.keys()) {
    const { error } = await peer.call({ message: Uint8Array.of(i) });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    details.push(error?.details);
  }
  expect(details.slice(0, 4)).toEqual([...texts.slice(0, 3), 'lone \ufffd surrogate']);
  expect(details[4]).toMatch(/^long 名+…$/);
});

test('an unknown error becomes INTERNAL, its cause is told to the server and not to the caller', async () => {
  const failing: UnaryHandler[] = [
    () => {
      throw new Error('password hunter2');
    },
    async () => Promise.reject(new Error('password hunter2')),
  ];
  for (const handle of failing) {
    const peer = await serving(handle);
    const { error } = await peer.call();
    expect(error?.code).toBe(status.INTERNAL);
    expect(error?.details).toBe(peer.internal[0]?.message);
    expect(JSON.stringify([error?.details, error?.metadata])).not.toContain('hunter2');
    expect(peer.internal[0]?.cause).toMatchObject({ message: 'password hunter2' });
  }
});

test('a ServingError ends the call with its status and text and is no news for the server', async () => {
  const peer = await serving(() => {
    throw new ServingError('QUEUE_FULL', 'too many');
  });
  const { error } = await peer.call();
  expect([error?.code, error?.details]).toEqual([status.RESOURCE_EXHAUSTED, 'too many']);
  expect(peer.internal).toEqual([]);
});

test('a ServingError that knows when to try again says so in the trailer that gRPC clients keep to', async () => {
  const peer = await serving(() => {
    throw new ServingError('QUEUE_FULL', 'too many', { retryAfterMs: 250 });
  });
  const { error } = await peer.call();
  expect([error?.code, error?.metadata.get('grpc-retry-pushback-ms')]).toEqual([
    status.RESOURCE_EXHAUSTED,
    ['250'],
  ]);
});

test('a result that cannot be sent is an internal error, at once or later, and the server goes on', async () => {
  const wrong: RpcResult = { ...ok('x'), trailers: { 'x-name': 'größe' } };
  const peer = await serving((_, message) => {
    if (message.length === 0) return ok('still here');
    return message[0] === 1 ? wrong : Promise.resolve(wrong);
  });
  for (const kind of [1, 2]) {
    const { error } = await peer.call({ message: Uint8Array.of(kind) });
    expect(error?.code).toBe(status.INTERNAL);
    expect(peer.internal).toHaveLength(kind);
  }
  expect((await peer.call()).reply?.toString()).toBe('still here');
});

test('a handler sees the path, the headers by lower-case name and where the call comes from', async () => {
  const { peer, seen } = await seeing((call) => [
    call.path,
    call.metadata('x-id'),
    call.metadata('none'),
    call.peer,
  ]);
  const metadata = new Metadata();
  metadata.add('X-Id', 'first');
  metadata.add('x-id', 'second');
  await peer.call({ metadata });
  const [path, id, none, from] = seen[0]!;
  expect([path, none]).toEqual(['/test.Service/Method', undefined]);
  expect(id).toMatch(/^first/);
  expect(from).toMatch(/^127\.0\.0\.1:\d+$/);
});

test('a handler sees how much time the caller still gives, or that it gives all', async () => {
  const { peer, seen } = await seeing((call) => call.deadline.remainingMs(systemClock));
  await peer.call({ options: { deadline: Date.now() + 30_000 } });
  expect(seen[0]).toBeGreaterThan(15_000);
  expect(seen[0]).toBeLessThanOrEqual(30_001);
  await peer.call();
  expect(seen[1]).toBeUndefined();
});

test('the signal aborts when the caller cancels', async () => {
  const started = deferred();
  const stopped = deferred();
  const peer = await serving(async (call) => {
    started.resolve();
    await aborted(call.signal);
    stopped.resolve();
    return ok();
  });
  const { answer, cancel } = peer.begin({});
  await started.promise;
  cancel();
  await stopped.promise;
  expect((await answer).error?.code).toBe(status.CANCELLED);
});

test('the signal aborts when the deadline passes', async () => {
  const stopped = deferred();
  const peer = await serving(async (call) => {
    await aborted(call.signal);
    stopped.resolve();
    return ok();
  });
  const { error } = await peer.call({ options: { deadline: Date.now() + 100 } });
  expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
  await stopped.promise;
});

test('the signal aborts when the caller goes away, also when it is asked for only afterwards', async () => {
  const [started, ended] = [deferred(), deferred<CancelSignal>()];
  const peer = await serving(async (call) => {
    started.resolve();
    await aborted(call.signal);
    expect(call.signal.aborted).toBe(true);
    await aborted(call.signal);
    ended.resolve(call.signal);
    return ok();
  });
  void peer.call();
  await started.promise;
  await peer.close();
  expect((await ended.promise).aborted).toBe(true);
});

test('the signal of a call that was answered does not abort', async () => {
  let aborts = 0;
  const { peer, seen } = await seeing((call) => {
    call.signal.onAbort(() => aborts++);
    return call.signal;
  });
  await peer.call();
  await peer.call();
  await peer.close();
  expect([aborts, ...seen.map((signal) => signal.aborted)]).toEqual([0, false, false]);
});

test('any number of listeners hear of an abort once each, without a warning from Node', async () => {
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown) => void warnings.push(warning);
  process.on('warning', onWarning);
  const [started, stopped] = [deferred(), deferred<number[]>()];
  const peer = await serving(async (call) => {
    const heard: number[] = [];
    for (let i = 0; i < 20; i++) call.signal.onAbort(() => void heard.push(i));
    started.resolve();
    await aborted(call.signal);
    stopped.resolve(heard);
    return ok();
  });
  const { cancel } = peer.begin({});
  await started.promise;
  cancel();
  expect(await stopped.promise).toEqual(Array.from({ length: 20 }, (_, i) => i));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test('a message above the limit is RESOURCE_EXHAUSTED in either direction, one at the limit passes', async () => {
  const peer = await serving(
    (_, message) => ({ status: 0, body: [new Uint8Array(message.length * 2)] }),
    1000,
  );
  expect((await peer.call({ message: new Uint8Array(500) })).reply).toHaveLength(1000);
  for (const length of [501, 1001]) {
    expect((await peer.call({ message: new Uint8Array(length) })).error?.code).toBe(
      status.RESOURCE_EXHAUSTED,
    );
  }
  expect((await peer.call()).reply).toHaveLength(0);
});

test('a method that is not served is UNIMPLEMENTED', async () => {
  const peer = await serving(() => ok());
  expect((await peer.call({ path: '/test.Service/Other' })).error?.code).toBe(status.UNIMPLEMENTED);
  expect((await peer.call({ path: '/__proto__' })).error?.code).toBe(status.UNIMPLEMENTED);
});
