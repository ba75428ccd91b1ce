import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mindspore } from '@serving/common';
import { servingError } from '../../../test/support/serving-error-matcher.js';
import { Client } from '../src/client.js';
import { clusterStatus } from '../src/cluster-status.js';
import { arrival, cleanUp, connect, failureOf, serve } from './support/client-and-server.js';
import type { Answer } from './support/predict-server.js';
import { echo, wireFloats, wireInstance, wireSingle } from './support/wire-values.js';

const noAnswer = (): Answer => undefined;

describe('failed calls', () => {
  test('a server that is not there is UNAVAILABLE and worth a retry', async () => {
    const error = await failureOf(connect('127.0.0.1:1').infer({ x: 1 }));
    expect(error).toMatchObject({ name: 'InferError', code: 'UNAVAILABLE', grpcStatus: 14, retryable: true });
    expect(error.message).toBe('127.0.0.1:1 is unavailable: connect ECONNREFUSED 127.0.0.1:1');
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('a server that speaks HTTP/1.1 is UNAVAILABLE', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp(() => server.close());
    const { port } = server.address() as { port: number };
    const error = await failureOf(connect(`127.0.0.1:${port}`).infer({ x: 1 }));
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+ is unavailable: [^()]+$/);
  });

  test.each([
    [8, 'RESOURCE_EXHAUSTED', false],
    [12, 'UNIMPLEMENTED', false],
    [99, 'UNKNOWN', false],
  ])('status %i is %s', async (code, name, retryable) => {
    const { address } = await serve(() => ({ code, details: 'why' }));
    const error = await failureOf(connect(address).infer({ x: 1 }));
    expect(error).toMatchObject({ code: name, grpcStatus: code, retryable });
    expect(error.message).toBe(`call to ${address} failed with ${name}: why`);
  });

  test('a reply or request above the limit is RESOURCE_EXHAUSTED', async () => {
    const large = wireInstance([['y', wireFloats([400_000], Array<number>(400_000).fill(1))]]);
    const { address } = await serve(() => ({ instances: [large] }));
    const client = connect(address, { maxMessageMb: 1 });
    expect(await failureOf(client.infer({ x: 1 }))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      grpcStatus: 8,
    });
    const x = new Uint8Array(2 ** 20);
    expect(await failureOf(client.infer({ x }))).toMatchObject({ code: 'RESOURCE_EXHAUSTED', grpcStatus: 8 });
  });

  test.each([
    ['no message', Uint8Array.of(0x1a, 0xff, 0xff)],
    ['another number of instances', { instances: [] }],
  ])('a reply with %s is a BAD_REPLY', async (_what, answer) => {
    const { address } = await serve(() => answer);
    expect(await failureOf(connect(address).infer({ x: 1 }))).toMatchObject({
      code: 'BAD_REPLY',
      grpcStatus: 0,
      retryable: false,
    });
  });

  test('a server that ends during a call rejects it', async () => {
    const server = await serve(noAnswer);
    const failure = failureOf(connect(server.address).infer({ x: 1 }));
    await arrival(server);
    server.stop();
    expect(['CANCELLED', 'UNAVAILABLE']).toContain((await failure).code);
  });
});

describe('deadline', () => {
  test.each([2 ** 31, 2.5e9, Number.MAX_SAFE_INTEGER, 1e300])(
    'one of %p ms is too far away to be one',
    async (deadlineMs) => {
      const { address } = await serve(echo);
      await expect(connect(address, { deadlineMs }).infer({ x: 1 })).resolves.toHaveLength(1);
      await expect(connect(address).infer({ x: 1 }, { deadlineMs })).resolves.toHaveLength(1);
    },
  );

  test('ends a call that takes longer, for the server too', async () => {
    const server = await serve(noAnswer);
    const error = await failureOf(connect(server.address, { deadlineMs: 150 }).infer({ x: 1 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', grpcStatus: 4, retryable: false });
    expect(error.message).toBe(`${server.address} did not answer within the deadline of 150 ms`);
    expect(Number(server.calls[0]!.getDeadline())).toBeLessThanOrEqual(Date.now() + 150);
  });

  test('of a call goes before that of the client', async () => {
    const { address } = await serve(noAnswer);
    const error = await failureOf(connect(address).infer({ x: 1 }, { deadlineMs: 50 }));
    expect(error.message).toContain('50 ms');
  });

  test('is a minute by default and none with Infinity', async () => {
    const server = await serve(echo);
    const client = connect(server.address);
    await client.infer({ x: 1 });
    await client.infer({ x: 1 }, { deadlineMs: Infinity });
    const [first, second] = server.calls.map((call) => Number(call.getDeadline()));
    expect(first! - Date.now()).toBeGreaterThan(50_000);
    expect(first! - Date.now()).toBeLessThanOrEqual(60_000);
    expect(second).toBe(Infinity);
  });

  test('that makes no sense is refused', async () => {
    const client = connect('127.0.0.1:1');
    await expect(client.infer({ x: 1 }, { deadlineMs: 0 })).rejects.toThrow(
      'deadlineMs: expected a number above 0, or Infinity for no deadline, given 0',
    );
  });
});

test('a message that is too large names the limit, and whose it is', async () => {
  const bytes = new Uint8Array(2 ** 21);
  const { address } = await serve(() => ({
    instances: [wireInstance([['y', wireSingle(mindspore.DataType.MS_BYTES, bytes)]])],
  }));
  const client = new Client(address, 's', 'm', { maxMessageMb: 1 });
  const sent = await failureOf(client.infer({ x: bytes }));
  const received = await failureOf(client.infer({ x: 1 }));
  client.close();
  for (const { code, message } of [sent, received]) {
    expect(code).toBe('RESOURCE_EXHAUSTED');
    expect(message).toMatch(/larger than .*; the client takes messages of 1 MiB at most \(maxMessageMb\)$/);
  }
});

test('options that are misspelt are refused', async () => {
  const misspelt = { deadline: 5 } as object;
  expect(() => new Client('127.0.0.1:1', 's', 'm', misspelt)).toThrow(
    servingError('CONFIG_INVALID', "unknown option 'deadline'; expected version, deadlineMs, maxMessageMb"),
  );
  expect(() => new Client('127.0.0.1:1', 's', 'm', 5 as unknown as object)).toThrow(
    servingError(
      'CONFIG_INVALID',
      'options: expected an object with version, deadlineMs, maxMessageMb, given 5',
    ),
  );
  await expect(connect('127.0.0.1:1').infer({ x: 1 }, misspelt)).rejects.toEqual(
    servingError('CONFIG_INVALID', "unknown option 'deadline'; expected signal, deadlineMs, priority"),
  );
  await expect(clusterStatus('127.0.0.1:1', misspelt)).rejects.toEqual(
    servingError('CONFIG_INVALID', "unknown option 'deadline'; expected deadlineMs, signal"),
  );
});

describe('signal', () => {
  test('aborted before the call sends nothing', async () => {
    const { address, requests } = await serve(echo);
    const reason = new Error('changed my mind');
    const error = await failureOf(connect(address).infer({ x: 1 }, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: 'CANCELLED', grpcStatus: 1, cause: reason });
    expect(requests).toHaveLength(0);
  });

  test('aborted during the call rejects at once and tells the server', async () => {
    const server = await serve(noAnswer);
    const controller = new AbortController();
    const failure = failureOf(connect(server.address).infer({ x: 1 }, { signal: controller.signal }));
    await arrival(server);
    const told = once(server.calls[0]!, 'cancelled');
    controller.abort();
    expect(await failure).toMatchObject({ code: 'CANCELLED', message: 'the caller cancelled the call' });
    await told;
  });

  test('aborted after the call changes nothing', async () => {
    const { address } = await serve(echo);
    const controller = new AbortController();
    const results = await connect(address).infer({ x: 1 }, { signal: controller.signal });
    controller.abort();
    expect(results[0].ok).toBe(true);
  });

  test('may be shared by many calls', async () => {
    const server = await serve(noAnswer);
    const client = connect(server.address);
    const controller = new AbortController();
    const failures = Array.from({ length: 30 }, () =>
      failureOf(client.infer({ x: 1 }, { signal: controller.signal })),
    );
    await arrival(server);
    controller.abort();
    expect(new Set((await Promise.all(failures)).map(({ code }) => code))).toEqual(new Set(['CANCELLED']));
  });
});

describe('close', () => {
  test('rejects the calls in progress and later ones', async () => {
    const server = await serve(noAnswer);
    const client = connect(server.address);
    const failure = failureOf(client.infer({ x: 1 }));
    await arrival(server);
    client.close();
    expect(await failure).toMatchObject({ code: 'CANCELLED', message: 'the client was closed' });
    expect(await failureOf(client.infer({ x: 1 }))).toMatchObject({
      code: 'CANCELLED',
      message: 'the client is closed',
    });
    client.close();
  });

  test('is what `using` does', async () => {
    const { address } = await serve(echo);
    const client = connect(address);
    client[Symbol.dispose]();
    expect((await failureOf(client.infer({ x: 1 }))).message).toBe('the client is closed');
  });
});
