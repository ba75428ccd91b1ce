/** Methods that give many responses to a request, of a real serving-master: in one process, and with workers of its own. */
import { expect, test } from '@jest/globals';
import type { inference } from '@serving/common';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { eventually } from '../support/eventually.js';
import { exchange } from '../support/http-exchange.js';
import { ask, inferInput, InferStream } from '../support/inference-calls.js';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { directory, newFile, serving, streamingTests } from '../support/streaming.js';

const everywhere = streamingTests();

function requestTo(method: string, text: string, more: Partial<inference.ModelInferRequest> = {}) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return {
    id: method,
    modelName: `s.${method}`,
    inputs: [inferInput('file', 'BYTES', [])],
    rawInputContents: [Buffer.concat([length, Buffer.from(text)])],
    ...more,
  };
}

/** `id: text`, `id: an error`, and a ! behind what is final. */
function shown(answer: inference.ModelStreamInferResponse | undefined): string {
  if (answer === undefined) return 'end of the stream';
  const { id, rawOutputContents, parameters } = answer.inferResponse!;
  const isFinal = parameters.get('triton_final_response')?.parameterChoice?.value === true;
  const what = answer.errorMessage || rawOutputContents.map((raw) => Buffer.from(raw.subarray(4))).join();
  return `${id}: ${what}${isFinal ? '!' : ''}`;
}

/** All the answers to these requests. */
async function answersTo(
  { address }: Master,
  ...requests: readonly Partial<inference.ModelInferRequest>[]
): Promise<string[]> {
  const stream = new InferStream(address);
  for (const request of requests) stream.send(request);
  stream.end();
  const answers: string[] = [];
  for (let answer = await stream.next(); answer !== undefined; answer = await stream.next())
    answers.push(shown(answer));
  stream.cancel();
  return answers;
}

const asksForEnd = {
  parameters: new Map([
    [
      'triton_enable_empty_final_response',
      { parameterChoice: { $case: 'boolParam', value: true } } satisfies inference.InferParameter,
    ],
  ]),
};

everywhere('responses come in their order, and their end for those that ask for it', async (master) => {
  const texts = Array.from({ length: 300 }, (_, i) => `t${i}`);
  const responses = texts.map((text) => `texts: ${text}`);
  expect(await answersTo(master, requestTo('texts', texts.join(' ')))).toEqual(responses);
  expect(await answersTo(master, requestTo('texts', texts.join(' '), asksForEnd))).toEqual([
    ...responses,
    'texts: !',
  ]);
});

everywhere('a method may give no response at all', async (master) => {
  expect(await answersTo(master, requestTo('texts', ''))).toEqual([]);
  expect(await answersTo(master, requestTo('texts', '', asksForEnd))).toEqual(['texts: !']);
});

everywhere('responses come while the method still runs', async (master) => {
  const stream = new InferStream(master.address);
  const file = newFile();
  stream.send(requestTo('waits', file));
  expect(shown(await stream.next())).toBe('waits: before');
  writeFileSync(file, '');
  expect(shown(await stream.next())).toBe('waits: after');
  stream.end();
  expect(await stream.next()).toBeUndefined();
  stream.cancel();
});

everywhere('requests of one stream do not wait for each other', async (master) => {
  const stream = new InferStream(master.address);
  const [first, second] = [newFile(), newFile()];
  stream.send(requestTo('waits', first, { id: '1' }));
  expect(shown(await stream.next())).toBe('1: before');
  stream.send(requestTo('waits', second, { id: '2' }));
  expect(shown(await stream.next())).toBe('2: before');
  stream.send(requestTo('echo', 'word', { id: '3' }));
  expect(shown(await stream.next())).toBe('3: word!');
  writeFileSync(second, '');
  expect(shown(await stream.next())).toBe('2: after');
  writeFileSync(first, '');
  expect(shown(await stream.next())).toBe('1: after');
  stream.cancel();
});

everywhere(
  'a generator that throws is an error behind its responses, and the stream goes on',
  async (master) => {
    const stream = new InferStream(master.address);
    stream.send(requestTo('breaks', '', asksForEnd));
    const answers = [shown(await stream.next()), shown(await stream.next())];
    expect(answers).toEqual([
      'breaks: fine',
      "breaks: Call Function 's.anonymous' Failed, method: 'breaks', stage index(begin with 1): 1, error msg: no more!",
    ]);
    stream.send(requestTo('texts', 'on'));
    expect(shown(await stream.next())).toBe('texts: on');
    stream.cancel();
  },
);

everywhere('a client that goes away stops the generator, which cleans up', async (master) => {
  const stream = new InferStream(master.address);
  const file = newFile();
  stream.send(requestTo('endless', file));
  expect(shown(await stream.next())).toBe('endless: first');
  expect(existsSync(file)).toBe(false);
  stream.cancel();
  await eventually('it has cleaned up', () => existsSync(file));
  expect(readFileSync(file, 'utf8')).toBe('cleaned up');
});

everywhere('the time of a request is over for its responses, too', async (master) => {
  const file = newFile();
  const timeout: inference.InferParameter = { parameterChoice: { $case: 'int64Param', value: 200_000n } };
  const answers = await answersTo(
    master,
    requestTo('endless', file, { parameters: new Map([['timeout', timeout]]) }),
  );
  expect([answers[0], answers.at(-1)]).toEqual([
    'endless: first',
    "endless: the caller's deadline passed before the last response to the instance!",
  ]);
  await eventually('it has cleaned up', () => existsSync(file));
});

everywhere('a client that does not read is told so in the end, and others are served', async (master) => {
  const stream = new InferStream(master.address);
  const file = newFile();
  stream.send(requestTo('floods', file));
  // Before the first read, this client takes in all there is.
  await stream.next();
  await eventually('it has cleaned up', () => existsSync(file));
  expect(await answersTo(master, requestTo('texts', 'served'))).toEqual(['texts: served']);
  stream.end();
  let last: inference.ModelStreamInferResponse | undefined;
  for (let next = await stream.next(); next !== undefined; next = await stream.next()) last = next;
  expect(shown(last)).toMatch(/^floods: the client reads its responses more slowly than they come: .*!$/);
  stream.cancel();
});

everywhere('large responses do not let small ones overtake them', async (master) => {
  const stream = new InferStream(master.address);
  stream.send(requestTo('large', ''));
  stream.end();
  const sizes: number[] = [];
  for (let next = await stream.next(); next !== undefined; next = await stream.next())
    sizes.push(next.inferResponse!.rawOutputContents[0]!.length - 4);
  expect(sizes).toEqual([3 * 2 ** 20, 1, 2 ** 21, 2]);
  stream.cancel();
});

everywhere('each request counts once, when it ends', async (master) => {
  const counts = async () => {
    const { modelStats } = await ask.statistics(master.address, 's.texts');
    const { inferenceCount, executionCount, inferenceStats } = modelStats[0]!;
    const { success, fail } = inferenceStats!;
    return [inferenceCount, executionCount, success!.count, fail!.count];
  };
  const before = await counts();
  await answersTo(master, requestTo('texts', 'a b c'));
  expect(await counts()).toEqual(before.map((count, index) => (index < 3 ? count + 1n : count)));
});

everywhere('its configuration tells that a method gives many responses', async (master) => {
  const policies = ['s.texts', 's.echo'].map(async (name) => {
    const { config } = await ask.config(master.address, name);
    return config!.modelTransactionPolicy;
  });
  expect(await Promise.all(policies)).toEqual([{ decoupled: true }, { decoupled: false }]);
});

everywhere('every call that has one answer is refused', async (master) => {
  await expect(ask.infer(master.address, requestTo('texts', 'a'))).rejects.toMatchObject({
    code: 12,
    details:
      "ModelInfer RPC doesn't support models with decoupled transaction policy; 's.texts' gives many responses to a request: expected ModelStreamInfer",
  });
  const post = async (path: string, body: object) => {
    const given = { body: Buffer.from(JSON.stringify(body)) };
    const reply = await exchange(master.rest, 'POST', path, given);
    return { status: reply.status, body: reply.body.toString() };
  };
  const infer = { inputs: [{ name: 'file', datatype: 'BYTES', shape: [], data: ['a'] }] };
  expect(await post('/v2/models/s.texts/infer', infer)).toMatchObject({
    status: 501,
    body: expect.stringContaining("HTTP end point doesn't support models with decoupled transaction policy"),
  });
  const ours =
    'servable(s) method(texts) gives many responses to a request, and this protocol has a form for one; expected a stream: serving-client infer --stream, or ModelStreamInfer of the Open Inference Protocol';
  expect(await post('/v1/models/s.texts:predict', { instances: ['a'] })).toMatchObject({
    status: 501,
    body: JSON.stringify({ error: ours }),
  });
  expect(await post('/model/s:texts', { instances: [{ file: 'a' }] })).toMatchObject({
    status: 200,
    body: expect.stringContaining(ours),
  });
  expect(await master.client('s', 'texts').infer([{ file: 'a' }])).toMatchObject([
    { error: { message: expect.stringContaining(ours) } },
  ]);
});

test.each(['in one process', 'in a cluster'])(
  'a generator stops when its client goes away, though another of its batch is waited for, %s',
  async (where) => {
    const alone = ['--servable', 's', '--directory', directory, '--executors', '1'];
    const isCluster = where === 'in a cluster';
    const master = await startMaster(isCluster ? ['--master', '127.0.0.1:0'] : alone);
    if (isCluster) await startWorker(master, alone);
    const [busy, ...both] = [0, 1, 2].map(() => new InferStream(master.address));
    const [release, ...given] = [0, 1, 2].map(newFile);
    busy!.send(requestTo('waits', release!));
    expect(shown(await busy!.next())).toBe('waits: before');
    for (const [index, stream] of both.entries()) {
      stream.send(requestTo('endless', given[index]!));
      // An answer to what was sent behind it says that it waits.
      stream.send(requestTo('nothing', ''));
      expect(shown(await stream.next())).toMatch(/^nothing: Request for unknown model/);
    }
    writeFileSync(release!, '');
    for (const stream of both) expect(shown(await stream.next())).toBe('endless: first');
    both[0]!.cancel();
    await eventually('it has cleaned up', () => existsSync(given[0]!));
    expect(shown(await both[1]!.next())).toBe('endless: more');
    expect(existsSync(given[1]!)).toBe(false);
    for (const stream of [busy!, both[1]!]) stream.cancel();
    await eventually('the other has cleaned up, too', () => existsSync(given[1]!));
  },
);

test('a worker that dies in the middle of its responses: the request fails, and is not run again', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const workers = await Promise.all(
    ['0', '1'].map((device) => startWorker(master, [...serving, '--device', device])),
  );
  const stream = new InferStream(master.address);
  const file = newFile();
  stream.send(requestTo('dies', file));
  const pid = shown(await stream.next()).replace('dies: ', '');
  const [dying, other] = workers[0]!.pid === Number(pid) ? workers : workers.toReversed();
  expect([String(dying!.pid), String(other!.pid)]).toEqual([pid, expect.not.stringMatching(pid)]);
  await dying!.stop('SIGKILL');
  expect(shown(await stream.next())).toMatch(
    /^dies: Call method 'dies' Failed: the answer had begun, and was cut off: the worker that gave it was lost \(.*\)!$/,
  );
  expect(readFileSync(file, 'utf8')).toBe('begun ');
  stream.send(requestTo('texts', 'on'));
  expect(shown(await stream.next())).toBe('texts: on');
  stream.cancel();
});
