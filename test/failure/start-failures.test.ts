/** A server that cannot start says why on standard error, prints no start line and exits with the code of the reason. */
import { beforeAll, expect, test } from '@jest/globals';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { runMaster, startMaster } from '../support/processes.js';
import {
  addModel,
  configuration,
  functionServable,
  identityModel,
  servables,
  slowLoadModel,
} from '../support/servables.js';
import { type FolderContents, temporaryFolder } from '../support/temporary-folder.js';

const CONFIG_INVALID = 2;
const LOAD_FAILED = 3;
const ADDRESS_UNAVAILABLE = 4;

const declared = configuration(`
const add = declareModel({ file: 'add.onnx', withBatchDim: false });
registerMethod('add', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(add, [x1, x2]));
`);
const echo = functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`);
const model = addModel([2, 2]);

interface Case {
  readonly files: FolderContents;
  readonly error: string | RegExp;
  readonly args?: readonly string[];
  /** What the log says besides. */
  readonly warning?: RegExp;
}

const cases: Record<string, Case> = {
  'a model file that is missing': {
    files: { 'servable_config.ts': declared, '1/sub.onnx': model },
    error: 'model file s/1/add.onnx not exist; the version folder holds: sub.onnx',
  },
  'a version folder without a model': {
    files: { 'servable_config.ts': declared, '1/': '' },
    error: 'model file s/1/add.onnx not exist; the version folder holds no .onnx file',
  },
  'a model file that is empty': {
    files: { 'servable_config.ts': declared, '1/add.onnx': '' },
    error: 'model file s/1/add.onnx is empty: expected an ONNX model',
  },
  'a model file that is a folder': {
    files: { 'servable_config.ts': declared, '1/add.onnx/': '' },
    error: 'model file s/1/add.onnx: expected a file, given a folder',
  },
  'a model file that is no model': {
    files: { 'servable_config.ts': declared, '1/add.onnx': 'this is text, not a model' },
    error: /^model s\/1\/add\.onnx cannot be loaded: .*[Pp]rotobuf/,
  },
  'a model file that is cut off': {
    files: { 'servable_config.ts': declared, '1/add.onnx': model.subarray(0, model.length - 10) },
    error: /^model s\/1\/add\.onnx cannot be loaded: /,
  },
  'a model file outside of the servable': {
    files: { 'servable_config.ts': declared.replace('add.onnx', '../../outside.onnx'), '1/': '' },
    error: "model file s/1/../../outside.onnx lies outside the servable's folder",
  },
  'no configuration and no model': {
    files: { '1/': '' },
    error:
      'servable s has no servable_config, so its version folder must hold exactly one .onnx file: s/1 holds none',
  },
  'no configuration and two models': {
    files: { '1/a.onnx': model, '1/b.onnx': model },
    error:
      'servable s has no servable_config, so its version folder must hold exactly one .onnx file: s/1 holds a.onnx, b.onnx',
  },
  'a configuration under another name': {
    files: { 'servable_config.py': '', '1/': '' },
    error:
      'servable s has no servable_config, so its version folder must hold exactly one .onnx file: s/1 holds none',
    warning: /file 'servable_config.py' is ignored: a configuration is called servable_config\.ts, /,
  },
  'no version folder': {
    files: { 'servable_config.ts': declared },
    error:
      's/servable_config.ts:3: There is no valid version directory of models while there are models declared; expected a folder such as s/1 with add.onnx',
  },
  'no such version': {
    files: { ...echo, '3/': '' },
    args: ['--version', '2'],
    error:
      'servable s: There is no specified version directory of models, specified version number: 2; versions there: 3, 1',
  },
  'two configurations': {
    files: { ...echo, 'servable_config.mjs': '' },
    error: 'servable s: expected one servable_config, given servable_config.ts and servable_config.mjs',
  },
  'a configuration that throws': {
    files: functionServable(`throw new Error('not today');`),
    error: 's/servable_config.ts:2: Error: not today',
  },
  'a configuration that does not parse': {
    files: functionServable(`registerMethod('m', {`),
    error: 's/servable_config.ts:3:1: does not parse: Unexpected token',
  },
  'a configuration that names a missing input': {
    files: functionServable(`registerMethod('m', { inputs: ['x1'], outputs: ['y'] }, (x1, x2) => x2);`),
    error: 's/servable_config.ts:2: method m: its function takes 2 inputs, but 1 are named (x1)',
  },
  'a configuration that registers a method twice': {
    files: functionServable(
      `for (const i of [1, 2]) registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);`,
    ),
    error:
      's/servable_config.ts:2: Method m has been registered more than once. First at s/servable_config.ts:2',
  },
  'a configuration that ends the process': {
    files: functionServable(`process.exit(0);`),
    error: 'servable s version 1: the executor thread ended while it loaded the servable (exit code 0)',
  },
  'a configuration that never finishes': {
    files: functionServable(`await new Promise(() => setInterval(() => undefined, 1000));`),
    args: ['--load-timeout', '1s'],
    error: 'servable s version 1: loading did not finish within 1000 ms; --load-timeout gives it longer',
  },
  'a configuration that loops for ever': {
    files: functionServable(`for (;;);`),
    args: ['--load-timeout', '1s'],
    error: 'servable s version 1: loading did not finish within 1000 ms; --load-timeout gives it longer',
  },
  'a model that takes longer to load than it may': {
    files: { '1/m.onnx': slowLoadModel(1024, 10) },
    args: ['--load-timeout', '300ms'],
    error: 'servable s version 1: loading did not finish within 300 ms; --load-timeout gives it longer',
  },
  'too few inputs for the model': {
    files: {
      'servable_config.ts': declared
        .replace("['x1', 'x2'], o", "['x1'], o")
        .replace('(x1, x2)', '(x1)')
        .replace('[x1, x2]', '[x1]'),
      '1/add.onnx': model,
    },
    error:
      's/servable_config.ts:4: The inputs count 1 in method add not equal to the count 2 defined in model add.onnx (x1, x2)',
  },
  'too many outputs for the model': {
    files: {
      'servable_config.ts': declared.replace('[x1, x2])', '[x1, x2], { outputs: 2 })[0]'),
      '1/add.onnx': model,
    },
    error:
      's/servable_config.ts:4: The outputs count 2 in method add not equal to the count 1 defined in model add.onnx (y); give addStage { outputs: 1 }',
  },
  'a batch dimension that differs': {
    files: {
      'servable_config.ts': declared.replace(', withBatchDim: false', ''),
      '1/add.onnx': addModel([]),
    },
    error:
      's/servable_config.ts:3: model add.onnx: x1 is a scalar and has no batch dimension; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs',
  },
};

let directories: Record<string, string>;
beforeAll(() => {
  directories = Object.fromEntries(
    Object.entries(cases).map(([name, { files }]) => [name, servables({ s: files })]),
  );
  for (const directory of Object.values(directories)) writeFileSync(join(directory, 'outside.onnx'), model);
});

test.concurrent.each(Object.entries(cases))(
  '%s: exit code 3',
  async (name, { error, args = [], warning = /(?:)/ }) => {
    const directory = directories[name]!;
    const { code, signal, stdout, stderr, complaint } = await runMaster([
      '--grpc',
      '0',
      '--servable',
      's',
      '--directory',
      directory,
      '--executors',
      '2',
      ...args,
    ]);
    if (typeof error === 'string') expect(complaint).toBe(error);
    else expect(complaint).toMatch(error);
    expect(stderr).toMatch(warning);
    expect({ code, signal, stdout }).toEqual({ code: LOAD_FAILED, signal: null, stdout: '' });
    const shown = stderr.split('\n').filter((line) => !line.includes('"msg":"starting"'));
    expect(shown.join('\n')).not.toContain(directory);
    expect(shown.join('\n')).not.toMatch(/^\s+at /m);
  },
);

test('a model behind a link that leads out of the servable: exit code 3', async () => {
  const directory = servables({ s: { 'servable_config.ts': declared, '1/': '' } });
  writeFileSync(join(directory, 'add.onnx'), model);
  symlinkSync('../../add.onnx', join(directory, 's/1/add.onnx'));
  const { code, complaint } = await runMaster(['--grpc', '0', '--servable', 's', '--directory', directory]);
  expect(complaint).toBe("model file s/1/add.onnx lies outside the servable's folder");
  expect(code).toBe(LOAD_FAILED);
});

test('a model behind a link that leads nowhere: exit code 3', async () => {
  const directory = servables({ s: { 'servable_config.ts': declared, '1/': '' } });
  symlinkSync('nowhere.onnx', join(directory, 's/1/add.onnx'));
  const { code, complaint } = await runMaster(['--grpc', '0', '--servable', 's', '--directory', directory]);
  expect(complaint).toMatch(/^model file s\/1\/add\.onnx not exist/);
  expect(code).toBe(LOAD_FAILED);
});

test('a servable or directory that is not there: exit code 3, with those that are', async () => {
  const directory = servables({ a: echo, b: { '1/x.onnx': identityModel([1]) } });
  const unknown = await runMaster(['--grpc', '0', '--servable', 'c', '--directory', directory]);
  expect(unknown).toMatchObject({ code: LOAD_FAILED, stdout: '' });
  expect(unknown.complaint).toMatch(
    /^Check servable config failed, directory '.*c' not exist; the directory holds: a, b$/,
  );
  const nowhere = await runMaster([
    '--grpc',
    '0',
    '--servable',
    'c',
    '--directory',
    join(directory, 'nowhere'),
  ]);
  expect(nowhere).toMatchObject({ code: LOAD_FAILED, stdout: '' });
  expect(nowhere.complaint).toMatch(/not exist; expected the folder that holds servable 'c'$/);
  const file = join(directory, 'b/1/x.onnx');
  const notAFolder = await runMaster(['--grpc', '0', '--servable', 'c', '--directory', file]);
  expect(notAFolder).toMatchObject({ code: LOAD_FAILED, stdout: '' });
  expect(notAFolder.complaint).toMatch(
    /is a file, not a folder; expected the folder that holds servable 'c'$/,
  );
});

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
  [['--servable', 'a'], /--grpc: expected an address to listen on/],
  [['--grpc', '0'], /--servable or --master: expected the name of a servable/],
  [['--grpc', '0', '--servable', 'a', 'b'], /argument/],
  [['--grpc'], /argument missing/],
  [['--grpc', '0', '--servable', 'a,a'], /--servable: expected names/],
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
    new RegExp(`^cannot listen on ${first.address}: EADDRINUSE: the address is in use$`),
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
  expect(second.complaint).toMatch(/^cannot listen on unix:\S+: EADDRINUSE: the address is in use$/);
  expect(second).toMatchObject({ code: ADDRESS_UNAVAILABLE, signal: null });
  expect(await first.client('s', 'echo').infer({ x: 1 })).toMatchObject([{ ok: true }]);

  const nowhere = `unix:${join(temporaryFolder(), 'nowhere', 'serving.sock')}`;
  const third = await runMaster([...serve, '--grpc', nowhere]);
  expect(third).toMatchObject({ code: ADDRESS_UNAVAILABLE });
  expect(third.complaint).toMatch(/^cannot listen on unix:\S+: ENOENT: there is no folder \S+nowhere$/);
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
  expect(ended.complaint).toMatch(/^cannot listen on 192\.0\.2\.1:5500: /);
  // Nothing of grpc-js's own, which is the same in other words.
  expect(ended.stderr).not.toMatch(/^E /m);
  expect(ended.code).toBe(ADDRESS_UNAVAILABLE);
});
