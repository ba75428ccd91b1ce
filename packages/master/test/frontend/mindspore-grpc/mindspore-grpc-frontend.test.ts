import { expect, test } from '@jest/globals';
import v8 from 'node:v8';
import vm from 'node:vm';
import { Deadline, failure, ServingError } from '@serving/common';
import type { PredictCall } from '../../../src/call/predict-call.js';
import { mindsporeGrpcRoutes } from '../../../src/frontend/mindspore-grpc/mindspore-grpc-frontend.js';
import { floatText, ManualSignal } from '../../support/calls.js';
import { signature } from '../../support/fake-replica.js';
import { callWith, limits, setUp } from '../../support/grpc-frontend.js';
import { Plane } from '../../support/plane.js';
import { readReply, wireFloats, wireInstance, wireRequest } from '../../support/wire.js';
import { nowhere, routeTo } from '../../support/routes.js';

const one = [wireInstance([['x', wireFloats([], 1)]])];

test('serves Predict of MSService, and PredictStream', () => {
  const plane = new Plane(limits);
  expect(
    mindsporeGrpcRoutes({
      endpoint: plane.endpoint,
      onInternalError: () => undefined,
      maxInstances: 1000,
      maxMessageBytes: 2 ** 20,
      stopping: new AbortController().signal,
    }),
  ).toEqual([
    { kind: 'unary', path: '/mindspore.serving.proto.MSService/Predict', handle: expect.any(Function) },
    {
      kind: 'stream',
      path: '/serving.predict.v1.PredictService/PredictStream',
      handle: expect.any(Function),
    },
  ]);
});

test('a request is answered instance by instance in its order, over several batches', async () => {
  const { predict, replica } = setUp();
  const values = Array.from({ length: 11 }, (_, i) => i);
  const reply = await predict(
    wireRequest(values.map((value) => wireInstance([['x', wireFloats([], value)]]))),
  );
  expect([reply.outputs, reply.errors]).toEqual([values.map(floatText), []]);
  expect(reply.spec).toEqual({ name: 'add', methodName: 'predict', versionNumber: 0n });
  expect(replica.sizes).toEqual([4, 4, 3]);
});

test('a request that cannot be routed is an OK reply with one error', async () => {
  const { predict } = setUp();
  for (const [to, text] of [
    [{ name: 'mul' }, 'Request servable(mul) method(predict) , servable is not available'],
    [{ version: 9n }, 'Request servable(add) method(predict)  version(9) , servable is not available'],
    [{ method: 'm' }, 'Request servable(add) method(m) , method is not available'],
  ] as const) {
    const { outputs, errors, spec } = await predict(wireRequest(one, to));
    expect([outputs, errors.map(({ code }) => code)]).toEqual([[], [2]]);
    expect(errors[0]!.text.startsWith(text)).toBe(true);
    expect(spec).toEqual({ name: 'add', methodName: 'predict', versionNumber: 0n, ...renamed(to) });
  }
});

function renamed(to: { name?: string; method?: string; version?: bigint }) {
  return {
    ...(to.name === undefined ? {} : { name: to.name }),
    ...(to.method === undefined ? {} : { methodName: to.method }),
    ...(to.version === undefined ? {} : { versionNumber: to.version }),
  };
}

test('requests that come to no method are counted as refusals by their code, and the others are not', async () => {
  const { plane, predict, send } = setUp();
  await predict(wireRequest(one));
  await predict(wireRequest(one, { name: 'mul' }));
  await predict(wireRequest([]));
  await expect(send(Uint8Array.of(255))).rejects.toThrow('expected');
  const codes = ['SERVABLE_NOT_FOUND', 'BAD_REQUEST', 'INPUT_MISMATCH', 'INTERNAL'] as const;
  expect(codes.map((code) => plane.refusals.of(code))).toEqual([1, 2, 0, 0]);
});

test('a servable that is known but has no replica answers with code 5', async () => {
  const { predict, plane, replica } = setUp();
  plane.registry.remove(replica.id);
  expect((await predict(wireRequest(one))).errors).toEqual([
    {
      code: 5,
      text: expect.stringMatching(/^Request servable\(add\) method\(predict\) , servable is not available/),
    },
  ]);
});

test('a request without instances is answered, once it is known to be for a method that exists', async () => {
  const { predict } = setUp();
  const text = 'Instances count of request cannot be 0, servable: add, method: predict';
  expect((await predict(wireRequest([]))).errors).toEqual([
    { code: 2, text: `${text}; expected at least one instance, given none` },
  ]);
  expect((await predict(wireRequest([], { name: 'mul' }))).errors[0]?.text).toMatch(
    /servable is not available/,
  );
});

test('bytes that are no request end in INVALID_ARGUMENT', async () => {
  const { send } = setUp();
  await expect(send(Buffer.from('no request'))).rejects.toMatchObject({ code: 'BAD_REQUEST', grpcStatus: 3 });
});

test('an internal error is told to the log under its id, and its cause to nobody else', async () => {
  const told: ServingError[] = [];
  const { predict, plane } = setUp(['x'], (error) => void told.push(error));
  const cause = new TypeError('secret');
  plane.table.versions = () => {
    throw cause;
  };
  const { errors } = await predict(wireRequest(one));
  expect(errors).toEqual([{ code: 3, text: expect.stringMatching(/^internal error, id [0-9a-f-]{36}$/) }]);
  expect(told).toMatchObject([{ errorId: errors[0]!.text.slice(-36), cause }]);
});

test('deadline, trace context and cancellation of the caller come with the call', async () => {
  const { plane, replica, send } = setUp();
  replica.onSend = () => undefined;
  const signal = new ManualSignal();
  const deadline = Deadline.after(70, plane.clock);
  const metadata = (name: string) => (name === 'traceparent' ? '00-ab-cd-01' : undefined);
  const answer = send(wireRequest(one), callWith({ signal, deadline, metadata }));
  expect(replica.last.contents.calls).toMatchObject([
    { remainingMs: 70, traceparent: '00-ab-cd-01', priority: 0 },
  ]);
  signal.abort();
  expect(replica.cancelled).toEqual([replica.last.batchId]);
  expect(readReply((await answer).body[0]!).errors).toMatchObject([{ code: 1 }]);
});

test('a small message counts with its own bytes, a large one with the buffer it keeps alive', async () => {
  const { plane, replica, predict } = setUp();
  plane.registry.remove(replica.id);
  const counted: number[] = [];
  const method = signature('predict');
  const queue = {
    ...nowhere,
    enqueue: ({ retainedBytes, sink }: PredictCall) => {
      counted.push(retainedBytes);
      sink.reply(failure(0, 1, new ServingError('QUEUE_FULL', 'enough seen')));
    },
  };
  plane.endpoint.route = () => routeTo(method, { queue });
  const message = wireRequest(one);
  const pooled = Buffer.allocUnsafeSlow(8192).subarray(9, 9 + message.length);
  const large = Buffer.allocUnsafeSlow(100_000).subarray(9, 9 + message.length);
  for (const target of [pooled, large]) {
    target.set(message);
    await predict(target);
  }
  expect(counted).toEqual([message.length + oneColumn, 100_000 + oneColumn]);
});

/** What an instance of one column counts beside its message. */
const oneColumn = 512 + 128;

test('refused instances count as long as others of their request wait', async () => {
  const { plane, replica, send } = setUp();
  replica.onSend = () => undefined;
  const counted: number[] = [];
  const { queue } = plane.endpoint.route({ servable: 'add', method: 'predict', version: 0n });
  const enqueue = queue.enqueue.bind(queue);
  queue.enqueue = (call) => {
    counted.push(call.retainedBytes);
    enqueue(call);
  };
  const message = wireRequest([...one, ...Array.from({ length: 100 }, () => wireInstance([]))]);
  void send(message);
  expect(counted[0]).toBeGreaterThan(100 * 1024);
});

/** A request whose instance has items that the method does not take. */
function withUnused(count: number): Uint8Array {
  const unused = Array.from({ length: count }, (_, i) => [`unused${i}`, wireFloats([], 1)] as const);
  return wireRequest([wireInstance([['x', wireFloats([], 1)], ...unused])]);
}

test('what a request was decoded to is gone while it waits', async () => {
  const { replica, send, plane } = setUp();
  replica.onSend = () => undefined;
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const message = withUnused(25_000);
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const before = process.memoryUsage().heapUsed;
  const signal = new ManualSignal();
  const answer = send(message, callWith({ signal }));
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  // Decoded, it takes tens of megabytes.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5e6);
  signal.abort();
  plane.runDeferred();
  await answer;
});

test('the names in an error are cut', async () => {
  const { predict } = setUp(['another']);
  const { errors } = await predict(withUnused(1000));
  expect(errors[0]!.text).toMatch(/given: x, unused0, unused1, .*, …$/);
  expect(errors[0]!.text.length).toBeLessThan(1500);
});
