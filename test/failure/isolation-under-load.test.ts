/**
 * Stages that misbehave while other callers' requests are in flight, in the same batches: the bad request gets its error,
 * no other is lost, wrong or answered twice, and there are as many executors afterwards as before.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { outputsOf, type Tensor } from '@serving/client';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { VerifyingLoop } from '../support/verifying-loop.js';

const callers = 12;
const executionTimeoutMs = 1500;
const promiseTimeoutMs = 300;

/** What an input below zero makes a method do, and what its caller is told. */
const misdeeds = {
  throws: { x: -1, code: 'SYSTEM_ERROR', text: /error msg: bad input/ },
  'returns a wrong count': { x: -2, code: 'SYSTEM_ERROR', text: /error msg: expected 1 \w+.*given / },
  'returns a wrong type': { x: -3, code: 'SYSTEM_ERROR', text: /error msg: expected .*, given / },
  'never resolves': { x: -4, code: 'SYSTEM_ERROR', text: /did not return within 300 ms$/ },
  'blocks its thread for too long': { x: -5, code: 'SYSTEM_ERROR', text: /did not return within 1500 ms$/ },
  'loops for ever after it waited': { x: -6, code: 'SYSTEM_ERROR', text: /did not return within 1500 ms$/ },
  'loops for ever': { x: -7, code: 'SYSTEM_ERROR', text: /did not return within 1500 ms$/ },
  'exhausts its memory': { x: -8, code: 'WORKER_UNAVAILABLE', text: /memory limit/ },
  'ends its thread': { x: -9, code: 'WORKER_UNAVAILABLE', text: /exit code 3/ },
  'crashes natively': { x: -10, code: 'WORKER_UNAVAILABLE', text: /in each of 3 attempts/ },
} as const;
type Misdeed = keyof typeof misdeeds;

const crash: Misdeed = 'crashes natively';
const inJavaScript = (Object.keys(misdeeds) as Misdeed[]).filter((misdeed) => misdeed !== crash);
const methods = ['double', 'doubleAll', 'doubleEach'] as const;

let directory: string;
/** One line for each batch that held a bad instance beside good ones. */
const shared = join(temporaryFolder(), 'shared');
beforeAll(() => {
  directory = servables({
    s: functionServable(`
import { appendFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

const value = (x) => x.data[0];
const doubled = (x) => 2 * value(x);
const block = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };

/** What a bad input does that has nothing to do with how the function returns its results. */
const deeds = {
  [-1]: () => { throw new Error('bad input'); },
  [-4]: () => new Promise(() => undefined),
  [-5]: () => block(${3 * executionTimeoutMs}),
  [-6]: async () => { await new Promise((resolve) => setTimeout(resolve, 5)); for (;;); },
  [-7]: () => { for (;;); },
  [-8]: () => { const all = []; for (;;) all.push(new Array(1_000_000).fill(all.length + 0.5)); },
  [-9]: () => process.exit(3),
  [-10]: () => process.kill(process.pid, 'SIGSEGV'),
};

function one(x) {
  if (value(x) > 0) return doubled(x);
  if (value(x) === -2) return [1, 2];
  if (value(x) === -3) return { y: 1 };
  return deeds[value(x)](x);
}

function all(instances) {
  const bad = instances.find(([x]) => value(x) < 0);
  if (bad === undefined) return instances.map(([x]) => doubled(x));
  if (value(bad[0]) === -2) return instances.filter(([x]) => value(x) > 0).map(([x]) => doubled(x));
  if (value(bad[0]) === -3) return 'no list';
  return deeds[value(bad[0])](bad[0]);
}

async function* each(instances) {
  for (const [x] of instances) {
    if (value(x) === -2) continue;
    yield one(x);
  }
}

const note = (instances) => {
  const bad = instances.filter(([x]) => value(x) < 0);
  if (bad.length > 0 && bad.length < instances.length) appendFileSync(${JSON.stringify(shared)}, bad.map(([x]) => value(x)).join() + '\\n');
  return instances.map(([x]) => x);
};

const register = (name, stage, options = {}) =>
  registerMethod(name, { inputs: ['x'], outputs: ['y'] }, (x) =>
    addStage(stage, [addStage(note, [x], { batchSize: 0 })], { timeoutMs: ${promiseTimeoutMs}, ...options }));
register('double', one);
register('doubleAll', all, { batchSize: 0 });
register('doubleEach', each, { batchSize: 0 });
registerMethod('who', { inputs: ['x'], outputs: ['thread'] }, (x) => addStage(() => { block(5); return process.pid * 1000 + threadId; }, [x]));
`),
  });
});

const options = () => ['--directory', directory, '--execution-timeout', `${executionTimeoutMs}ms`];
/** Small enough that running out of it is a matter of a moment. */
const nodeArguments = ['--max-old-space-size=96'];

async function underLoad(loop: VerifyingLoop): Promise<void> {
  const before = loop.right;
  await eventually('calls are answered', () => loop.right >= before + 2 * callers, 55_000);
}

async function misbehave(master: Master, method: string, misdeed: Misdeed): Promise<void> {
  const { x, code, text } = misdeeds[misdeed];
  const [result, ...more] = await master.client('s', method).infer({ x });
  expect(more).toEqual([]);
  expect(result).toMatchObject({
    ok: false,
    error: { code, message: expect.stringMatching(text) as unknown },
  });
}

const sharedBy = (x: number) =>
  readFileSync(shared, 'utf8')
    .split('\n')
    .some((line) => line.split(',').includes(String(x)));

/** Until a batch has held it beside good ones. */
async function misbehaveAmongOthers(master: Master, method: string, misdeed: Misdeed): Promise<void> {
  await eventually(
    'a batch was shared',
    async () => {
      await misbehave(master, method, misdeed);
      return sharedBy(misdeeds[misdeed].x);
    },
    55_000,
  );
}

async function expectExecutors(master: Master, count: number): Promise<void> {
  await eventually(`there are ${count} executors`, async () => {
    const results = await master.client('s', 'who').infer(Array.from({ length: 64 }, () => ({ x: 1 })));
    const threads = results.map((result) => (outputsOf(result)['thread'] as Tensor).data[0]);
    return new Set(threads).size === count;
  });
}

async function expectOthersUnharmed(
  master: Master,
  method: string,
  misdeeds: () => Promise<unknown>,
): Promise<void> {
  writeFileSync(shared, '');
  const loop = new VerifyingLoop(master.client('s', method), callers);
  await underLoad(loop);
  await misdeeds();
  await underLoad(loop);
  expect((await loop.stop()).wrong).toEqual([]);
}

describe('in the process of the master', () => {
  let master: Master;
  beforeAll(async () => {
    master = await startMaster(
      ['--servable', 's', ...options(), '--executors', '2', '--max-batch-size', '32'],
      { nodeArguments },
    );
  });

  test.each(methods.flatMap((method) => inJavaScript.map((misdeed) => [method, misdeed] as const)))(
    'a function (%s) that %s',
    async (method, misdeed) => {
      await expectOthersUnharmed(master, method, () => misbehaveAmongOthers(master, method, misdeed));
      await expectExecutors(master, 2);
      expect(master.outcome).toBeUndefined();
    },
    60_000,
  );
});
