/** Callers that go away or run out of time: the server stops working for them and its executor is free for others. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { outputsOf } from '@serving/client';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { startMaster, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let master: Master;
const journal = join(temporaryFolder(), 'journal');
beforeAll(async () => {
  const directory = servables({
    slow: functionServable(`
import { appendFileSync } from 'node:fs';
const pause = (x) => {
  appendFileSync(${JSON.stringify(journal)}, x.data[0] + '\\n');
  const end = performance.now() + 50;
  while (performance.now() < end);
  return x;
};
registerMethod('pause', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(pause, [x]));
registerMethod('twice', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(pause, [addStage(pause, [x])]));
`),
  });
  const limits = ['--executors', '1', '--execution-timeout', '20s'];
  master = await startMaster(['--servable', 'slow', '--directory', directory, ...limits]);
});

/** What the stage was called with since the test began. */
const seen = () => readFileSync(journal, 'utf8').split('\n').filter(Boolean).map(Number);
const count = 60;
const instances = Array.from({ length: count }, (_, i) => ({ x: i }));

afterEach(async () => {
  const [result] = await master.client('slow', 'pause').infer({ x: 7 });
  expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(7) } });
});

test('a cancelled call ends its batch between two instances', async () => {
  writeFileSync(journal, '');
  const giveUp = new AbortController();
  const call = master.client('slow', 'pause').infer(instances, { signal: giveUp.signal });
  const failed = expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  await eventually('the batch runs', () => seen().length >= 2);
  giveUp.abort();
  await failed;
  // The executor takes the next request long before all would have been done.
  const started = performance.now();
  await master.client('slow', 'pause').infer({ x: 1000 });
  expect(performance.now() - started).toBeLessThan((count * 50) / 2);
  expect(seen().length).toBeLessThan(count / 2);
});

test('a deadline ends the batch too', async () => {
  writeFileSync(journal, '');
  const call = master.client('slow', 'pause').infer(instances, { deadlineMs: 250 });
  await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await master.client('slow', 'pause').infer({ x: 1000 });
  expect(seen().length).toBeLessThan(count / 2);
});

test('a call that is cancelled while it waits is never started', async () => {
  writeFileSync(journal, '');
  const running = master.client('slow', 'pause').infer(instances.slice(0, 10));
  await eventually('the batch runs', () => seen().length > 0);
  const giveUp = new AbortController();
  const waiting = master.client('slow', 'pause').infer({ x: 999 }, { signal: giveUp.signal });
  const failed = expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(master.client('slow', 'pause').infer({ x: 998 }, { deadlineMs: 60 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  giveUp.abort();
  await failed;
  expect((await running).every((result) => result.ok)).toBe(true);
  await master.client('slow', 'pause').infer({ x: 1000 });
  expect(seen()).toEqual([...Array(10).keys(), 1000]);
});

test('a caller that goes away does not take others in its batch with it', async () => {
  writeFileSync(journal, '');
  const first = master.client('slow', 'twice').infer({ x: 0 });
  await eventually('the executor is busy', () => seen().length > 0);
  const giveUp = new AbortController();
  const leaving = master.client('slow', 'twice').infer({ x: 1 }, { signal: giveUp.signal });
  const failed = expect(leaving).rejects.toMatchObject({ code: 'CANCELLED' });
  const staying = master.client('slow', 'twice').infer({ x: 2 });
  await eventually('their batch runs', () => seen().includes(2));
  giveUp.abort();
  await failed;
  expect(outputsOf((await staying)[0])).toMatchObject({ y: { data: Float32Array.of(2) } });
  expect((await first)[0].ok).toBe(true);
});

test('a caller that goes away is not worked for any more, though others of its batch are', async () => {
  writeFileSync(journal, '');
  const first = master.client('slow', 'pause').infer({ x: 0 });
  await eventually('the executor is busy', () => seen().length > 0);
  const giveUp = new AbortController();
  const leaving = master.client('slow', 'pause').infer(instances.slice(1, 31), { signal: giveUp.signal });
  const failed = expect(leaving).rejects.toMatchObject({ code: 'CANCELLED' });
  const staying = master.client('slow', 'pause').infer({ x: 100 });
  await eventually('their batch runs', () => seen().includes(1));
  giveUp.abort();
  await failed;
  expect(outputsOf((await staying)[0])).toMatchObject({ y: { data: Float32Array.of(100) } });
  await first;
  expect(seen().length).toBeLessThan(15);
});
