/** serving-worker tune: real executors and models, measured for moments; how fast they are is not looked at. */
import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { launchWorker } from '../support/processes.js';
import { addModel, configuration, functionServable, runSizeModel, servables } from '../support/servables.js';

const streaming = `
const declared = { inputs: { x: { dtype: 'float32', shape: [] } }, outputs: ['y'] };
const count = function* (x) { for (let i = 0; i < x.data[0]; i++) yield i; };
registerMethod('many', { ...declared, streaming: true }, ({ x }) => addStage(count, [x]));`;

const directory = servables({
  'add up': { '1/add.onnx': addModel(['N', 'width']) },
  fixed: {
    'servable_config.ts': configuration(`
const model = declareModel({ file: 'm.onnx', session: { freeDimensions: { N: 16 } } });
registerMethod('sum', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(model, [x]));
`),
    '1/m.onnx': runSizeModel(),
  },
  functions: functionServable(`
const declared = { inputs: { x: { dtype: 'float32', shape: ['n'] } }, outputs: ['y'] };
registerMethod('open', { inputs: ['image'], outputs: ['y'] }, (x) => addStage((x) => x, [x]));
registerMethod('fails', declared, ({ x }) => addStage(() => { throw new Error('zeros are not for me'); }, [x]));
registerMethod('exits', declared, ({ x }) => addStage(() => process.exit(3), [x]));
registerMethod('slow', declared, ({ x }) => addStage(async (x) => { await new Promise((resolve) => setTimeout(resolve, 40)); return x; }, [x]));
`),
  streams: functionServable(streaming),
  'with a stream': functionServable(`${streaming}
let ones = 0;
const counted = async (instances) => {
  if (instances.length === 1) ones++;
  else if (ones > 0) {
    console.error('batches of one: ' + ones);
    ones = 0;
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  return instances.map(([x]) => x);
};
registerMethod('one', declared, ({ x }) => addStage(counted, [x], { batchSize: 0 }));
`),
});

async function tune(servable: string, ...args: readonly string[]) {
  const program = launchWorker(['tune', servable, '--directory', directory, '--seconds', '0.03', ...args]);
  const { code, signal } = await program.ended;
  return { code, signal, stdout: program.stdout, stderr: program.stderr };
}

test('prints a table with the best plan as options to copy', async () => {
  const { code, stdout, stderr } = await tune('add up', '--cores', '2', '--latency', '1m');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^EXECUTORS  THREADS  BATCH  INSTANCES\/S  P50 MS  P99 MS  MEMORY MIB$/);
  // Three plans, and batches of 1 to 64.
  const rows = lines
    .slice(1, 22)
    .map((line) => /^ *(\d+) +(\d+) +(\d+) +[1-9]\d* +[\d.]+ +[\d.]+ +\d+(  best)?$/.exec(line));
  expect(rows.map((row) => row?.slice(1, 4).join(' '))).toEqual(
    ['1 1', '1 2', '2 1'].flatMap((plan) => [1, 2, 4, 8, 16, 32, 64].map((batch) => `${plan} ${batch}`)),
  );
  const best = rows.filter((row) => row?.[4] !== undefined);
  expect(best).toHaveLength(1);
  const [, executors, threads, batch] = best[0]!;
  expect(lines.slice(22)).toEqual([
    '',
    `best within 1m: serving-worker --servable 'add up' --directory ${directory} --executors ${executors} --cores ${Number(executors) * Number(threads)}`,
    `and for batches of ${batch}: serving-master --max-batch-size ${batch}`,
  ]);
  expect(stderr).toContain(
    'symbolic dimensions are taken as 1; --dimensions width=128 gives them a size: width',
  );
  expect(stderr).toContain('serving-worker: executors 2, threads 1, batch 64: ');
});

test('a model that takes a fixed number of instances is measured with whole runs; as JSON', async () => {
  const { code, stdout } = await tune('fixed', '--cores', '1', '--json');
  expect(code).toBe(0);
  const { plans, best, ...rest } = JSON.parse(stdout) as {
    plans: { batchSize: number; batches: number; instancesPerSecond: number; memoryMib: number }[];
    best: { batchSize: number; command: string; batching: object };
  };
  expect(rest).toEqual({ servable: 'fixed', method: 'sum' });
  expect(plans.map(({ batchSize }) => batchSize)).toEqual([16, 32, 64]);
  for (const plan of plans) {
    expect(plan).toMatchObject({ executors: 1, intraOpThreads: 1 });
    for (const number of [plan.batches, plan.instancesPerSecond, plan.memoryMib])
      expect(number).toBeGreaterThan(0);
  }
  expect(plans).toContainEqual(expect.objectContaining({ batchSize: best.batchSize }));
  expect(best.command).toBe(
    `serving-worker --servable fixed --directory ${directory} --executors 1 --cores 1`,
  );
  expect(best.batching).toEqual({
    maxBatchSize: best.batchSize,
    preferredBatchSizes: Array.from({ length: best.batchSize / 16 }, (_, i) => 16 * (i + 1)),
  });
});

test('says so when no plan keeps within the latency, and goes no further than batches that take too long', async () => {
  const slow = ['--method', 'slow', '--dimensions', 'n=3', '--cores', '1', '--latency', '1ms'];
  const { code, stdout, stderr } = await tune('functions', ...slow);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).not.toContain('symbolic');
  expect(stdout).toMatch(/\n\nno plan keeps 99 of 100 batches within 1ms; the least is \d\d\.\d\d ms\n$/);
  expect(stdout.split('\n').filter((line) => /^ +\d/.test(line))).toHaveLength(1);
});

test('a method that takes no zeros is measured with a file', async () => {
  const lenet = ['--directory', 'examples/lenet', '--input', 'image=examples/lenet/digits/0-0.png'];
  const program = launchWorker(['tune', 'lenet', ...lenet, '--cores', '1', '--seconds', '0.03']);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  const best = 'best: serving-worker --servable lenet --directory examples/lenet --executors 1 --cores 1';
  expect(program.stdout).toContain(best);
});

test('is warm before it measures the first size; leaves out methods that are streaming, and says so', async () => {
  const program = launchWorker([
    'tune',
    'with a stream',
    '--directory',
    directory,
    '--cores',
    '1',
    '--seconds',
    '0.5',
    '--json',
  ]);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stderr).toContain(
    'serving-worker: warning: method many is streaming, which cannot be measured: left out\n',
  );
  const { method, plans } = JSON.parse(program.stdout) as { method: string; plans: { batches: number }[] };
  expect(method).toBe('one');
  const all = Number(/batches of one: (\d+)/.exec(program.stderr)![1]);
  // Batches take 10 ms at least: before each size there is time for no more than ten, before the first there is more.
  expect(all - plans[0]!.batches).toBeGreaterThan(12);
}, 60_000);

const unmeasurable: [what: string, args: [string, ...string[]], code: number, text: RegExp][] = [
  ['no servable', ['nobody'], 3, /directory '.*nobody' not exist/],
  ['no such version', ['add up', '--version', '7'], 3, /specified version number: 7/],
  [
    'no method named of several',
    ['functions'],
    2,
    /--method: expected one of open, fails, exits, slow, given none/,
  ],
  ['no such method', ['functions', '--method', 'x'], 2, /--method: expected one of open, .*, given x/],
  [
    'a streaming method',
    ['with a stream', '--method', 'many'],
    2,
    /--method: expected one of one, given many; many: streaming, which cannot be measured/,
  ],
  [
    'streaming methods only',
    ['streams'],
    2,
    /--method: expected a method that is not streaming, given none; many: streaming, which cannot be measured/,
  ],
  ['an open input', ['functions', '--method', 'open'], 2, /expected a dtype and a shape of input image/],
  [
    'a method that fails',
    ['functions', '--method', 'fails'],
    1,
    /method fails fails on its inputs, .* zeros are not for me/,
  ],
  ['one that ends its thread', ['functions', '--method', 'exits'], 1, /a batch was lost: .*exit code 3/],
  [
    'no dimension',
    ['add up', '--dimensions', 'height=3'],
    2,
    /expected symbolic dimensions .* \(width\), given height/,
  ],
  ['no size', ['add up', '--dimensions', 'width=0'], 2, /--dimensions: expected names with sizes from 1/],
  [
    'no such input',
    ['add up', '--input', 'x3=package.json'],
    2,
    /expected inputs of method predict \(x1, x2\), given x3/,
  ],
  [
    'no servable, and no file',
    ['nowhere', '--input', 'x1=nowhere'],
    3,
    /^serving-worker: Check servable config failed, directory '.*nowhere' not exist/m,
  ],
  ['no file', ['add up', '--input', 'x1=nowhere'], 2, /--input: cannot read nowhere: ENOENT/],
  ['no time', ['add up', '--seconds', '0'], 2, /--seconds: expected a number from 0\.01 to 3600, given '0'/],
];

test.each(unmeasurable)('what cannot be measured is said: %s', async (_, args, code, text) => {
  const ended = await tune(...args);
  expect({ ...ended, stderr: '' }).toEqual({ code, signal: null, stdout: '', stderr: '' });
  expect(ended.stderr).toMatch(text);
});

test('SIGINT ends it with what was measured so far', async () => {
  const program = launchWorker([
    'tune',
    'add up',
    '--directory',
    directory,
    '--cores',
    '1',
    '--seconds',
    '0.5',
  ]);
  await eventually('something is measured', () => program.stderr.includes('batch 2: '), 55_000);
  expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
  const measured = program.stdout.split('\n').filter((line) => /^ +\d/.test(line)).length;
  expect(measured).toBeGreaterThanOrEqual(2);
  expect(measured).toBeLessThan(7);
  expect(program.stdout).toContain('\nbest: serving-worker --servable');
});
