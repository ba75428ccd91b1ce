/** A server with options that make no sense, or an address that it cannot have, says so and exits with the code of it. */
import { expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { runMaster, startMaster } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CONFIG_INVALID = 2;
const ADDRESS_UNAVAILABLE = 4;

const echo = functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`);

test('options that make no sense: exit code 2, all of them listed', async () => {
  const bad = [
    '--grpc',
    'here:and:there',
    '--cores',
    'many',
    '--execution-timeout',
    '5',
    '--log-level',
    'loud',
  ];
  const { code, stdout, complaint } = await runMaster([
    ...bad,
    '--max-message-mb',
    '0',
    '--servable',
    '../x',
  ]);
  expect({ code, stdout }).toEqual({ code: CONFIG_INVALID, stdout: '' });
  for (const flag of [
    '--grpc',
    '--cores',
    '--execution-timeout',
    '--log-level',
    '--max-message-mb',
    '--servable',
  ])
    expect(complaint).toMatch(new RegExp(`^${flag}: .*expected`, 'm'));
});

test.each([
  [['--nonsense'], /unknown option '--nonsense'/],
  [['--servable', 'a'], /--grpc or --rest: expected an address to listen on/],
  [['--grpc', '0'], /--servable or --master: expected the name of a servable/],
  [['--grpc', '0', '--servable', 'a', 'b'], /^expected options, given 'b' beside them$/m],
  [['--grpc'], /argument missing/],
  [['--grpc', '0', '--servable', 'a,a'], /--servable: expected names/],
  [
    ['--grpc', '0', '--servable', 'examples/add/add'],
    /^--servable: expected the name of a servable.*: add, with --directory examples\/add$/,
  ],
  [
    ['--grpc', '5501', '--master', '127.0.0.1:5501'],
    /^--grpc and --master: expected two addresses, given 127\.0\.0\.1:5501 for both$/,
  ],
  [
    ['--grpc', '0', '--master', '0', '--isolation', 'process'],
    /^--isolation process: expected --servable with it/,
  ],
  [['--grpc', '0', '--master', '0', '--device', '0,1'], /^--device 0,1: expected --servable with it/],
  [
    ['--grpc', '0', '--servable', 'a', '--device', '0,0'],
    /^--device: expected .* each given once, given '0,0'$/,
  ],
  [
    ['--config', '/nowhere/serving.yaml'],
    /^configuration file \/nowhere\/serving\.yaml: there is no such file$/,
  ],
])('%j: exit code 2', async (args, text) => {
  const { code, stdout, complaint, stderr } = await runMaster(args);
  expect(complaint).toMatch(text);
  expect({ code, stdout }).toEqual({ code: CONFIG_INVALID, stdout: '' });
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('a port in use: exit code 4, for another server of ours and for any program', async () => {
  const directory = servables({ s: echo });
  const serve = ['--servable', 's', '--directory', directory, '--executors', '1'];
  const first = await startMaster(serve);
  const second = await runMaster([...serve, '--grpc', first.address]);
  expect(second).toMatchObject({ code: ADDRESS_UNAVAILABLE, signal: null });
  expect(second.complaint).toMatch(
    new RegExp(
      `^--grpc: cannot listen on ${first.address}: EADDRINUSE: the address is in use; stop the other server or choose another --grpc$`,
    ),
  );
  expect(second.stdout).not.toContain('success');
  expect(await first.client('s', 'echo').infer({ x: 1 })).toMatchObject([{ ok: true }]);

  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  expect(await runMaster([...serve, '--grpc', String(port)])).toMatchObject({ code: ADDRESS_UNAVAILABLE });
  other.close();
});

test('a unix socket in use or in a folder that is not there: exit code 4', async () => {
  const directory = servables({ s: echo });
  const serve = ['--servable', 's', '--directory', directory, '--executors', '1'];
  const address = `unix:${join(temporaryFolder(), 'serving.sock')}`;
  const first = await startMaster([...serve, '--grpc', address]);
  const second = await runMaster([...serve, '--grpc', address]);
  expect(second.complaint).toMatch(
    /^--grpc: cannot listen on unix:\S+: EADDRINUSE: the address is in use; stop/,
  );
  expect(second).toMatchObject({ code: ADDRESS_UNAVAILABLE, signal: null });
  expect(await first.client('s', 'echo').infer({ x: 1 })).toMatchObject([{ ok: true }]);

  const nowhere = `unix:${join(temporaryFolder(), 'nowhere', 'serving.sock')}`;
  const third = await runMaster([...serve, '--grpc', nowhere]);
  expect(third).toMatchObject({ code: ADDRESS_UNAVAILABLE });
  expect(third.complaint).toMatch(
    /^--grpc: cannot listen on unix:\S+: ENOENT: there is no folder \S+nowhere$/,
  );
});

test('a unix socket that a killed server left behind is taken over', async () => {
  const directory = servables({ s: echo });
  const address = `unix:${join(temporaryFolder(), 'serving.sock')}`;
  const options = ['--servable', 's', '--directory', directory, '--executors', '1', '--grpc', address];
  const first = await startMaster(options);
  expect(await first.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  const second = await startMaster(options);
  expect(await second.client('s', 'echo').infer({ x: 1 })).toMatchObject([{ ok: true }]);
});

test('a host that is not of this machine: exit code 4', async () => {
  const directory = servables({ s: echo });
  // 192.0.2.0/24 is reserved for documentation (RFC 5737).
  const ended = await runMaster([
    '--grpc',
    '192.0.2.1:5500',
    '--servable',
    's',
    '--directory',
    directory,
    '--executors',
    '1',
  ]);
  expect(ended.complaint).toMatch(/^--grpc: cannot listen on 192\.0\.2\.1:5500: /);
  // Nothing of grpc-js's own, which is the same in other words.
  expect(ended.stderr).not.toMatch(/^E /m);
  expect(ended.code).toBe(ADDRESS_UNAVAILABLE);
});
