/** Signals to real processes: what a supervisor sees is their exit code, and that they end at all. */
import { afterEach, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('shutdown-child.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const each of children.splice(0)) each.kill('SIGKILL');
});

/** A process that shuts down in the given way, with its output line by line. */
async function started(mode: string) {
  const running = spawn(process.execPath, ['--import', 'jiti/register', child, mode], { stdio: 'pipe' });
  children.push(running);
  const lines: string[] = [];
  const errors: string[] = [];
  const waiting: (() => void)[] = [];
  running.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  running.stdout.on('data', (chunk: Buffer) => {
    lines.push(...chunk.toString().trim().split('\n'));
    for (const wake of waiting.splice(0)) wake();
  });
  const line = async (wanted: string) => {
    while (!lines.includes(wanted)) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const ended = once(running, 'close').then(([code, signal]) => ({
    code,
    signal,
    lines,
    errors: errors.join(''),
  }));
  await line('ready');
  return { line, ended, kill: (signal: NodeJS.Signals) => running.kill(signal) };
}

test('the first signal of either kind runs the stop and the process exits with 0 when it is done', async () => {
  const ends = ['SIGTERM', 'SIGINT'] as const;
  const results = ends.map(async (signal) => {
    const { ended, kill } = await started('orderly');
    kill(signal);
    expect(await ended).toEqual({
      code: 0,
      signal: null,
      lines: ['ready', `stopping on ${signal}`, 'stopped'],
      errors: '',
    });
  });
  await Promise.all(results);
});

test('a second signal ends the process at once, as if nobody listened', async () => {
  const results = (['SIGINT', 'SIGTERM'] as const).map(async (second) => {
    const { line, ended, kill } = await started('stuck');
    kill('SIGTERM');
    await line('stopping on SIGTERM');
    kill(second);
    expect(await ended).toMatchObject({
      code: null,
      signal: second,
      lines: ['ready', 'stopping on SIGTERM'],
    });
  });
  await Promise.all(results);
});

test('a stop that fails, at once or later, exits with 1 and says why', async () => {
  const results = ['failing', 'throwing'].map(async (mode) => {
    const { ended, kill } = await started(mode);
    kill('SIGTERM');
    const { code, errors } = await ended;
    expect([mode, code]).toEqual([mode, 1]);
    expect(errors).toContain('could not stop');
  });
  await Promise.all(results);
});

test('once it is told to, a process no longer listens and ends by the signal as any other', async () => {
  const { ended, kill } = await started('deaf');
  kill('SIGTERM');
  expect(await ended).toMatchObject({ code: null, signal: 'SIGTERM', lines: ['ready'] });
});

test('when it cannot be stopped from inside, the process is killed', async () => {
  const { ended, kill } = await started('impossible');
  kill('SIGTERM');
  expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL', errors: '' });
});
