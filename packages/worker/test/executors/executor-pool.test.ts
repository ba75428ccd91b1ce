import { expect, test } from '@jest/globals';
import { PoolUnderTest, times, turn } from './pool-under-test.js';

test('a batch that finds no executor idle is returned, on a turn of its own', async () => {
  const { pool } = new PoolUnderTest();
  const told: string[] = [];
  const tell = (what: string) => () => told.push(what);
  pool.run({
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
  const test = await new PoolUnderTest().started();
  const batch = test.run();
  test.last.exit(7);
  expect(batch).toEqual([expect.stringMatching(/^lost: its executor thread ended .*\(exit code 7\)/)]);
  await test.pass(100);
  test.last.ready();
  await turn();
  expect(test.news()).toEqual(['lost 0', 'idle 1']);
});

test('a batch that is overdue in JavaScript ends its thread, which is replaced', async () => {
  const test = await new PoolUnderTest().started();
  const batch = test.run();
  await test.pass(times.execution);
  expect(batch).toEqual([
    `Call method 'add_common' Failed: the batch did not return within ${times.execution} ms`,
    'done',
  ]);
  await test.pass(100);
  test.last.ready();
  await turn();
  expect([test.threads[0]!.isTerminated, test.news()]).toEqual([true, ['lost 0', 'idle 1']]);
});

test('one that is overdue in native code makes the pool unavailable at once, and available when it comes back', async () => {
  const test = await new PoolUnderTest().started();
  let toldBeforeTheAnswer: string[] = [];
  test.run({ onFrame: () => (toldBeforeTheAnswer = test.news()) });
  test.last.control.enter();
  await test.pass(times.execution);
  expect(toldBeforeTheAnswer).toEqual(['unavailable']);
  await test.pass(times.stuck - 1000);
  expect([test.news(), test.pool.busy]).toEqual([[], 1]);
  // The runtime's last callback and the reply belong to one turn, so termination does not come between them.
  test.last.control.leave();
  test.last.done(2);
  await test.pass(times.stuck);
  expect([test.news(), test.last.isTerminated]).toEqual([['available', 'idle 0'], false]);
});

test('one that leaves native code for other JavaScript is ended there and replaced', async () => {
  const test = await new PoolUnderTest().started();
  test.run();
  test.last.control.enter();
  await test.pass(times.execution);
  test.last.control.leave();
  await test.pass(20);
  expect(test.news()).toEqual(['unavailable', 'lost 0']);
  await test.pass(100);
  test.last.ready();
  expect(test.news()).toEqual(['available', 'idle 1']);
});

test('one that does not come back within the bound is stuck, which is told once', async () => {
  const test = await new PoolUnderTest().started();
  test.run();
  test.last.control.enter();
  await test.pass(times.execution + times.stuck - 1);
  expect(test.news()).toEqual(['unavailable']);
  await test.pass(1);
  await test.pass(times.stuck * 2);
  expect(test.news()).toEqual(['stuck']);
  expect(await test.pool.stop(10)).toBe(false);
});

test('while another executor is left the pool stays available', async () => {
  const test = await new PoolUnderTest(2).started();
  test.run();
  test.threads[0]!.control.enter();
  await test.pass(times.execution);
  expect(test.news()).toEqual([]);
  test.run();
  test.threads[1]!.control.enter();
  await test.pass(times.execution);
  expect(test.news()).toEqual(['unavailable']);
});

test('replacements that fail make it unavailable until one does not', async () => {
  const test = await new PoolUnderTest().started();
  test.last.exit(1);
  for (let failed = 0; failed < 3; failed++) {
    await test.pass(10_000);
    test.last.exit(9);
    await turn();
  }
  expect([test.news(), test.threads.length]).toEqual([['lost 0', 'unavailable'], 4]);
  await test.pass(10_000);
  test.last.ready();
  await turn();
  expect(test.news()).toEqual(['available', 'idle 4']);
});

test('while a replacement that was given up is in native code no other is started', async () => {
  const test = await new PoolUnderTest(2).started();
  test.threads[0]!.exit(1);
  await test.pass(100);
  const hanging = test.last;
  await test.pass(times.load);
  // The other one is lost as well, and time passes.
  test.threads[1]!.exit(1);
  for (let second = 0; second < 20; second++) await test.pass(1000);
  expect([test.threads.length, test.news()]).toEqual([3, ['lost 0', 'lost 1', 'unavailable']]);
  await test.pass(times.stuck);
  expect(test.news()).toEqual(['stuck']);
  void hanging.control;
  await test.pass(20);
  expect(hanging.isTerminated).toBe(true);
  for (let loaded = 3; loaded < 5; loaded++) {
    while (test.threads.length === loaded) await test.pass(100);
    test.last.ready();
    await turn();
  }
  expect(test.news()).toEqual(['available', 'idle 3', 'idle 4']);
  await test.pass(60_000);
  expect(test.threads.length).toBe(5);
});

test('stopping twice does not wait twice for a thread in native code', async () => {
  const test = new PoolUnderTest();
  const failed = expect(test.pool.start()).rejects.toMatchObject({ code: 'LOAD_FAILED' });
  const started = performance.now();
  expect(await test.pool.stop(300)).toBe(false);
  const first = performance.now();
  expect(await test.pool.stop(300)).toBe(false);
  expect(first - started).toBeGreaterThanOrEqual(299);
  expect(performance.now() - first).toBeLessThan(150);
  void test.last.control;
  expect(await test.pool.stop(0)).toBe(true);
  await failed;
});

test('an error that ends loading names the servable, its version and the option', async () => {
  for (const [end, text] of [
    [
      (test: PoolUnderTest) => test.pass(times.load),
      'servable add version 1: loading did not finish within 2000 ms; --load-timeout gives it longer',
    ],
    [
      (test: PoolUnderTest) => test.last.exit(9),
      'servable add version 1: the executor thread ended while it loaded the servable (exit code 9)',
    ],
  ] as const) {
    const test = new PoolUnderTest();
    const failed = expect(test.pool.start()).rejects.toThrow(new Error(text));
    void test.last.control;
    await end(test);
    await failed;
  }
});

test('the error of a batch that cannot be read reaches its instances', async () => {
  const test = await new PoolUnderTest().started();
  const batch = test.run();
  const error = { code: 'FRAME_INVALID', message: 'no frame' } as const;
  test.last.send({ kind: 'done', batchId: 1, frames: [], answered: 0, error });
  expect(batch).toEqual(['no frame', 'done']);
  expect(test.news()).toEqual(['idle 0']);
});
