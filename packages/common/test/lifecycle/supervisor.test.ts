/** Real processes under a supervisor whose delays pass on a manual clock. */
import { expect, test } from '@jest/globals';
import { folderWith } from '../../../../test/support/temporary-folder.js';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../../test/support/eventually.js';
import { steadyAfterMs } from '../../src/lifecycle/supervised-child.js';
import { isAlive, patient, script, Supervised } from './supervised.js';

const replaced = 'child ended; a new one follows after the delay';

test('a child that exits, even with 0, is replaced when the delay has passed and not before', async () => {
  const run = new Supervised([script('device 0', `console.log('up')`)]);
  expect(run.supervisor.children).toEqual([{ name: 'device 0', state: 'starting', pid: undefined }]);
  run.supervisor.start();
  expect(run.supervisor.children).toEqual([{ name: 'device 0', state: 'running', pid: expect.any(Number) }]);
  await run.reaches('backing-off');
  expect(run.supervisor.children).toEqual([{ name: 'device 0', state: 'backing-off', pid: undefined }]);
  run.clock.advance(49);
  expect(run.state()).toBe('backing-off');
  run.clock.advance(1);
  expect(run.state()).toBe('running');
  await run.prints('[device 0] up\n', 2);
  expect(run.logged(replaced)[0]).toMatchObject({
    child: 'device 0',
    exitCode: 0,
    signal: null,
    delayMs: 50,
  });
});

test('a child killed by SIGKILL is replaced, while the others run on', async () => {
  const run = new Supervised([script('device 0', patient), script('device 1', patient)]);
  run.supervisor.start();
  const [first, other] = [run.pid(0), run.pid(1)];
  process.kill(first, 'SIGKILL');
  await run.reaches('backing-off');
  run.clock.advance(50);
  await run.prints('[device 0] up\n');
  expect(run.pid(0)).not.toBe(first);
  expect([run.pid(1), run.state(1)]).toEqual([other, 'running']);
  expect(run.logged(replaced)).toEqual([
    expect.objectContaining({ child: 'device 0', childPid: first, exitCode: null, signal: 'SIGKILL' }),
  ]);
});

test('delays grow with every early end and begin anew after a process that ran for long enough', async () => {
  const run = new Supervised([script('device 0', patient)]);
  run.supervisor.start();
  const endAfter = async (lifeMs: number) => {
    run.clock.advance(lifeMs);
    process.kill(run.pid(), 'SIGKILL');
    await run.reaches('backing-off');
    const delayMs = run.logged(replaced).at(-1)!['delayMs'] as number;
    run.clock.advance(delayMs);
    expect(run.state()).toBe('running');
    return delayMs;
  };
  const lives = [0, 0, steadyAfterMs - 1, steadyAfterMs, 0];
  const delays: number[] = [];
  for (const lifeMs of lives) delays.push(await endAfter(lifeMs));
  expect(delays).toEqual([50, 100, 200, 50, 100]);
});

test('a fatal exit code is logged, ends the other children and is reported when they are gone', async () => {
  const failing = script('device 1', `process.exit(3)`);
  const waiting = script('device 2', `process.exit(1)`);
  const run = new Supervised([script('device 0', patient), failing, waiting]);
  run.supervisor.start();
  const other = run.pid(0);
  expect(await run.supervisor.fatal).toEqual({
    name: 'device 1',
    exitCode: 3,
    reason: 'device 1 ended with exit code 3, which a new process would not change',
  });
  expect(run.supervisor.children.map((child) => child.state)).toEqual(['gone', 'gone', 'gone']);
  expect(isAlive(other)).toBe(false);
  expect(run.logged('child ended for good')).toEqual([
    expect.objectContaining({ level: 60, child: 'device 1', exitCode: 3 }),
  ]);
  expect(run.clock.pending).toBe(0);
});

test('what is logged of a process has its own name: `pid` is the pid of the logger', async () => {
  const run = new Supervised([script('device 0', patient)]);
  run.supervisor.start();
  const childPid = run.pid();
  process.kill(childPid, 'SIGKILL');
  await run.reaches('backing-off');
  expect(run.log.map(({ msg, ...facts }) => [msg, facts['childPid'], 'pid' in facts])).toEqual([
    ['child started', childPid, false],
    ['child ended; a new one follows after the delay', childPid, false],
  ]);
});

test('a program that does not exist or is none is a fatal end that says so', async () => {
  const text = join(folderWith({ 'text.txt': 'no program' }), 'text.txt');
  const failures = [
    [text, 'EACCES'],
    ['/nowhere/serving-worker', 'ENOENT'],
  ] as const;
  for (const [command, code] of failures) {
    const run = new Supervised([script('device 0', patient), { name: 'device 1', command, args: [] }]);
    run.supervisor.start();
    expect(await run.supervisor.fatal).toEqual({
      name: 'device 1',
      exitCode: undefined,
      reason: `device 1: ${command} cannot be started: spawn ${command} ${code}`,
    });
    expect([run.state(0), run.state(1)]).toEqual(['gone', 'gone']);
  }
});

test('a start that fails at once, with an argument no program can take, is a fatal end as well', async () => {
  const impossible = { name: 'device 0', command: process.execPath, args: ['x'.repeat(2 ** 20)] };
  const run = new Supervised([impossible, script('device 1', patient)]);
  run.supervisor.start();
  expect(await run.supervisor.fatal).toMatchObject({ name: 'device 0', exitCode: undefined });
  expect([run.state(0), run.state(1)]).toEqual(['gone', 'gone']);
});

test('what a process has started goes with it', async () => {
  const grandchild = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(patient)}],
    { stdio: ['ignore', 'inherit', 'inherit'] }); console.log('begat');`;
  const run = new Supervised([script('device 0', `${grandchild} setInterval(() => {}, 1e6)`)]);
  run.supervisor.start();
  await run.prints('[device 0] up\n');
  process.kill(run.pid(), 'SIGKILL');
  await run.reaches('backing-off');
  // Its end of the output is closed, or this would wait for it.
  await run.supervisor.stop(0);
});

test('a child has the environment it was given, and no standard input', async () => {
  const text = `process.stdin.on('end', () => console.log('device', process.env.DEVICE, process.env.HOME)).resume()`;
  const run = new Supervised([{ ...script('device 0', text), env: { DEVICE: '7' } }]);
  run.supervisor.start();
  await run.prints('[device 0] device 7 undefined\n');
});

test('once a child has served no exit code of it is fatal, nor a start that fails', async () => {
  const folder = folderWith({ 'program.mjs': `process.send('serving'); ${patient}` });
  const program = join(folder, 'program.mjs');
  const node = join(folder, 'node');
  symlinkSync(process.execPath, node);
  const child = { name: 'device 0', command: node, args: [program] };
  const other = script('device 1', `process.send('serving'); ${patient}`);
  const run = new Supervised([child, other]);
  run.supervisor.start();
  await run.supervisor.served;
  writeFileSync(program, 'process.exit(3)');
  process.kill(run.pid(0), 'SIGKILL');
  await run.reaches('backing-off');
  run.clock.advance(50);
  await eventually('the next one has ended', () => run.logged(replaced).length === 2);
  expect(run.logged(replaced)[1]).toMatchObject({ child: 'device 0', exitCode: 3 });
  rmSync(node);
  run.clock.advance(100);
  await eventually('one could not be started', () => run.logged(replaced).length === 3);
  expect([run.state(0), run.state(1)]).toEqual(['backing-off', 'running']);
});
