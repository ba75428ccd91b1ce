/** How batches are formed, through a master and a worker in processes of their own. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { clusterStatus, outputsOf, tensor, type InferResult } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const [started, go] = ['started', 'go'].map((name) => join(temporaryFolder(), name)) as [string, string];

// Most answer with the number of instances that it was called with.
const directory = servables({
  s: functionServable(`
const size = (rows) => rows.map(() => rows.length);
registerMethod('pairs', { inputs: ['x'], outputs: ['y'], batching: { maxBatchSize: 2 } },
  (x) => addStage(size, [x], { batchSize: 0 }));
registerMethod('threes', { inputs: ['x'], outputs: ['y'],
  batching: { preferredBatchSizes: [3], maxQueueDelayMs: 3_600_000 } },
  (x) => addStage(size, [x], { batchSize: 0 }));
registerMethod('shapes', { inputs: ['x'], outputs: ['y'], batching: { sameShapes: true } },
  (x) => addStage((rows) => rows.map(() => new Set(rows.map(([x]) => x.shape.join())).size), [x], { batchSize: 0 }));
registerMethod('padded', {
  inputs: { ids: { dtype: 'int32', shape: ['n'], pad: { to: [4, 8], with: -1, length: 'ids_length' } } },
  outputs: ['ids', 'length', 'together'],
}, ({ ids, ids_length }) => {
  const together = addStage((rows) => rows.map(() => rows.length), [ids], { batchSize: 0 });
  return [ids, ids_length, together];
});
import { existsSync, writeFileSync } from 'node:fs';
const order = [];
registerMethod('ordered', { inputs: ['name'], outputs: ['order'], batching: { maxBatchSize: 1, priority: 5 } },
  (name) => addStage(async (name) => {
    if (name === 'first') writeFileSync(${JSON.stringify(started)}, '');
    while (name === 'first' && !existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5));
    order.push(name);
    return order.join(' ');
  }, [name]));
`),
});

let master: Master;
beforeAll(async () => {
  master = await startMaster(['--master', '127.0.0.1:0']);
  await startWorker(master, ['--servable', 's', '--directory', directory, '--executors', '1']);
  await eventually('the worker serves', async () => {
    const { workers } = await clusterStatus(master.cluster);
    return workers.some(({ replicas }) => replicas.some(({ state }) => state === 'AVAILABLE'));
  });
});

const numbers = (results: readonly InferResult[], output = 'y') =>
  results.map((result) => Number((outputsOf(result)[output] as { data: ArrayLike<number> }).data[0]));

/** Waits until so many instances of the method wait. */
const waiting = (method: string, count: number) =>
  eventually(`${count} instances of ${method} wait`, async () => {
    const { methods } = await clusterStatus(master.cluster);
    return methods.find((one) => one.method === method)?.waiting === count;
  });

test("a method's own batch size holds", async () => {
  const sizes = numbers(await master.client('s', 'pairs').infer(Array.from({ length: 7 }, () => ({ x: 1 }))));
  expect(Math.max(...sizes)).toBe(2);
});

test('with a delay instances of several callers wait for the size that is preferred, and go together', async () => {
  const client = master.client('s', 'threes');
  const answers = [client.infer({ x: 1 })];
  await waiting('threes', 1);
  answers.push(client.infer({ x: 2 }));
  await waiting('threes', 2);
  answers.push(client.infer({ x: 3 }));
  expect(numbers((await Promise.all(answers)).flat())).toEqual([3, 3, 3]);
});

test('a deadline ends the wait for a fuller batch', async () => {
  const [result] = await master.client('s', 'threes').infer({ x: 1 }, { deadlineMs: 2000 });
  expect(result).toMatchObject({ ok: true });
});

test('a batch holds equal shapes where that is asked for', async () => {
  const shapes = [1, 2, 3, 2, 1].map((size) => ({ x: tensor('float32', [size], Array(size).fill(0)) }));
  expect(numbers(await master.client('s', 'shapes').infer(shapes))).toEqual([1, 1, 1, 1, 1]);
});

test('inputs are padded to few sizes, with their lengths beside them, and too long ones are refused', async () => {
  const shapes = [[3], [5], [4], [9], [0], []];
  const instances = shapes.map((shape) => ({ ids: tensor('int32', shape, Array(shape[0] ?? 1).fill(7)) }));
  const results = await master.client('s', 'padded').infer(instances);
  const fine = results.filter(({ ok }) => ok).map(outputsOf);
  expect(fine.map(({ ids }) => Array.from((ids as { data: Int32Array }).data))).toEqual([
    [7, 7, 7, -1],
    [7, 7, 7, 7, 7, -1, -1, -1],
    [7, 7, 7, 7],
    [-1, -1, -1, -1],
    [7, -1, -1, -1],
  ]);
  expect(
    numbers(
      results.filter(({ ok }) => ok),
      'length',
    ),
  ).toEqual([3, 5, 4, 0, 1]);
  expect(
    numbers(
      results.filter(({ ok }) => ok),
      'together',
    ),
  ).toEqual([4, 1, 4, 4, 4]);
  expect(results[3]).toMatchObject({
    ok: false,
    error: {
      code: 'INVALID_INPUTS',
      message: expect.stringMatching(/input ids: expected at most 8 in dimension 0/),
    },
  });
});

test('a request of a higher priority overtakes; others have that of the method', async () => {
  const client = master.client('s', 'ordered');
  const first = client.infer({ name: 'first' });
  await eventually('the first runs', () => existsSync(started));
  const others = [
    client.infer({ name: 'low' }, { priority: 4 }),
    client.infer({ name: 'own' }),
    client.infer({ name: 'high' }, { priority: 6 }),
  ];
  await waiting('ordered', 3);
  writeFileSync(go, '');
  await first;
  const [low] = await others[0]!;
  await Promise.all(others);
  expect(outputsOf(low)['order']).toBe('first high own low');
});
