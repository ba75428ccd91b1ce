/** Executors: module state, what stages print, who shares a batch, and how large requests are spread. */
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, tensor, type Tensor } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { startMaster, type Master } from '../support/processes.js';
import { addModel, configuration, functionServable, runSizeModel, servables } from '../support/servables.js';

let master: Master;
beforeAll(async () => {
  const directory = servables({
    state: functionServable(`
import { threadId } from 'node:worker_threads';
let calls = 0;
registerMethod('who', { inputs: ['x'], outputs: ['x', 'thread', 'calls'] }, (x) => [x, ...addStage((x) => [threadId, ++calls], [x], { outputs: 2 })]);
registerMethod('block', { inputs: ['ms'], outputs: ['thread'] }, (ms) => addStage((ms) => {
  const end = performance.now() + ms.data[0];
  while (performance.now() < end);
  return threadId;
}, [ms]));
registerMethod('print', { inputs: ['x'], outputs: ['x'] }, (x) => addStage((x) => {
  console.log('printed by console.log');
  console.error('printed by console.error');
  process.stdout.write('written to stdout\\n');
  return x;
}, [x]));
`),
    sizes: {
      'servable_config.ts': configuration(`
const model = declareModel({ file: 'run_size.onnx' });
const fixed = declareModel({ file: 'fixed.onnx' });
const block = (x) => { const end = performance.now() + 200; while (performance.now() < end); return x; };
registerMethod('size', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(model, [x]));
registerMethod('hold', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(block, [x]));
registerMethod('fixed', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(fixed, [x1, x2]));
`),
      '1/run_size.onnx': runSizeModel(),
      '1/fixed.onnx': addModel([4, 2]),
    },
  });
  master = await startMaster(['--servable', 'state,sizes', '--directory', directory, '--executors', '2']);
});

const numberOf = (value: unknown) => Number((value as Tensor).data[0]);

test('a large request is spread over the executors and comes back in order', async () => {
  const results = await master
    .client('state', 'who')
    .infer(Array.from({ length: 1000 }, (_, i) => ({ x: i })));
  const outputs = results.map(outputsOf);
  expect(outputs.map(({ x }) => numberOf(x))).toEqual([...outputs.keys()]);
  expect(new Set(outputs.map(({ thread }) => numberOf(thread))).size).toBe(2);
});

test('module state is per executor', async () => {
  const results = await master
    .client('state', 'who')
    .infer(Array.from({ length: 200 }, (_, i) => ({ x: i })));
  const callsByThread = new Map<number, number[]>();
  for (const { thread, calls } of results.map(outputsOf))
    callsByThread.set(numberOf(thread), [...(callsByThread.get(numberOf(thread)) ?? []), numberOf(calls)]);
  expect(callsByThread.size).toBe(2);
  // Each counts for itself, one up for every call, whatever the other did in between.
  for (const calls of callsByThread.values()) {
    const sorted = calls.toSorted((a, b) => a - b);
    expect(sorted.map((call) => call - sorted[0]!)).toEqual([...sorted.keys()]);
  }
});

/** Two requests, the second sent while the first runs → the threads they ran on. */
async function twoAtATime(firstMs: number, secondMs: number, betweenMs: number): Promise<Set<number>> {
  const client = master.client('state', 'block');
  const first = client.infer({ ms: firstMs });
  await new Promise((resolve) => setTimeout(resolve, betweenMs));
  const both = await Promise.all([first, client.infer({ ms: secondMs })]);
  return new Set(both.map(([result]) => numberOf(outputsOf(result)['thread'])));
}

test('two executors run at the same time, in whatever order they finished before', async () => {
  for (const [first, second] of [
    [60, 5],
    [40, 60],
    [60, 5],
    [60, 5],
    [40, 40],
  ] as const)
    await twoAtATime(first, second, 20);
  expect((await twoAtATime(600, 600, 100)).size).toBe(2);
});

test('requests of different clients share a run of the model', async () => {
  // Both executors are kept busy meanwhile, so that what comes waits together.
  const hold = master.client('sizes', 'hold');
  const held = [hold.infer({ x: 1 }), hold.infer(Array.from({ length: 2 }, () => ({ x: 1 })))];
  await new Promise((resolve) => setTimeout(resolve, 50));
  const clients = Array.from({ length: 12 }, () => master.client('sizes', 'size'));
  const results = await Promise.all(
    clients.map((client) => client.infer({ x: tensor('float32', [1], [1]) })),
  );
  await Promise.all(held);
  const sizes = results.map(([result]) => numberOf(outputsOf(result)['y']));
  expect(Math.max(...sizes)).toBeGreaterThan(1);
});

test('one instance runs alone', async () => {
  const [result] = await master.client('sizes', 'size').infer({ x: tensor('float32', [1], [1]) });
  expect(numberOf(outputsOf(result)['y'])).toBe(1);
});

test('a model of fixed size gets full runs, and what fills them up is dropped', async () => {
  for (const count of [1, 4, 5, 11]) {
    const instances = Array.from({ length: count }, (_, i) => ({
      x1: Float32Array.of(i, 0),
      x2: Float32Array.of(0, -i),
    }));
    const results = await master.client('sizes', 'fixed').infer(instances);
    expect(results.map((result) => [...(outputsOf(result)['y'] as Tensor).dataAs('float32')])).toEqual(
      instances.map((_, i) => [i, 0 - i]),
    );
  }
});

test('what stages print goes to standard error; standard output has the start lines only', async () => {
  await master.client('state', 'print').infer({ x: 1 });
  for (const line of ['printed by console.log', 'printed by console.error', 'written to stdout'])
    await eventually(`${line} is there`, () => master.stderr.includes(`${line}\n`));
  expect(master.stdout.split('\n')).toEqual([
    expect.stringMatching(/^Servable state version 1: methods who, block, print; 2 executors x /) as unknown,
    expect.stringMatching(/^Servable sizes version 1: methods size, hold, fixed; 2 executors x /) as unknown,
    `Serving gRPC start success, listening on ${master.address}`,
    `Serving: Serving gRPC server start success, listening on ${master.address}`,
    '',
  ]);
});
