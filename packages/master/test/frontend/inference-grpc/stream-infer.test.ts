/** ModelStreamInfer over real gRPC streams. */
import { afterEach, expect, test } from '@jest/globals';
import { inference, type RpcClientStream } from '@serving/common';
import { deferred } from '../../../../common/test/deferred.js';
import type { FakeWork } from '../../support/fake-replica.js';
import { until } from '../../support/grpc-client.js';
import { callWith } from '../../support/grpc-frontend.js';
import { echo, encodeInfer, floatsRequest, giveBack, InferenceBench } from '../../support/inference.js';
import { serveRoutes } from '../../support/served-routes.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function open(onSend?: (work: FakeWork) => void, executors = 1, headers = {}) {
  const bench = new InferenceBench();
  const replica = bench.serve({ servable: 's', methods: [echo], executors }, onSend);
  const { channel } = await serveRoutes([bench.route('ModelStreamInfer')], cleanups);
  const stream = channel.openStream('/inference.GRPCInferenceService/ModelStreamInfer', headers);
  return { bench, replica, stream, answers: answersOf(bench, stream) };
}

/** The answers as they come. What the master defers to the next round of I/O is run meanwhile. */
async function* answersOf(bench: InferenceBench, stream: RpcClientStream) {
  const pump = setInterval(() => bench.plane.runDeferred(), 1);
  cleanups.push(() => clearInterval(pump));
  for await (const message of stream.messages) yield inference.ModelStreamInferResponse.decode(message);
}

const request = (id: string, more: Partial<inference.ModelInferRequest> = {}) =>
  encodeInfer({ ...floatsRequest('s', [1], [Number(id)]), id, ...more });

async function next(answers: AsyncGenerator<inference.ModelStreamInferResponse>) {
  const { value } = (await answers.next()) as { value: inference.ModelStreamInferResponse };
  return value;
}

test('each request has one answer, which is marked as the final one', async () => {
  const { stream, answers } = await open();
  await stream.send(request('1'));
  const { errorMessage, inferResponse } = await next(answers);
  expect(errorMessage).toBe('');
  expect(inferResponse).toMatchObject({ id: '1', modelName: 's', outputs: [{ name: 'y' }] });
  expect(inferResponse!.parameters.get('triton_final_response')).toEqual({
    parameterChoice: { $case: 'boolParam', value: true },
  });
  stream.halfClose();
  expect((await answers.next()).done).toBe(true);
});

test('an error is an answer with the id of its request, and the stream goes on', async () => {
  const { stream, answers } = await open();
  await stream.send(request('1', { modelName: 't' }));
  await stream.send(Uint8Array.of(0x0a, 0xff, 0xff));
  await stream.send(request('2'));
  const [unknown, garbage, fine] = [await next(answers), await next(answers), await next(answers)];
  expect(unknown).toMatchObject({
    errorMessage: "Request for unknown model: 't' is not found; expected one of: s",
    inferResponse: { id: '1', modelName: 't', modelVersion: '' },
  });
  expect(unknown.inferResponse!.parameters.get('triton_final_response')).toEqual({
    parameterChoice: { $case: 'boolParam', value: true },
  });
  expect(garbage).toMatchObject({
    errorMessage: expect.stringMatching(/^expected an inference.ModelInferRequest/),
    inferResponse: { id: '' },
  });
  expect(fine).toMatchObject({ errorMessage: '', inferResponse: { id: '2' } });
});

test('a caller that asks for it has the stream end at the first error in order, with its status', async () => {
  const works: FakeWork[] = [];
  const { stream, answers, replica } = await open((work) => void works.push(work), 2, {
    triton_grpc_error: 'true',
  });
  await stream.send(request('1'));
  const first = next(answers);
  await until(() => works.length === 1);
  await stream.send(request('2', { modelName: 't' }));
  await stream.send(request('3'));
  await until(() => works.length === 2);
  giveBack(works[0]!);
  expect((await first).inferResponse?.id).toBe('1');
  await expect(answers.next()).rejects.toMatchObject({
    status: 5,
    message: "Request for unknown model: 't' is not found; expected one of: s",
  });
  // Nobody waits for what was behind it.
  await until(() => replica.cancelled.length === 1);
});

test('a stream that lives long keeps nothing of the requests that are answered', async () => {
  const bench = new InferenceBench();
  bench.serve({ servable: 's', methods: [echo] });
  const route = bench.route('ModelStreamInfer');
  if (route.kind !== 'stream') throw new Error('ModelStreamInfer is a stream');
  let listeners = 0;
  const signal = { aborted: false, onAbort: () => void listeners++ };
  let answered = 0;
  async function* messages() {
    for (let sent = 0; sent < 20; sent++) {
      yield request('1');
      bench.plane.runDeferred();
    }
  }
  const send = async () => void answered++;
  const ended = route.handle(callWith({ signal }), { messages: messages(), send });
  const pump = setInterval(() => bench.plane.runDeferred(), 1);
  cleanups.push(() => clearInterval(pump));
  expect(await ended).toEqual({ status: 0 });
  expect({ answered, listeners }).toEqual({ answered: 20, listeners: 1 });
});

test('requests run at the same time, and are answered in their order', async () => {
  const works: FakeWork[] = [];
  const { stream, answers, replica } = await open((work) => void works.push(work), 2);
  await stream.send(request('1'));
  const first = next(answers);
  await until(() => works.length === 1);
  await stream.send(request('2'));
  await until(() => works.length === 2);
  giveBack(works[1]!);
  const second = first.then(() => next(answers));
  replica.grant();
  giveBack(works[0]!);
  expect((await first).inferResponse?.id).toBe('1');
  expect((await second).inferResponse?.id).toBe('2');
});

test('a client that goes away takes its requests with it', async () => {
  const gone = deferred();
  const { stream, replica, answers } = await open(() => gone.resolve());
  await stream.send(request('1'));
  const answer = answers.next();
  await gone.promise;
  stream.cancel();
  await expect(answer).rejects.toMatchObject({ status: 1 });
  await until(() => replica.cancelled.length === 1);
});

test('a master that stops answers what it has taken and ends the stream', async () => {
  const works: FakeWork[] = [];
  const { bench, stream, answers } = await open((work) => void works.push(work));
  await stream.send(request('1'));
  const answer = next(answers);
  await until(() => works.length === 1);
  bench.stopping.abort();
  giveBack(works[0]!);
  expect((await answer).inferResponse?.id).toBe('1');
  await expect(answers.next()).rejects.toMatchObject({ status: 14, message: 'the server is stopping' });
});
