/** Large requests beside small ones: the small ones are answered meanwhile. */
import { beforeAll, expect, test } from '@jest/globals';
import { clusterStatus, outputsOf, tensor, type InferResult } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { startMaster, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';

// Its answers are the numbers of the batches that instances were in. A batch waits a little, as work would take time.
const directory = servables({
  s: functionServable(`
let batches = 0;
const batchOf = async (rows) => {
  const batch = ++batches;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return rows.map(() => batch);
};
registerMethod('batch', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(batchOf, [x], { batchSize: 0 }));
`),
});

let master: Master;
beforeAll(async () => {
  const options = ['--servable', 's', '--directory', directory, '--executors', '1'];
  master = await startMaster([...options, '--master', '127.0.0.1:0', '--max-message-mb', '128']);
});

const batches = (results: readonly InferResult[]) =>
  results.map((result) => Number((outputsOf(result)['y'] as { data: ArrayLike<number> }).data[0]));
const client = () => master.client('s', 'batch', { deadlineMs: 120_000 });
const waiting = async () => (await clusterStatus(master.cluster)).methods[0]!.waiting;

test('while ten thousand instances of one request wait, small requests are answered one after another', async () => {
  const large = client().infer(Array.from({ length: 10_000 }, () => ({ x: 1 })));
  await eventually('the large request waits', async () => (await waiting()) > 5000);
  const small: number[] = [];
  for (let i = 0; i < 10; i++) small.push(batches(await client().infer({ x: 1 }))[0]!);
  const last = Math.max(...batches(await large));
  expect(small.at(-1)).toBeLessThan(last);
}, 120_000);

test('while tensors of 100 MiB wait, small requests are answered between them', async () => {
  const bytes = 100 * 2 ** 20;
  const heavy = { x: tensor('uint8', [bytes], new Uint8Array(bytes)) };
  const progress = { isDone: false };
  const large = Promise.all(Array.from({ length: 4 }, () => client().infer(heavy))).finally(() => {
    progress.isDone = true;
  });
  const small: number[] = [];
  while (!progress.isDone && small.length < 10_000) small.push(...batches(await client().infer({ x: 1 })));
  const others = (await large).flatMap(batches).toSorted((a, b) => a - b);
  expect(small.some((batch) => batch > others[0]! && batch < others.at(-1)!)).toBe(true);
}, 120_000);
