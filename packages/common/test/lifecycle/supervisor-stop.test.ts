/** Stopping real processes: no process is left, whatever they and the caller do. */
import { expect, test } from '@jest/globals';
import { isAlive, patient, script, Supervised } from './supervised.js';

const orderly = `process.once('SIGTERM', () => { console.log('stopping'); process.exit(0); }); ${patient}`;
const deaf = `process.on('SIGTERM', () => console.log('ignored')); ${patient}`;

test('stop lets children end by SIGTERM and takes their last lines along', async () => {
  const run = new Supervised([script('device 0', orderly), script('device 1', orderly)]);
  run.supervisor.start();
  await run.prints('up', 2);
  const pids = [run.pid(0), run.pid(1)];
  const stopped = run.supervisor.stop(5_000);
  expect(run.state()).toBe('stopping');
  await stopped;
  expect(pids.map(isAlive)).toEqual([false, false]);
  expect(run.stdout).toContain('[device 0] stopping\n');
  expect(run.stdout).toContain('[device 1] stopping\n');
  expect(run.supervisor.children[0]).toEqual({ name: 'device 0', state: 'gone', pid: undefined });
  expect(run.clock.pending).toBe(0);
});

test('a child that ignores SIGTERM is killed when the grace is over and not before', async () => {
  const run = new Supervised([script('device 0', deaf)]);
  run.supervisor.start();
  await run.prints('up');
  const pid = run.pid();
  const stopped = run.supervisor.stop(5_000);
  await run.prints('ignored');
  run.clock.advance(4_999);
  expect([run.state(), isAlive(pid)]).toEqual(['stopping', true]);
  run.clock.advance(1);
  await stopped;
  expect([run.state(), isAlive(pid)]).toEqual(['gone', false]);
  expect(run.logged('child did not stop in time; killing it')).toHaveLength(1);
});

test('a second stop waits for the same end, sends no second SIGTERM and may shorten the grace', async () => {
  const run = new Supervised([script('device 0', deaf)]);
  run.supervisor.start();
  await run.prints('up');
  const first = run.supervisor.stop(60_000);
  await run.prints('ignored');
  const second = run.supervisor.stop(1_000);
  run.clock.advance(1_000);
  await Promise.all([first, second]);
  expect(run.stdout.match(/ignored/g)).toHaveLength(1);
  await run.supervisor.stop(0);
  expect(run.clock.pending).toBe(0);
});

test('stop during a back-off cancels the restart', async () => {
  const run = new Supervised([script('device 0', `process.exit(1)`)]);
  run.supervisor.start();
  await run.reaches('backing-off');
  await run.supervisor.stop(5_000);
  expect([run.state(), run.clock.pending]).toEqual(['gone', 0]);
  run.clock.advance(60_000);
  expect(run.state()).toBe('gone');
});

test('stop before, right after and during a start leaves no process', async () => {
  const before = new Supervised([script('device 0', patient)]);
  await before.supervisor.stop(0);
  const resources = process.getActiveResourcesInfo().length;
  before.supervisor.start();
  expect([before.state(), process.getActiveResourcesInfo().length]).toEqual(['gone', resources]);

  const after = new Supervised([script('device 0', patient)]);
  after.supervisor.start();
  const pid = after.pid();
  await after.supervisor.stop(5_000);
  expect(isAlive(pid)).toBe(false);

  const missing = new Supervised([{ name: 'device 0', command: '/nowhere', args: [] }]);
  missing.supervisor.start();
  await missing.supervisor.stop(0);
  expect([missing.state(), missing.logged('child ended for good')]).toEqual(['gone', []]);
});

test('a fatal exit code of a child that was told to stop is not reported', async () => {
  const run = new Supervised([
    script('device 0', `process.once('SIGTERM', () => process.exit(3)); ${patient}`),
  ]);
  let reported = false;
  void run.supervisor.fatal.then(() => (reported = true));
  run.supervisor.start();
  await run.prints('up');
  await run.supervisor.stop(5_000);
  expect(reported).toBe(false);
  expect(run.logged('child stopped')).toEqual([expect.objectContaining({ exitCode: 3 })]);
});

test('output that a process beyond reach holds open is not waited for without end', async () => {
  const escaped = `require('child_process').spawn(process.execPath, ['-e', 'console.log(process.pid); setInterval(() => {}, 1e6)'],
    { stdio: ['ignore', 'inherit', 'inherit'], detached: true }); setInterval(() => {}, 1e6)`;
  const run = new Supervised([script('device 0', escaped)]);
  run.supervisor.start();
  await run.prints('\n');
  const pid = Number(/\d+$/m.exec(run.stdout)![0]);
  try {
    const stopped = run.supervisor.stop(5_000);
    await run.reaches('gone');
    run.clock.advance(1_000);
    await stopped;
    expect(isAlive(pid)).toBe(true);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});
