/** Function stages that do what they should not: their instances get an error, everything else goes on. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { outputsOf, type InferResult } from '@serving/client';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { eventually } from '../support/eventually.js';
import { functionServable, servables } from '../support/servables.js';

const executionTimeoutMs = 4000;

const misbehaving = `
import { parentPort } from 'node:worker_threads';
const one = (name, run, outputs = 1) =>
  registerMethod(name, { inputs: ['x'], outputs: outputs === 1 ? ['y'] : ['y', 'z'] }, (x) => addStage(run, [x], { outputs }));

one('good', function good(x) { return x; });
one('throws', function throws(x) { if (x.data[0] < 0) throw new Error('negative: ' + x.data[0] + '\\nsecret second line'); return x; });
one('throwsText', () => { throw 'plain text'; });
one('throwsLater', () => { throw new Error('\\n\\n  after two lines\\nmore'); });
one('throwsEmpty', () => { throw new RangeError(''); });
one('throwsNothing', () => { throw undefined; });
one('throwsOdd', () => { throw Object.create(null); });
const withStack = (message, stack) => Object.defineProperty(new Error(message), 'stack', stack);
one('oddStack', () => { throw withStack('odd', { value: [() => 1] }); });
one('throwingStack', () => { throw withStack('throwing', { get() { throw new Error('no stack'); } }); });
one('rejects', async function rejects() { throw new RangeError('too late'); });
one('never', function never() { return new Promise(() => undefined); });
one('endless', function endless() { for (;;); });
one('waitsOn13', async (x) => { if (x.data[0] === 13) await new Promise(() => undefined); return x; });
one('hangsOn13', (x) => { while (x.data[0] === 13); return x; });
one('exitsOn13', (x) => { if (x.data[0] === 13) process.exit(0); return x; });
one('exits', function exits() { process.exit(0); });
one('later', function later(x) { setTimeout(() => { throw new Error('later on'); }, 0); return new Promise(() => undefined); });
one('stray', function stray(x) { void Promise.reject(new Error('nobody listens')); return x; });
one('laterNull', function laterNull() { setTimeout(() => { throw null; }, 0); return new Promise(() => undefined); });
one('posts', (x) => { for (const message of [null, undefined, 'text', { kind: 'x' }]) parentPort.postMessage(message); return x; });
registerMethod('longerThanThread', { inputs: ['x'], outputs: ['y'] }, (x) =>
  addStage(async (x) => { await new Promise((resolve) => setTimeout(resolve, ${executionTimeoutMs + 1000})); return x; }, [x], { timeoutMs: 60_000 }));
registerMethod('patient', { inputs: ['x'], outputs: ['y'] }, (x) =>
  addStage(async (x) => { await new Promise((resolve) => setTimeout(resolve, 20)); return x; }, [x], { timeoutMs: 2 ** 40 }));
one('long', () => { throw new Error('x'.repeat(999) + '\u{1F600}'.repeat(1_000_000)); });
one('hugeInteger', () => 2n ** 63n);
one('leastInteger', () => -(2n ** 63n));
one('heap', function heap() { const all = []; for (;;) all.push(new Array(1_000_000).fill(all.length + 0.5)); });
one('undefinedOutput', () => undefined);
one('nullOutput', () => null);
one('objectOutput', () => ({ y: 1 }));
one('functionOutput', () => () => 1);
one('tooMany', () => [1, 2]);
one('tooFew', () => [1], 2);
one('notAList', () => 1, 2);
one('badTensor', () => new Tensor('float32', [3], new Float32Array(2)));
const several = (name, run, batchSize = 0) =>
  registerMethod(name, { inputs: ['x'], outputs: ['y'] }, (x) => addStage(run, [x], { batchSize }));
several('fewResults', () => [1]);
several('manyResults', (instances) => [...instances, 1]);
several('noResults', () => 7);
several('throwsForAll', () => { throw new Error('no batch today'); });
several('errorFor2', (instances) => instances.map(([x]) => (x.data[0] === 2 ? new Error('no two') : x)));
several('yieldsFew', function* () { yield 1; });
several('yieldsMany', function* (instances) { yield* instances.map(([x]) => x); yield 1; });
several('yieldsThrows', function* (instances) {
  for (const [x] of instances) {
    if (x.data[0] === 2) throw new Error('no two');
    yield x;
  }
});
const tampers = (name, tamper) =>
  registerMethod(name, { inputs: ['x'], outputs: ['x', 'y'] }, (x) =>
    [x, addStage((x) => { if (x.data[0] === 13) tamper(x); return x; }, [x])]);
tampers('pushesToShape', (x) => x.shape.push(1));
tampers('replacesShape', (x) => { x.shape = undefined; });
tampers('replacesData', (x) => { x.data = new Float32Array(7); });
registerMethod('tagged', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(() => undefined, [addStage((x) => x, [x])], { tag: 'Postprocess' }));
one('killsThen', () => ({ then() { throw new Error('thenable'); } }));
`;

let master: Master;
let directory: string;
beforeAll(async () => {
  directory = servables({
    naughty: functionServable(misbehaving),
  });
  const limits = [
    '--executors',
    '1',
    '--execution-timeout',
    `${executionTimeoutMs}ms`,
    '--log-level',
    'debug',
  ];
  master = await startMaster(['--servable', 'naughty', '--directory', directory, ...limits], {
    // Small enough that running out of it is a matter of a moment.
    nodeArguments: ['--max-old-space-size=64'],
  });
});

afterEach(async () => {
  const [result] = await master.client('naughty', 'good').infer({ x: 5 });
  expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(5) } });
  expect(master.outcome).toBeUndefined();
});

async function failure(method: string): Promise<{ code: string; message: string }> {
  const [result] = await master.client('naughty', method).infer({ x: 1 });
  if (result.ok) throw new Error(`expected ${method} to fail`);
  return { code: result.error.code, message: result.error.message };
}

test('a stage that throws fails its instance only, with the first line of its message', async () => {
  const results = await master.client('naughty', 'throws').infer([{ x: 1 }, { x: -2 }, { x: 3 }]);
  expect(results.map((result) => result.ok)).toEqual([true, false, true]);
  const [, failed] = results as [InferResult, InferResult & { ok: false }];
  expect(failed.error).toMatchObject({
    code: 'SYSTEM_ERROR',
    message:
      "Call Function 'naughty.throws' Failed, method: 'throws', stage index(begin with 1): 1, error msg: negative: -2",
  });
});

test('what a stage has thrown is in the log at level debug, with its stack', async () => {
  await master.client('naughty', 'throws').infer({ x: -77 });
  const line = await eventually('it is logged', () =>
    master.log.find(({ msg, reason }) => msg === 'stage failed' && String(reason).endsWith('negative: -77')),
  );
  expect(line).toMatchObject({ level: 20, method: 'throws', replica: 'naughty@1/device0' });
  expect(line['reason']).toContain("Function 'naughty.throws'");
  expect(line['stack']).toMatch(/^Error: negative: -77\nsecret second line\n +at .*throws/);
});

test.each([
  ['oddStack', 'odd'],
  ['throwingStack', 'throwing'],
])('a stack that cannot be logged (%s) does not cost the thread', async (method, message) => {
  const losses = () => master.log.filter(({ msg }) => msg === 'executor thread lost; replacing it');
  const before = losses();
  const { code, message: told } = await failure(method);
  expect([code, told]).toEqual(['SYSTEM_ERROR', expect.stringMatching(new RegExp(`error msg: ${message}$`))]);
  const line = await eventually('it is logged', () =>
    master.log.find(({ msg, method: logged }) => msg === 'stage failed' && logged === method),
  );
  expect(line['stack']).toBe(message);
  expect(losses()).toEqual(before);
});

test.each([
  ['throwsText', /error msg: plain text$/],
  ['throwsLater', /error msg: after two lines$/],
  ['throwsEmpty', /error msg: RangeError$/],
  ['throwsNothing', /error msg: undefined$/],
  ['throwsOdd', /error msg: something without a text was thrown$/],
  ['rejects', /Function 'naughty\.rejects' Failed.* error msg: too late$/],
  ['killsThen', /error msg: thenable$/],
  ['undefinedOutput', /error msg: expected a Tensor, .*, given undefined$/],
  ['nullOutput', /given null$/],
  ['objectOutput', /given Object$/],
  ['functionOutput', /given a function$/],
  ['tooMany', /error msg: expected 1 output, given 2; a list is several outputs/],
  ['tooFew', /error msg: expected 2 outputs, given 1$/],
  ['notAList', /error msg: expected 2 outputs, given 1$/],
  ['hugeInteger', /error msg: expected a bigint that int64 has, given 9223372036854775808$/],
  ['long', /error msg: x{999}…$/],
  ['badTensor', /error msg: tensor data: expected 3 elements for shape \[3\], given 2$/],
])('%s is SYSTEM_ERROR and says what was expected', async (method, text) => {
  const { code, message } = await failure(method);
  expect(code).toBe('SYSTEM_ERROR');
  expect(message).toMatch(/^Call Function 'naughty\.\w+' Failed, method: /);
  expect(message).toMatch(text);
});

test('the least integer of 64 bits is exact', async () => {
  const [least] = await master.client('naughty', 'leastInteger').infer({ x: 1 });
  expect(outputsOf(least)).toMatchObject({ y: { data: BigInt64Array.of(-(2n ** 63n)) } });
});

test.each([
  ['longerThanThread', 'than a batch may stand still'],
  ['patient', 'than a timer of Node can wait'],
])('a promise (%s) may take longer where its stage says so %s', async (method) => {
  const [result] = await master.client('naughty', method).infer({ x: 1 });
  expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(1) } });
});

test("what a stage sends to the main thread is nobody's", async () => {
  const [result] = await master.client('naughty', 'posts').infer({ x: 1 });
  expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(1) } });
});

test('a stage is called by its tag, where it has one, and by its number', async () => {
  expect(await failure('tagged')).toEqual({
    code: 'SYSTEM_ERROR',
    message: expect.stringMatching(
      /^Call Postprocess Failed, method: 'tagged', stage index\(begin with 1\): 2, error msg: expected a Tensor/,
    ) as unknown,
  });
});

const [few, more] = [
  'expected 3 results for 3 instances, given 1',
  'expected 3 results for 3 instances, given',
];

test.each<[method: string, texts: readonly (string | undefined)[]]>([
  ['fewResults', [few, few, few]],
  ['manyResults', [`${more} 4`, `${more} 4`, `${more} 4`]],
  ['noResults', Array<string>(3).fill('expected a list of 3 results for 3 instances, given number')],
  ['throwsForAll', Array<string>(3).fill('no batch today')],
  ['errorFor2', [undefined, 'no two', undefined]],
  ['yieldsFew', [undefined, few, few]],
  ['yieldsMany', [`${more} more`, `${more} more`, `${more} more`]],
  ['yieldsThrows', [undefined, 'no two', undefined]],
])('a function of several instances that misbehaves (%s) fails those concerned', async (method, texts) => {
  const results = await master.client('naughty', method).infer([{ x: 1 }, { x: 2 }, { x: 3 }]);
  const shown = results.map((result) => (result.ok ? undefined : result.error));
  expect(shown).toEqual(
    texts.map((text) =>
      text === undefined
        ? undefined
        : expect.objectContaining({
            code: 'SYSTEM_ERROR',
            message: `Call Function 'naughty.anonymous' Failed, method: '${method}', stage index(begin with 1): 1, error msg: ${text}`,
          }),
    ),
  );
});

test.each([
  [
    'never',
    `Call Function 'naughty.never' Failed, method: 'never', stage index(begin with 1): 1, error msg: did not return within ${executionTimeoutMs} ms`,
  ],
  [
    'endless',
    `Call method 'endless' Failed: the batch did not return within ${executionTimeoutMs} ms, stage index(begin with 1): 1`,
  ],
])('a stage that returns %s is answered when the execution timeout is over', async (method, message) => {
  const started = performance.now();
  expect(await failure(method)).toEqual({ code: 'SYSTEM_ERROR', message });
  expect(performance.now() - started).toBeGreaterThanOrEqual(executionTimeoutMs - 5);
});

test.each([
  ['exits', /exit code 0/],
  ['later', /later on/],
  ['laterNull', /\(null\)/],
  ['heap', /memory limit/],
])(
  'an instance that ends its thread (%s) gets an error, and each thread is replaced',
  async (method, reason) => {
    const lost = () =>
      master.log.filter((line) => line['msg'] === 'executor thread lost; replacing it').length;
    const before = lost();
    const { code, message } = await failure(method);
    expect(code).toBe('WORKER_UNAVAILABLE');
    expect(message).toMatch(/^Call method '\w+' Failed: in each of 3 attempts/);
    expect(message).toMatch(reason);
    await eventually('the losses are logged', () => lost() === before + 3);
  },
);

test('a promise that a stage leaves rejected costs nobody anything, and is in the log with its stack', async () => {
  const losses = () => master.log.filter(({ msg }) => msg === 'executor thread lost; replacing it').length;
  const before = losses();
  const results = await master.client('naughty', 'stray').infer([{ x: 1 }, { x: 2 }]);
  expect(results.map((result) => outputsOf(result)['y'])).toMatchObject([
    { data: Float32Array.of(1) },
    { data: Float32Array.of(2) },
  ]);
  const line = await eventually('it is logged', () =>
    master.log.find(({ msg }) => String(msg).startsWith('a stage left a promise rejected')),
  );
  expect(line).toMatchObject({
    level: 40,
    reason: 'nobody listens',
    stack: expect.stringMatching(/stray .*servable_config\.ts:/),
  });
  expect(losses()).toBe(before);
});

test('what ends a thread is in the log with its stack', async () => {
  await failure('later');
  const line = await eventually('it is logged', () => master.log.find(({ reason }) => reason === 'later on'));
  expect(line).toMatchObject({ stack: expect.stringMatching(/servable_config\.ts:/) });
});

async function expectNeighboursAnswered(
  of: Master,
  method = 'exitsOn13',
  code = 'WORKER_UNAVAILABLE',
): Promise<void> {
  const values = Array.from({ length: 20 }, (_, i) => i);
  const results = await of.client('naughty', method).infer(values.map((x) => ({ x })));
  for (const [x, result] of results.entries()) {
    if (x === 13) expect(result).toMatchObject({ ok: false, error: { code } });
    else expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(x) } });
  }
}

test('the neighbours of an instance that ends its thread are answered', () =>
  expectNeighboursAnswered(master));

test.each(['pushesToShape', 'replacesShape', 'replacesData'])(
  'one that tampers with its tensor (%s) fails alone',
  (method) => expectNeighboursAnswered(master, method, 'SYSTEM_ERROR'),
);

test.each(['waitsOn13', 'hangsOn13'])(
  'the neighbours of one that does not return (%s) are answered',
  (method) => expectNeighboursAnswered(master, method, 'SYSTEM_ERROR'),
);

test.each([1, 3])('they are in another process with %i executors too, which lives on', async (executors) => {
  const remote = await startMaster(['--master', '127.0.0.1:0']);
  const limits = ['--executors', String(executors), '--execution-timeout', `${executionTimeoutMs}ms`];
  const args = ['--servable', 'naughty', '--directory', directory, ...limits];
  const worker = await startWorker(remote, args);
  await expectNeighboursAnswered(remote);
  await expectNeighboursAnswered(remote, 'hangsOn13', 'SYSTEM_ERROR');
  // As many at a time as there are executors, so each of them has to have its credit back.
  const good = Array.from({ length: 3 * executors }, (_, i) =>
    remote.client('naughty', 'good').infer({ x: i }),
  );
  for (const [result] of await Promise.all(good)) expect(result.ok).toBe(true);
  expect(worker.outcome).toBeUndefined();
});

test('requests that wait while the only executor is being replaced are answered', async () => {
  const fatal = master.client('naughty', 'exits').infer({ x: 1 });
  const good = Array.from({ length: 20 }, (_, i) => master.client('naughty', 'good').infer({ x: i }));
  const [fatalResult] = await fatal;
  expect(fatalResult.ok).toBe(false);
  for (const [i, [result]] of (await Promise.all(good)).entries())
    expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(i) } });
});
