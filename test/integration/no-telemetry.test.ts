/** Nothing leaves the machine and nothing is written outside: onnxruntime's telemetry is off. */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { startMaster } from '../support/processes.js';
import { addModel, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const hasTracer = spawnSync('strace', ['-V']).status === 0;
if (!hasTracer)
  console.warn('strace is not installed: connections are not looked at, only the home folder is');

/** Calls that open a connection to anything but a unix socket or this machine. */
function connectionsOut(trace: string): string[] {
  return trace
    .split('\n')
    .filter((line) => /\b(connect|sendto|sendmsg)\(/.test(line) && /AF_INET6?/.test(line))
    .filter((line) => !/inet_addr\("127\.|inet_pton\(AF_INET6, "::1"/.test(line));
}

test('a server writes nothing below its home folder and connects to nowhere', async () => {
  const home = temporaryFolder();
  const trace = join(temporaryFolder(), 'trace');
  const directory = servables({ add: { '1/add.onnx': addModel(['N', 2]) } });
  const env = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), XDG_CONFIG_HOME: join(home, 'config') };
  const under = hasTracer
    ? ['strace', '-f', '--seccomp-bpf', '-qq', '-e', 'trace=connect,sendto,sendmsg', '-o', trace]
    : [];
  const master = await startMaster(['--servable', 'add', '--directory', directory, '--executors', '1'], {
    env,
    under,
  });
  const x = Float32Array.of(1, 2);
  expect(await master.client('add', 'predict').infer({ x1: x, x2: x })).toMatchObject([{ ok: true }]);
  // The tracer keeps signals to itself, so the server is asked directly.
  process.kill(pidOf(master.log));
  expect(await eventually('the server ends', () => master.outcome, 20_000)).toEqual({
    code: 0,
    signal: null,
  });
  expect(readdirSync(home, { recursive: true })).toEqual([]);
  if (hasTracer) expect(connectionsOut(readFileSync(trace, 'utf8'))).toEqual([]);
});

function pidOf(log: readonly Record<string, unknown>[]): number {
  const pid = log[0]?.['pid'];
  if (typeof pid !== 'number') throw new Error('expected the first log line to have the pid');
  return pid;
}
