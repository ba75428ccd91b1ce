import { describe, expect, test } from '@jest/globals';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServingError, type Tensor } from '@serving/common';
import { Client } from '../src/client.js';
import { outputsOf } from '../src/infer-result.js';
import { connect, failureOf, serve } from './support/client-and-server.js';
import { echo, wireError, wireFloats, wireInstance } from './support/wire-values.js';

describe('results', () => {
  test('one instance, or a list of them, always resolves to a list', async () => {
    const { address, requests } = await serve(echo);
    const client = connect(address, { version: 7 });
    const [one] = await client.infer({ x: [[1, 2]] });
    expect((outputsOf(one)['x'] as Tensor).toNested()).toEqual([[1, 2]]);
    const several = await client.infer([{ x: 'a' }, { x: 'b' }]);
    expect(several).toEqual([
      { ok: true, outputs: { x: 'a' } },
      { ok: true, outputs: { x: 'b' } },
    ]);
    expect(requests[0]!.servableSpec).toEqual({ name: 'add', methodName: 'add_common', versionNumber: 7n });
  });

  test('a failed instance is an error in its place', async () => {
    const good = wireInstance([['y', wireFloats([], [1])]]);
    const { address } = await serve(() => ({
      instances: [good, wireInstance([])],
      errorMsg: [wireError(0, ''), wireError(2, 'bad x')],
    }));
    const [first, second] = await connect(address).infer([{ x: 1 }, { x: 2 }]);
    expect(first).toMatchObject({ ok: true });
    expect(second).toMatchObject({
      ok: false,
      error: { code: 'INVALID_INPUTS', message: 'bad x', grpcStatus: 0 },
    });
    expect(() => outputsOf(second!)).toThrow('bad x');
  });

  test('a request that fails as a whole is an error in every place', async () => {
    const { address } = await serve(() => ({ errorMsg: [wireError(2, 'no such method')] }));
    const results = await connect(address).infer([{ x: 1 }, { x: 2 }]);
    expect(results.map((result) => !result.ok && result.error.message)).toEqual(
      Array(2).fill('no such method'),
    );
  });
});

test('outputs have the types that the caller says they have', async () => {
  const { address } = await serve(echo);
  interface Named {
    readonly x: Tensor;
  }
  const [one] = await connect(address).infer<Named>({ x: 1 });
  expect(outputsOf(one).x.shape).toEqual([]);
  const results = await connect(address).infer<{ x: Tensor }>([{ x: 1 }, { x: 2 }]);
  expect(results.map((result) => outputsOf(result).x.data[0])).toEqual([1, 2]);
  // @ts-expect-error -- it is not among them
  expect(outputsOf(one).z).toBeUndefined();
  // @ts-expect-error -- no output is a number
  await connect(address).infer<{ x: number }>({ x: 1 });
});

describe('a call', () => {
  test('is not made for no instances', async () => {
    const { address, requests } = await serve(echo);
    expect(await connect(address).infer([])).toEqual([]);
    expect(requests).toHaveLength(0);
  });

  test('gets its own answer among others', async () => {
    const { address } = await serve(echo);
    const client = connect(address);
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
    const answers = await Promise.all(texts.map((x) => client.infer({ x })));
    expect(answers.map(([result]) => outputsOf(result)['x'])).toEqual(texts);
  });

  test('has read its arrays when infer returns', async () => {
    const { address } = await serve(echo);
    const x = Float32Array.of(1, 2);
    const pending = connect(address).infer({ x });
    x.fill(0);
    const [result] = await pending;
    expect((outputsOf(result)['x'] as Tensor).toNested()).toEqual([1, 2]);
  });

  test('is not made with a wrong instance', async () => {
    const { address, requests } = await serve(echo);
    const error = await failureOf(connect(address).infer([{ x: 1 }, { x: [[1], [2, 3]] }]));
    expect(error).toMatchObject({ code: 'INVALID_INPUTS', grpcStatus: undefined, retryable: false });
    expect(error.message).toBe(
      "instance 1, input 'x': expected 1 elements at [1] as in shape [2,1], given 2",
    );
    expect(requests).toHaveLength(0);
  });

  test('may carry more than the 4 MiB that grpc takes by default', async () => {
    const { address } = await serve(echo);
    const x = new Float32Array(1_500_000).fill(0.5);
    const [result] = await connect(address).infer({ x });
    expect((outputsOf(result)['x'] as Tensor).size).toBe(1_500_000);
  });

  test('goes over a unix socket as well', async () => {
    const { address } = await serve(echo, `unix:${join(tmpdir(), `client-test-${process.pid}.sock`)}`);
    const [result] = await connect(address).infer({ x: true });
    expect(result.ok).toBe(true);
  });
});

describe('the constructor refuses', () => {
  test.each([
    ['an address without a port', ['localhost', 'add', 'm', {}], "address 'localhost': the port is missing"],
    ['a URL', ['http://localhost:1', 'add', 'm', {}], 'the host is not valid'],
    ['no servable', ['localhost:1', '', 'm', {}], "servable: expected a name, given ''"],
    ['no method', ['localhost:1', 'add', undefined, {}], 'method: expected a name, given undefined'],
    ['a negative version', ['localhost:1', 'add', 'm', { version: -1 }], 'version: expected a whole number'],
    ['a version above uint64', ['localhost:1', 'add', 'm', { version: 2n ** 64n }], 'version: expected'],
    [
      'a message limit of 0',
      ['localhost:1', 'add', 'm', { maxMessageMb: 0 }],
      'maxMessageMb: expected a number from 1',
    ],
    [
      'a deadline of NaN',
      ['localhost:1', 'add', 'm', { deadlineMs: NaN }],
      'deadlineMs: expected a number above 0',
    ],
  ])('%s', (_what, args, message) => {
    const construct = () => new Client(...(args as ConstructorParameters<typeof Client>));
    expect(construct).toThrow(message);
    expect(construct).toThrow(ServingError);
  });
});
