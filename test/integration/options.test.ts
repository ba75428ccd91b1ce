/** Options: by flag, environment and file; help; addresses of every kind. */
import { beforeAll, expect, test } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMaster, startMaster, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let directory: string;
beforeAll(() => {
  directory = servables({
    s: functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
  });
});

/** What the server says it was configured with. */
const configOf = (master: Master) => master.log.find((line) => line['msg'] === 'starting')?.['config'];

async function expectServing(master: Master): Promise<void> {
  expect(await master.client('s', 'echo').infer({ x: 1 })).toMatchObject([{ ok: true }]);
  expect(await master.stop()).toEqual({ code: 0, signal: null });
}

test('options come from the environment', async () => {
  const env = {
    SERVING_GRPC: '0',
    SERVING_SERVABLE: 's',
    SERVING_DIRECTORY: directory,
    SERVING_EXECUTORS: '1',
  };
  const master = await startMaster([], { env });
  expect(configOf(master)).toMatchObject({ grpc: '0', servable: ['s'], executors: 1 });
  await expectServing(master);
});

test('flags go before the environment, the environment before the file', async () => {
  const file = join(temporaryFolder(), 'serving.yaml');
  writeFileSync(
    file,
    `grpc: 0\nservable: [s]\ndirectory: ${directory}\nexecutors: 1\nmaxBatchSize: 3\nmaxBatchMb: 4\n`,
  );
  const env = { SERVING_MAX_BATCH_SIZE: '5', SERVING_MAX_BATCH_MB: '6', SERVING_GRPC: '0' };
  const master = await startMaster(['--config', file, '--max-batch-size', '7'], { env });
  expect(configOf(master)).toMatchObject({ executors: 1, maxBatchSize: 7, maxBatchMb: 6 });
  await expectServing(master);
});

test('a file with mistakes: exit code 2, all of them listed', async () => {
  const file = join(temporaryFolder(), 'serving.yaml');
  writeFileSync(file, 'grcp: 5500\ncores: many\n');
  const { code, complaint } = await runMaster(['--config', file]);
  expect(code).toBe(2);
  expect(complaint).toMatch(/unknown option 'grcp'; expected one of grpc, /);
  expect(complaint).toMatch(/cores in the configuration file: expected a whole number/);
});

test('--help lists every option with its default and variable, on standard output, exit code 0', async () => {
  const { code, stdout, stderr } = await runMaster(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const text of [
    'Usage: serving-master',
    '--grpc <address>',
    'SERVING_EXECUTION_TIMEOUT',
    '(default: 127.0.0.1)',
    'Exit codes:',
  ])
    expect(stdout).toContain(text);
});

test('--version without a number prints the release, which the start line has too', async () => {
  const { code, stdout, stderr } = await runMaster(['--version']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const master = await startMaster(['--servable', 's', '--directory', directory, '--version', '0']);
  expect(master.log.find(({ msg }) => msg === 'starting')).toMatchObject({ release: stdout.trim() });
  await expectServing(master);
});

test('a unix socket is served, and the start lines name it', async () => {
  const address = `unix:${join(temporaryFolder(), 'serving.sock')}`;
  const master = await startMaster([
    '--grpc',
    address,
    '--servable',
    's',
    '--directory',
    directory,
    '--executors',
    '1',
  ]);
  expect(master.stdout).toContain(`\nServing gRPC start success, listening on ${address}\n`);
  expect(existsSync(address.slice(5))).toBe(true);
  await expectServing(master);
});

test('the host of a port without one is --host', async () => {
  const args = [
    '--grpc',
    '0',
    '--host',
    'localhost',
    '--servable',
    's',
    '--directory',
    directory,
    '--executors',
    '1',
  ];
  const master = await startMaster(args);
  expect(master.address).toMatch(/^localhost:\d+$/);
  await expectServing(master);
});

test('a mistyped variable is warned of before the start, and one set to nothing is not given', async () => {
  const master = await startMaster(['--servable', 's', '--directory', directory, '--executors', '1'], {
    env: { SERVING_MAX_BATCHSIZE: '5', SERVING_MAX_BATCH_SIZE: '' },
  });
  expect(master.stderr).toMatch(
    /^serving-master: warning: SERVING_MAX_BATCHSIZE is no variable of serving-master; did you mean SERVING_MAX_BATCH_SIZE\?\n\{/,
  );
  await expectServing(master);
});
