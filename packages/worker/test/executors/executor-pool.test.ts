import { expect, test } from '@jest/globals';
import type { FakeThread } from './fake-thread.js';
import { PoolUnderTest, times, turn } from './pool-under-test.js';

test('a batch for an executor that is not there is returned, on a turn of its own', async () => {
  const { pool } = new PoolUnderTest();
  const told: string[] = [];
  const tell = (what: string) => () => told.push(what);
  pool.run(0, {
    batchId: 1,
    method: 'add_common',
    count: 2,
    frame: new ArrayBuffer(8),
    onFrame: tell('reply'),
    onDone: tell('done'),
    onReturned: tell('returned'),
    onLost: tell('lost'),
  });
  expect(told).toEqual([]);
  await Promise.resolve();
  expect(told).toEqual(['returned']);
});

test('a batch whose thread ends is lost; until the executor is replaced the pool counts as available', async () => {
  const under = await new PoolUnderTest().started();
  const batch = under.run();
  under.last.exit(7);
  expect(batch).toEqual([expect.stringMatching(/^lost: its executor thread ended .*\(exit code 7\)/)]);
  await under.pass(100);
  under.last.ready();
  await turn();
  expect(under.news()).toEqual(['gone 0', 'free 1']);
});

test('a batch that is overdue in JavaScript ends its thread, which is replaced', async () => {
  const under = await new PoolUnderTest().started();
  const batch = under.run();
  await under.pass(times.execution);
  expect(batch).toEqual([
    `Call method 'add_common' Failed: the batch did not return within ${times.execution} ms`,
    'done',
  ]);
  await under.pass(100);
  under.last.ready();
  await turn();
  expect([under.threads[0]!.isTerminated, under.news()]).toEqual([true, ['gone 0', 'gone 0', 'free 1']]);
});

test('a batch that finishes instances is overdue only when it stands still', async () => {
  const under = await new PoolUnderTest().started();
  const batch = under.run();
  for (let finished = 0; finished < 5; finished++) {
    under.last.control.progress();
    await under.pass(times.execution);
  }
  expect([batch, under.threads[0]!.isTerminated]).toEqual([[], false]);
  await under.pass(times.execution);
  expect([batch.length, under.threads[0]!.isTerminated]).toEqual([2, true]);
});

test('time in which the whole process stood still is not held against a batch', async () => {
  const under = await new PoolUnderTest().started();
  const batch = under.run();
  await under.pass(times.execution / 2);
  under.clock.standStill(10 * times.execution);
  await under.pass(times.execution / 4 - 1);
  expect([batch, under.threads[0]!.isTerminated]).toEqual([[], false]);
  await under.pass(1);
  expect([batch.length, under.threads[0]!.isTerminated]).toEqual([2, true]);
});

test('one that is overdue in native code makes the pool unavailable at once, and available when it comes back', async () => {
  const under = await new PoolUnderTest().started();
  let toldBeforeTheAnswer: string[] = [];
  under.run({ onFrame: () => (toldBeforeTheAnswer = under.news()) });
  under.last.control.enter();
  await under.pass(times.execution);
  expect(toldBeforeTheAnswer).toEqual(['gone 0', 'unavailable']);
  await under.pass(times.stuck - 1000);
  expect([under.news(), under.pool.busy]).toEqual([[], 1]);
  under.last.control.leave();
  // What the model gave is copied.
  await under.pass(times.execution);
  under.last.done(2);
  await under.pass(times.stuck);
  expect([under.news(), under.last.isTerminated]).toEqual([['available', 'free 0'], false]);
});

test('one that leaves native code for other JavaScript is ended there and replaced, once it had the time to come back', async () => {
  const under = await new PoolUnderTest().started();
  under.run();
  under.last.control.enter();
  await under.pass(times.execution);
  under.last.control.leave();
  await under.pass(20 + times.execution - 1);
  expect(under.news()).toEqual(['gone 0', 'unavailable']);
  await under.pass(1);
  expect(under.news()).toEqual(['gone 0']);
  await under.pass(100);
  under.last.ready();
  expect(under.news()).toEqual(['available', 'free 1']);
});

test('one that does not come back within the bound is stuck, which is told once', async () => {
  const under = await new PoolUnderTest().started();
  under.run();
  under.last.control.enter();
  await under.pass(times.execution + times.stuck - 1);
  expect(under.news()).toEqual(['gone 0', 'unavailable']);
  await under.pass(1);
  await under.pass(times.stuck * 2);
  expect(under.news()).toEqual(['stuck']);
  expect(await under.pool.stop(10)).toBe(false);
});

test('while another executor is left the pool stays available', async () => {
  const under = await new PoolUnderTest(2).started();
  under.run();
  under.threads[0]!.control.enter();
  await under.pass(times.execution);
  expect(under.news()).toEqual(['gone 0']);
  under.run();
  under.threads[1]!.control.enter();
  await under.pass(times.execution);
  expect(under.news()).toEqual(['gone 1', 'unavailable']);
});

test('replacements that fail make it unavailable until one does not', async () => {
  const under = await new PoolUnderTest().started();
  under.last.exit(1);
  for (let failed = 0; failed < 3; failed++) {
    await under.pass(10_000);
    under.last.exit(9);
    await turn();
  }
  expect([under.news(), under.threads.length]).toEqual([['gone 0', 'unavailable'], 4]);
  await under.pass(10_000);
  under.last.ready();
  await turn();
  expect(under.news()).toEqual(['available', 'free 4']);
});

test('replacements that fail are tried longer and longer apart, however well batches go meanwhile', async () => {
  const under = await new PoolUnderTest(2).started();
  const [serving, lost] = under.threads as [FakeThread, FakeThread];
  lost.exit(1);
  await under.pass(100);
  for (const ceilingMs of [200, 400, 800, 1600, 3200]) {
    under.last.exit(9);
    await turn();
    under.runAt(0);
    serving.done(2);
    const started = under.threads.length;
    // The delay is half of its bound at least.
    await under.pass(ceilingMs / 2 - 1);
    expect(under.threads.length).toBe(started);
    await under.pass(ceilingMs / 2 + 1);
    expect(under.threads.length).toBe(started + 1);
  }
  under.last.ready();
  await turn();
  expect(under.news().at(-1)).toBe('free 7');
});

test('while a replacement that was given up is in native code no other is started', async () => {
  const under = await new PoolUnderTest(2).started();
  under.threads[0]!.exit(1);
  await under.pass(100);
  const hanging = under.last;
  await under.pass(times.load);
  // The other one is lost as well, and time passes.
  under.threads[1]!.exit(1);
  for (let second = 0; second < 20; second++) await under.pass(1000);
  expect([under.threads.length, under.news()]).toEqual([3, ['gone 0', 'gone 1', 'unavailable']]);
  await under.pass(times.stuck);
  expect(under.news()).toEqual(['stuck']);
  void hanging.control;
  await under.pass(20);
  expect(hanging.isTerminated).toBe(true);
  for (let loaded = 3; loaded < 5; loaded++) {
    while (under.threads.length === loaded) await under.pass(100);
    under.last.ready();
    await turn();
  }
  expect(under.news()).toEqual(['available', 'free 3', 'free 4']);
  await under.pass(60_000);
  expect(under.threads.length).toBe(5);
});

test('stopping twice does not wait twice for a thread in native code', async () => {
  const under = new PoolUnderTest();
  const failed = expect(under.pool.start()).rejects.toMatchObject({ code: 'LOAD_FAILED' });
  const started = performance.now();
  expect(await under.pool.stop(300)).toBe(false);
  const first = performance.now();
  expect(await under.pool.stop(300)).toBe(false);
  expect(first - started).toBeGreaterThanOrEqual(299);
  expect(performance.now() - first).toBeLessThan(150);
  void under.last.control;
  expect(await under.pool.stop(0)).toBe(true);
  await failed;
});

test('a thread that is loading may take longer to come out of native code than the others', async () => {
  const under = await new PoolUnderTest(2).started();
  under.threads[0]!.exit(1);
  await under.pass(100);
  const stopping = under.pool.stop(0, 10_000);
  // It has loaded its library: it is not stuck.
  void under.last.control;
  expect(await stopping).toBe(true);
});

test('an error that ends loading names the servable, its version and the option', async () => {
  for (const [end, text] of [
    [
      (one: PoolUnderTest) => one.pass(times.load),
      'servable add version 1: loading did not finish within 2000 ms; --load-timeout gives it longer',
    ],
    [
      (one: PoolUnderTest) => one.last.exit(9),
      'servable add version 1: the executor thread ended while it loaded the servable (exit code 9)',
    ],
  ] as const) {
    const under = new PoolUnderTest();
    const failed = expect(under.pool.start()).rejects.toThrow(new Error(text));
    void under.last.control;
    await end(under);
    await failed;
  }
});

test('the error of a batch that cannot be read reaches its instances', async () => {
  const under = await new PoolUnderTest().started();
  const batch = under.run();
  const error = { code: 'FRAME_INVALID', message: 'no frame' } as const;
  under.last.send({ kind: 'done', batchId: 1, frames: [], answered: 0, isWhole: false, error });
  expect(batch).toEqual(['no frame', 'done']);
  expect(under.news()).toEqual(['free 0']);
});

test('a batch that a blocked thread never took up is returned, as it may run elsewhere', async () => {
  const under = await new PoolUnderTest().started();
  under.last.isBlocked = true;
  const batch = under.run();
  await under.pass(times.execution);
  expect([batch, under.threads[0]!.isTerminated]).toEqual([['returned'], true]);
});

test('a batch that its thread never took up before it ended is returned', async () => {
  const under = await new PoolUnderTest().started();
  under.last.isBlocked = true;
  const batch = under.run();
  under.last.exit(1);
  await turn();
  expect(batch).toEqual(['returned']);
});
