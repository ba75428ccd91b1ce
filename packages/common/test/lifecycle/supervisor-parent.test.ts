/** A supervising process that is killed, or gets the signals of a terminal: what becomes of its children. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../../test/support/eventually.js';
import { temporaryFolder } from '../../../../test/support/temporary-folder.js';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const typescript = [process.execPath, '--import', 'jiti/register'];

/** Each child has a connection, which the kernel closes when the child ends, whoever reaps it. */
let witness: Server;
let path: string;
let told: string[];
let connections: number;
const started: ChildProcess[] = [];

beforeEach(async () => {
  [told, connections] = [[], 0];
  witness = createServer((socket) => {
    connections++;
    socket.setEncoding('utf8').on('data', (text: string) => told.push(...text.trim().split('\n')));
    socket.on('close', () => connections--).on('error', () => undefined);
  });
  path = join(temporaryFolder(), 'witness');
  witness.listen(path);
  await once(witness, 'listening');
});

afterEach(() => {
  witness.close();
  for (const each of started.splice(0)) each.kill('SIGKILL');
});

/** A supervising process at the head of a group of its own, as a shell would start it. */
function startParent(...command: readonly string[]) {
  return startProgram([...typescript, pathOf('supervisor-parent.ts'), ...command]);
}

function startProgram([program, ...args]: readonly string[], env = process.env) {
  const parent = spawn(program!, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(parent);
  let output = '';
  parent.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  parent.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return { parent, ended: once(parent, 'close'), output: () => output };
}

async function startWithChild(mode: string) {
  const running = startParent(...typescript, pathOf('end-with-parent-child.ts'), path, mode);
  const up = await eventually('the child is up', () => told.find((line) => line.startsWith('up ')));
  return { ...running, child: Number(up.slice(3)) };
}

const allEnded = () => eventually('the child has ended', () => connections === 0);

test('children of a killed parent stop in good order, though nobody reads their output', async () => {
  // The late one asks when the parent is gone already.
  for (const mode of ['orderly', 'late']) {
    const { parent } = await startWithChild(mode);
    parent.kill('SIGKILL');
    await allEnded();
    expect(told.splice(0).slice(1)).toEqual(['stopping: parent gone', 'stopped']);
  }
});

test('children of a killed parent end even if their stop fails or never ends', async () => {
  for (const mode of ['failing', 'stuck']) {
    const { parent } = await startWithChild(mode);
    parent.kill('SIGKILL');
    await allEnded();
    expect(told.splice(0).slice(1)).toEqual(['stopping: parent gone']);
  }
});

test('Ctrl+C reaches the parent only, and the child is told once', async () => {
  const { parent, ended } = await startWithChild('orderly');
  // As a terminal does it: to the whole group.
  process.kill(-parent.pid!, 'SIGINT');
  expect(await ended).toEqual([0, null]);
  await allEnded();
  expect(told.slice(1)).toEqual(['stopping: SIGTERM', 'stopped']);
});

test('a parent that is stopped twice ends at once, and its child with it', async () => {
  const { parent, ended } = await startWithChild('stuck');
  process.kill(-parent.pid!, 'SIGINT');
  await eventually('the child stops', () => told.includes('stopping: SIGTERM'));
  process.kill(-parent.pid!, 'SIGINT');
  expect(await ended).toEqual([null, 'SIGINT']);
  await allEnded();
  expect(told.slice(2)).toEqual(['stopping: parent gone']);
});

test('a parent lives on while its only child waits for the next start, on the real clock too', async () => {
  const { parent, ended, output } = startParent(process.execPath, '-e', 'process.exit(1)');
  await eventually('three processes were started', () => output().split('child started').length > 3);
  parent.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a parent ends with the fatal code of its child, by itself', async () => {
  const { ended, output } = startParent(
    process.execPath,
    '-e',
    `console.log('no such servable'); process.exit(3)`,
  );
  expect(await ended).toEqual([3, null]);
  expect(output()).toContain('[device 0] no such servable\n');
});

test('a start that fails for want of file descriptors is tried again', async () => {
  const few = ['sh', '-c', 'ulimit -n 256 && exec "$0" "$@"'];
  const child = [process.execPath, '-e', 'process.exit(3)'];
  const env = { ...process.env, EXHAUSTED: '1' };
  const { ended, output } = startProgram(
    [...few, ...typescript, pathOf('supervisor-parent.ts'), ...child],
    env,
  );
  expect(await ended).toEqual([3, null]);
  expect(output()).toContain('EMFILE');
});

test('without a supervisor, there is no parent to end with', async () => {
  const [program, ...args] = [...typescript, pathOf('end-with-parent-child.ts'), path, 'orderly'];
  const alone = spawn(program, args, { stdio: 'ignore' });
  started.push(alone);
  await eventually('the child is up', () => told.length > 0);
  alone.kill('SIGTERM');
  await allEnded();
  expect(told.slice(1)).toEqual(['stopping: SIGTERM', 'stopped']);
});
