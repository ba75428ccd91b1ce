/** `Client.inferStream` and `serving-client infer --stream` against a real serving-master. */
import { expect, test } from '@jest/globals';
import { Client as GrpcClient, credentials, type ServiceError } from '@grpc/grpc-js';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { InferError, Tensor, type Outputs } from '@serving/client';
import { mindspore } from '@serving/common';
import { eventually } from '../support/eventually.js';
import { startMaster, startProgram, type Master } from '../support/processes.js';
import { directory, newFile, streamingTests } from '../support/streaming.js';

const everywhere = streamingTests();

/** The responses to an instance with this file, and the error that ended them. */
async function responsesOf(stream: AsyncIterable<Outputs>): Promise<unknown[]> {
  const responses: unknown[] = [];
  try {
    for await (const { y } of stream) responses.push(y);
  } catch (thrown) {
    if (!(thrown instanceof InferError)) throw thrown;
    responses.push([thrown.code, thrown.message]);
  }
  return responses;
}

const stream = (master: Master, method: string, file: string) =>
  master.client('s', method).inferStream<{ y: string }>({ file });

everywhere('responses come in their order, and a method may give none', async (master) => {
  const texts = Array.from({ length: 300 }, (_, i) => `t${i}`);
  expect(await responsesOf(stream(master, 'texts', texts.join(' ')))).toEqual(texts);
  expect(await responsesOf(stream(master, 'texts', ''))).toEqual([]);
});

everywhere('values of every kind are as infer has them', async (master) => {
  const x = new Tensor('float16', [2, 1], Uint16Array.of(0x7e01, 0x8000));
  const responses: Outputs[] = [];
  for await (const outputs of master.client('s', 'kinds').inferStream({ x })) responses.push(outputs);
  const whole = (i: bigint) => new Tensor('int64', [], BigInt64Array.of(2n ** 60n + i));
  expect(
    responses.map(({ bytes, ...outputs }) => ({ ...outputs, bytes: [...(bytes as Uint8Array)] })),
  ).toEqual([
    { text: 'é0', bytes: [0, 255], whole: whole(0n), x },
    { text: 'é1', bytes: [1, 255], whole: whole(1n), x },
  ]);
});

everywhere('a method that gives one response gives one', async (master) => {
  expect(await responsesOf(stream(master, 'echo', 'word'))).toEqual(['word']);
});

everywhere('responses come while the method still runs', async (master) => {
  const file = newFile();
  const responses = stream(master, 'waits', file);
  expect(await responses.next()).toEqual({ done: false, value: { y: 'before' } });
  writeFileSync(file, '');
  expect(await responses.next()).toEqual({ done: false, value: { y: 'after' } });
  expect(await responses.next()).toEqual({ done: true });
});

everywhere('large responses do not let small ones overtake them', async (master) => {
  const responses = master.client('s', 'large').inferStream<{ y: Uint8Array }>({ file: '' });
  const sizes: number[] = [];
  for await (const { y } of responses) sizes.push(y.length);
  expect(sizes).toEqual([3 * 2 ** 20, 1, 2 ** 21, 2]);
});

everywhere('what a generator throws comes behind its responses', async (master) => {
  expect(await responsesOf(stream(master, 'breaks', ''))).toEqual([
    'fine',
    [
      'SYSTEM_ERROR',
      "Call Function 's.anonymous' Failed, method: 'breaks', stage index(begin with 1): 1, error msg: no more",
    ],
  ]);
});

const endings: Readonly<Record<string, (master: Master, file: string) => Promise<unknown>>> = {
  'a loop that is left': async (master, file) => {
    for await (const { y } of stream(master, 'endless', file)) return y;
    return undefined;
  },
  'a client that is closed': async (master, file) => {
    const client = master.client('s', 'endless');
    const responses = client.inferStream({ file });
    await responses.next();
    client.close();
    return (await responsesOf(responses)).at(-1);
  },
  'a signal that aborts': async (master, file) => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const responses = master.client('s', 'endless').inferStream({ file }, { signal: abort.signal });
    await responses.next();
    abort.abort(reason);
    return (await responsesOf(responses)).at(-1);
  },
  'a deadline that passes': async (master, file) => {
    const responses = master.client('s', 'endless').inferStream({ file }, { deadlineMs: 300 });
    return (await responsesOf(responses)).at(-1);
  },
};
const endedBy: Readonly<Record<string, (address: string) => unknown>> = {
  'a loop that is left': () => 'first',
  'a client that is closed': () => ['CANCELLED', 'the client was closed'],
  'a signal that aborts': () => ['CANCELLED', 'the caller cancelled the call'],
  'a deadline that passes': (address) => [
    'DEADLINE_EXCEEDED',
    `${address} did not answer within the deadline of 300 ms`,
  ],
};

for (const [title, end] of Object.entries(endings)) {
  everywhere(`${title} ends the generator, which cleans up`, async (master) => {
    const file = newFile();
    expect(await end(master, file)).toEqual(endedBy[title]!(master.address));
    await eventually('it has cleaned up', () => existsSync(file));
    expect(readFileSync(file, 'utf8')).toBe('cleaned up');
  });
}

everywhere('a client that does not read is told so in the end, and others are served', async (master) => {
  const file = newFile();
  const responses = stream(master, 'floods', file);
  await responses.next();
  await eventually('it has cleaned up', () => existsSync(file));
  expect(await responsesOf(stream(master, 'texts', 'served'))).toEqual(['served']);
  expect((await responsesOf(responses)).at(-1)).toEqual([
    'FAILED',
    expect.stringContaining('the client reads its responses more slowly than they come'),
  ]);
});

everywhere('what cannot be sent or is not there is an error', async (master) => {
  const wrong = master.client('s', 'texts').inferStream({ file: undefined as never });
  expect(await responsesOf(wrong)).toEqual([
    ['INVALID_INPUTS', expect.stringMatching(/^instance 0, input 'file': /)],
  ]);
  expect(await responsesOf(master.client('s', 'texts').inferStream({ other: 'a' }))).toEqual([
    ['INVALID_INPUTS', expect.stringMatching(/^Cannot find input file in instance input /)],
  ]);
  expect(await responsesOf(stream(master, 'nothing', ''))).toEqual([
    ['INVALID_INPUTS', expect.stringMatching(/, method is not available/)],
  ]);
  const closed = master.client('s', 'texts');
  closed.close();
  expect(await responsesOf(closed.inferStream({ file: '' }))).toEqual([
    ['CANCELLED', 'the client is closed'],
  ]);
  const misspelt = master.client('s', 'texts').inferStream({ file: '' }, { deadline: 5 } as never);
  await expect(misspelt.next()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

/** The replies to these messages on one call, and how it ended. */
function rawReplies(address: string, ...messages: readonly Uint8Array[]): Promise<unknown[]> {
  const client = new GrpcClient(address, credentials.createInsecure());
  const identity = (bytes: Uint8Array) => Buffer.from(bytes);
  const call = client.makeBidiStreamRequest<Uint8Array, Buffer>(
    '/serving.predict.v1.PredictService/PredictStream',
    identity,
    (bytes) => bytes,
  );
  for (const message of messages) call.write(message);
  call.end();
  return new Promise<unknown[]>((resolve) => {
    const replies: unknown[] = [];
    call.on('data', (bytes: Buffer) => replies.push(mindspore.PredictReply.decode(bytes)));
    call.on('error', ({ code, details }: ServiceError) => resolve([...replies, [code, details]]));
    call.on('end', () => resolve(replies));
  }).finally(() => client.close());
}

function requestOf(count: number): Uint8Array {
  return mindspore.PredictRequest.encode({
    servableSpec: { name: 's', methodName: 'texts', versionNumber: 0n },
    instances: Array.from({ length: count }, () => ({ items: new Map(), outputBuffers: new Map() })),
    legacyInstances: [],
  }).finish();
}

everywhere('a call without one instance is told what was expected', async ({ address }) => {
  expect(await rawReplies(address)).toEqual([
    [3, 'expected a mindspore.serving.proto.PredictRequest, given none'],
  ]);
  expect(await rawReplies(address, Buffer.from('no request'))).toEqual([
    [
      3,
      expect.stringMatching(
        /^expected a mindspore\.serving\.proto\.PredictRequest, given 10 bytes that are none/,
      ),
    ],
  ]);
  const errors = async (count: number) => {
    const [reply, ...more] = (await rawReplies(address, requestOf(count))) as mindspore.PredictReply[];
    expect(more).toEqual([]);
    return reply!.errorMsg.map(({ errorCode, errorMsg }) => [errorCode, Buffer.from(errorMsg).toString()]);
  };
  expect(await errors(2)).toEqual([
    [2n, expect.stringContaining('expected a request of one instance, given 2')],
  ]);
  expect(await errors(0)).toEqual([
    [2n, expect.stringContaining('expected at least one instance, given none')],
  ]);
});

test('a call that has sent nothing does not hold up a stop, and one that runs is answered to its end', async () => {
  const master = await startMaster(['--servable', 's', '--directory', directory, '--executors', '1']);
  const client = new GrpcClient(master.address, credentials.createInsecure());
  const idle = client.makeBidiStreamRequest(
    '/serving.predict.v1.PredictService/PredictStream',
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => bytes,
  );
  const ended = new Promise((resolve) => idle.on('error', ({ code }: ServiceError) => resolve(code)));
  idle.resume();
  const file = newFile();
  const responses = stream(master, 'waits', file);
  expect(await responses.next()).toEqual({ done: false, value: { y: 'before' } });
  master.signal('SIGTERM');
  expect(await ended).toBe(14);
  writeFileSync(file, '');
  expect(await responsesOf(responses)).toEqual(['after']);
  expect((await master.ended).code).toBe(0);
  client.close();
});

const command = (address: string, method: string, ...more: string[]) =>
  startProgram('packages/client/bin/serving-client.js', ['infer', address, 's', method, '--stream', ...more]);

everywhere(
  'the command prints a line for each response, and fails for an error behind them',
  async ({ address }) => {
    const texts = command(address, 'texts', '--input', inputFile('a "b" c'));
    expect([(await texts.ended).code, texts.stdout]).toEqual([0, '{"y":"a"}\n{"y":"\\"b\\""}\n{"y":"c"}\n']);
    const breaks = command(address, 'breaks', '--input', inputFile(''));
    expect([(await breaks.ended).code, breaks.stdout, breaks.stderr]).toEqual([
      1,
      '{"y":"fine"}\n',
      expect.stringMatching(/^serving-client: Call Function 's\.anonymous' Failed, .* no more\n$/),
    ]);
    const two = command(address, 'texts', '--input', inputFile('a', 'b'));
    expect([(await two.ended).code, two.stderr]).toEqual([
      2,
      'serving-client: expected one instance with --stream, given 2\n',
    ]);
  },
);

function inputFile(...files: readonly string[]): string {
  const path = newFile();
  writeFileSync(path, JSON.stringify({ instances: files.map((file) => ({ file })) }));
  return path;
}

everywhere(
  'the command takes no more than its reader does, who learns of what that costs',
  async ({ address }) => {
    const file = newFile();
    const args = ['infer', address, 's', 'chatters', '--stream', '--input', inputFile(file)];
    const program = spawn(process.execPath, ['packages/client/bin/serving-client.js', ...args]);
    const ended = new Promise((resolve) => program.once('close', resolve));
    let error = '';
    program.stderr.on('data', (text: Buffer) => (error += text.toString()));
    // Nothing of its output is read until the method has been given up.
    await eventually('it has cleaned up', () => existsSync(file));
    program.stdout.resume();
    expect([await ended, error]).toEqual([
      1,
      expect.stringMatching(/^serving-client: the client reads its responses more slowly than they come/),
    ]);
  },
);
