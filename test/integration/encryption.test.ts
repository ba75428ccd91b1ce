/** Encrypted models: written by `serving-worker encrypt`, and served with their key. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { outputsOf, tensor } from '@serving/client';
import { startMaster } from '../support/processes.js';
import { addModel, configuration, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function runWorker(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/serving-worker', args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

const key = randomBytes(32).toString('hex');
const secret = servables({
  secret: {
    'servable_config.ts': configuration(
      "const add = declareModel({ file: 'add.enc', withBatchDim: false, decryption: { key: { env: 'TEST_KEY' } } });\nregisterMethod('add', { inputs: ['a', 'b'], outputs: ['y'] }, (a, b) => addStage(add, [a, b]));",
    ),
    '1/add.onnx': addModel([2]),
  },
});
const [plainFile, encrypted] = ['add.onnx', 'add.enc'].map((file) => join(secret, 'secret/1', file));

const encrypt = (target: string) =>
  expect(
    runWorker(['encrypt', plainFile!, target, '--key-env', 'TEST_KEY'], { TEST_KEY: key }),
  ).toMatchObject({ status: 0, stderr: '' });

test('an encrypted model is served with its key, and with no other', async () => {
  encrypt(encrypted!);
  const serving = await startMaster(['--servable', 'secret', '--directory', secret], {
    env: { TEST_KEY: key },
  });
  const x = tensor('float32', [2], [1, 2]);
  const [result] = await serving.client('secret', 'add').infer({ a: x, b: x });
  expect(outputsOf(result)['y']).toMatchObject({ data: Float32Array.of(2, 4) });
  const check = ['check', 'secret', '--directory', secret];
  expect(runWorker(check, { TEST_KEY: randomBytes(32).toString('hex') })).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/model secret\/1\/add\.enc cannot be decrypted/) as unknown,
  });
  expect(runWorker(check)).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(
      /the environment variable TEST_KEY: expected the key of a model/,
    ) as unknown,
  });
});

test('an encrypted model is written over a file that is there only when that is asked for', () => {
  const there = join(secret, 'there.enc');
  const args = ['encrypt', plainFile!, there, '--key-env', 'TEST_KEY'];
  writeFileSync(there, 'something of value');
  expect(runWorker(args, { TEST_KEY: key })).toEqual({
    status: 2,
    stdout: '',
    stderr: `serving-worker: ${there}: expected a file that is not there yet, given one that is; --force replaces it\n`,
  });
  expect(readFileSync(there, 'utf8')).toBe('something of value');
  expect(runWorker([...args, '--force'], { TEST_KEY: key })).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(there).includes('something of value')).toBe(false);
});

test.each<[what: string, link: (path: string) => void, force: readonly string[]]>([
  ['in another spelling', () => undefined, []],
  ['in another spelling, with --force', () => undefined, ['--force']],
  ['by a symbolic link', (path) => symlinkSync(plainFile!, path), ['--force']],
  ['by a hard link', (path) => linkSync(plainFile!, path), ['--force']],
])('an encrypted model is not written over the model itself, %s', (what, link, force) => {
  const folder = temporaryFolder();
  const path = join(folder, 'link.onnx');
  link(path);
  const target = what.includes('link') ? path : `${secret}/secret/../secret/1/add.onnx`;
  const before = readFileSync(plainFile!);
  const args = ['encrypt', plainFile!, target, '--key-env', 'TEST_KEY', ...force];
  expect(runWorker(args, { TEST_KEY: key })).toEqual({
    status: 2,
    stdout: '',
    stderr: `serving-worker: ${target}: expected a file beside the model, given the model itself, ${plainFile!}; a file that is encrypted in its place is lost with its key\n`,
  });
  expect(readFileSync(plainFile!)).toEqual(before);
});

test('an encrypted model is not encrypted once more', () => {
  const twice = join(secret, 'twice.enc');
  encrypt(twice);
  const { status, stderr } = runWorker(
    ['encrypt', twice, join(secret, 'thrice.enc'), '--key-env', 'TEST_KEY'],
    {
      TEST_KEY: key,
    },
  );
  expect([status, stderr]).toEqual([
    2,
    `serving-worker: ${twice}: expected an ONNX model, given ${readFileSync(twice).length} bytes of something else; is it encrypted already?\n`,
  ]);
  expect(existsSync(join(secret, 'thrice.enc'))).toBe(false);
});

test('an encrypted model that is declared as a plain one is not loaded, and the error asks whether it is encrypted', () => {
  const undeclared = servables({ s: { '1/': '' } });
  encrypt(join(undeclared, 's/1/m.onnx'));
  expect(runWorker(['check', 's', '--directory', undeclared])).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(
      /model s\/1\/m\.onnx cannot be loaded: .*Protobuf parsing failed\.; is it encrypted\? then declare the model with decryption\n/,
    ) as unknown,
  });
});

test.each([
  [[], 'expected either --key-env or --key-file; given neither'],
  [['--key-env', 'A', '--key-file', 'b'], 'expected either --key-env or --key-file; given both'],
])('encrypting needs one key: %p', (args, text) => {
  const { status, stderr } = runWorker(['encrypt', plainFile!, '/dev/null', ...args]);
  expect([status, stderr]).toEqual([2, `serving-worker: ${text}\n`]);
});
