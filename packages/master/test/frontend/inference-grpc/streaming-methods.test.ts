/** Methods that give many responses, over real gRPC streams. */
import { afterEach, expect, test } from '@jest/globals';
import { Block, inference, numericColumn, type MethodSignature } from '@serving/common';
import type { FakeWork } from '../../support/fake-replica.js';
import { until } from '../../support/grpc-client.js';
import {
  echo,
  encodeInfer,
  floatBytes,
  floatsRequest,
  giveBack,
  InferenceBench,
  method,
  parameters,
} from '../../support/inference.js';
import { serveRoutes } from '../../support/served-routes.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

const many = method('many', [{ name: 'x' }], { streaming: true });

/** A server with the methods `many` and `echo` of servable `s`, and one stream to it. */
async function open(more: Partial<MethodSignature> = {}, headers = {}) {
  const bench = new InferenceBench();
  const works: FakeWork[] = [];
  const methods = [{ ...many, ...more }, echo];
  const replica = bench.serve({ servable: 's', methods, executors: 4 }, (work) => void works.push(work));
  const { channel } = await serveRoutes([bench.route('ModelStreamInfer')], cleanups);
  const stream = channel.openStream('/inference.GRPCInferenceService/ModelStreamInfer', headers);
  const pump = setInterval(() => bench.plane.runDeferred(), 1);
  cleanups.push(() => clearInterval(pump));
  const answers = answersOf(stream.messages);
  const sent = async (count: number) => {
    await until(() => works.length === count);
    return works.at(-1)!;
  };
  return { bench, replica, stream, answers, works, sent, statistics: () => statisticsOf(bench) };
}

async function* answersOf(messages: AsyncIterable<Uint8Array>) {
  for await (const message of messages) yield inference.ModelStreamInferResponse.decode(message);
}

function statisticsOf({ models }: InferenceBench) {
  const { succeeded, failed, instances } = models.find('s.many', '').route.statistics;
  return [succeeded.count, failed.count, instances];
}

const request = (id: string, more: Partial<inference.ModelInferRequest> = {}) =>
  encodeInfer({ ...floatsRequest('s.many', [1], [Number(id)]), id, ...more });

function respond(work: FakeWork, sequence: number, value: number, shape: number[] = [1]): void {
  const block = new Block(1, [numericColumn('y', 'float32', shape, [floatBytes(value)])]);
  work.send({ first: 0, count: 1, sequence, last: false, outcome: { ok: true, outputs: block.all() } });
}

function end(work: FakeWork, sequence: number): void {
  const outputs = new Block(1, []).all();
  work.send({ first: 0, count: 1, sequence, last: true, outcome: { ok: true, outputs } });
}

/** `1: 0.5` is a response to request 1, `1: 0.5!` one that is final, `1: ?` an error with its text. */
async function next(answers: AsyncGenerator<inference.ModelStreamInferResponse>): Promise<string> {
  const { value } = (await answers.next()) as { value: inference.ModelStreamInferResponse };
  const { id, parameters: given, rawOutputContents } = value.inferResponse!;
  const isFinal = given.get('triton_final_response')?.parameterChoice?.value === true;
  if (value.errorMessage !== '') return `${id}: ${value.errorMessage}${isFinal ? '!' : ''}`;
  const numbers = rawOutputContents.map((raw) => Buffer.from(raw).readFloatLE());
  return `${id}: ${numbers.join(' ')}${isFinal ? '!' : ''}`;
}

test('each response is an answer of its own, sent while the method runs', async () => {
  const { stream, answers, sent, statistics } = await open();
  await stream.send(request('1'));
  const work = await sent(1);
  for (const sequence of [0, 1]) {
    respond(work, sequence, sequence + 0.5);
    expect(await next(answers)).toBe(`1: ${sequence + 0.5}`);
  }
  expect(statistics()).toEqual([0, 0, 0]);
  end(work, 2);
  stream.halfClose();
  expect((await answers.next()).done).toBe(true);
  expect(statistics()).toEqual([1, 0, 1]);
});

test('the end is an answer, without outputs, for those that ask for it', async () => {
  const { stream, answers, sent } = await open();
  const asked = { parameters: parameters({ triton_enable_empty_final_response: true }) };
  await stream.send(request('1', asked));
  end(await sent(1), 0);
  const { value } = (await answers.next()) as { value: inference.ModelStreamInferResponse };
  expect(value).toMatchObject({
    errorMessage: '',
    inferResponse: { id: '1', modelName: 's.many', modelVersion: '1', outputs: [], rawOutputContents: [] },
  });
  expect(value.inferResponse!.parameters).toEqual(parameters({ triton_final_response: true }));
  await stream.send(request('2', { parameters: parameters({ triton_enable_empty_final_response: 'yes' }) }));
  expect(await next(answers)).toBe(
    "2: parameter 'triton_enable_empty_final_response': expected true or false, given 'yes'!",
  );
});

test('outputs have the batch dimension of a method that takes several instances', async () => {
  const { stream, answers, sent } = await open({ batched: true });
  await stream.send(request('1', floatsRequest('s.many', [1, 1], [1])));
  respond(await sent(1), 0, 0.5);
  const { value } = (await answers.next()) as { value: inference.ModelStreamInferResponse };
  expect(value.inferResponse!.outputs[0]!.shape).toEqual([1n, 1n]);
});

test('an error ends the responses to its request, and the stream goes on', async () => {
  const { stream, answers, sent, statistics } = await open();
  await stream.send(request('1'));
  const work = await sent(1);
  respond(work, 0, 0.5);
  work.fail(0, 1, 'threw');
  expect([await next(answers), await next(answers)]).toEqual(['1: 0.5', '1: threw!']);
  await stream.send(request('2', { modelName: 's.echo' }));
  giveBack(await sent(2));
  expect(await next(answers)).toBe('2: 2!');
  expect(statistics()).toEqual([0, 1, 0]);
});

test('a caller that asks for it has the stream end at an error, behind the responses before it', async () => {
  const { stream, answers, sent } = await open({}, { triton_grpc_error: 'true' });
  await stream.send(request('1'));
  const work = await sent(1);
  respond(work, 0, 0.5);
  work.fail(0, 1, 'threw');
  expect(await next(answers)).toBe('1: 0.5');
  await expect(answers.next()).rejects.toMatchObject({ status: 13, message: 'threw' });
});

test('responses to several requests come as they are given; requests with one answer keep their order', async () => {
  const { stream, answers, sent, works } = await open();
  await stream.send(request('1', { modelName: 's.echo' }));
  await sent(1);
  for (const id of ['2', '3']) {
    await stream.send(request(id));
    await sent(Number(id));
  }
  await stream.send(request('4', { modelName: 's.echo' }));
  await sent(4);
  const [first, second, third, fourth] = works as [FakeWork, FakeWork, FakeWork, FakeWork];
  giveBack(fourth);
  for (const [work, sequence] of [
    [third, 0],
    [second, 0],
    [third, 1],
  ] as const) {
    respond(work, sequence, 10 * (works.indexOf(work) + 1) + sequence);
    expect(await next(answers)).toBe(
      `${works.indexOf(work) + 1}: ${10 * (works.indexOf(work) + 1) + sequence}`,
    );
  }
  giveBack(first);
  expect([await next(answers), await next(answers)]).toEqual(['1: 1!', '4: 4!']);
});

test('a request of several instances is refused', async () => {
  const { stream, answers } = await open({ batched: true });
  await stream.send(request('1', floatsRequest('s.many', [2, 1], [1, 2])));
  expect(await next(answers)).toBe(
    "1: model 's.many' gives many responses, which do not tell of which instance they are: expected a request of one instance, given 2!",
  );
});

test('a response that lacks what was asked for is an error, and the request is given up', async () => {
  const { stream, answers, sent, replica } = await open();
  await stream.send(request('1'));
  const block = new Block(1, [numericColumn('z', 'float32', [], [floatBytes(1)])]);
  const work = await sent(1);
  work.send({ first: 0, count: 1, sequence: 0, last: false, outcome: { ok: true, outputs: block.all() } });
  expect(await next(answers)).toMatch(/^1: internal error, id .*!$/);
  await until(() => replica.cancelled.includes(work.batchId));
});

test('a client that does not read has its request ended, and given up when nobody else waits for it', async () => {
  const { stream, answers, sent, replica, statistics } = await open();
  await stream.send(request('1'));
  const work = await sent(1);
  respond(work, 0, 1);
  expect(await next(answers)).toBe('1: 1');
  // Nothing is read from here on: what the sockets hold is followed by what the server holds, which is bounded.
  let given = 0;
  const large = new Block(1, [numericColumn('y', 'float32', [2 ** 16], [new Uint8Array(2 ** 18)])]);
  for (; given < 2000 && replica.cancelled.length === 0; given++) {
    work.send({
      first: 0,
      count: 1,
      sequence: given + 1,
      last: false,
      outcome: { ok: true, outputs: large.all() },
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(replica.cancelled).toEqual([work.batchId]);
  expect(statistics()).toEqual([0, 1, 0]);
  stream.halfClose();
  const all: inference.ModelStreamInferResponse[] = [];
  for await (const answer of answers) all.push(answer);
  expect(all.at(-1)!.errorMessage).toMatch(/^the client reads its responses more slowly than they come: /);
  // The one that was too much is not among them.
  expect(all.length).toBe(given);
});

test('a client that goes away takes its requests with it', async () => {
  const { stream, answers, sent, replica } = await open();
  await stream.send(request('1'));
  const work = await sent(1);
  respond(work, 0, 1);
  expect(await next(answers)).toBe('1: 1');
  stream.cancel();
  await expect(answers.next()).rejects.toMatchObject({ status: 1 });
  await until(() => replica.cancelled.includes(work.batchId));
});

test('a client that half-closes gets the rest of the responses', async () => {
  const { stream, answers, sent } = await open();
  await stream.send(request('1'));
  const work = await sent(1);
  stream.halfClose();
  respond(work, 0, 1);
  expect(await next(answers)).toBe('1: 1');
  respond(work, 1, 2);
  end(work, 2);
  expect(await next(answers)).toBe('1: 2');
  expect((await answers.next()).done).toBe(true);
});

test('ModelInfer refuses such methods, in the words of Triton', async () => {
  const bench = new InferenceBench();
  bench.serve({ servable: 's', methods: [many] });
  expect(await bench.refusal(floatsRequest('s', [1], [1]))).toBe(
    "UNSUPPORTED: ModelInfer RPC doesn't support models with decoupled transaction policy; 's' gives many responses to a request: expected ModelStreamInfer",
  );
});
