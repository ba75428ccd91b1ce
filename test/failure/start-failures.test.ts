/** A server that cannot start says why on standard error, prints no start line and exits with the code of the reason. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchWorker, runMaster } from '../support/processes.js';
import {
  addModel,
  configuration,
  functionServable,
  identityModel,
  servables,
  slowLoadModel,
} from '../support/servables.js';
import type { FolderContents } from '../support/temporary-folder.js';
import { declared, model, modelMistakes, type StartFailure } from './model-mistakes.js';
import { oddConfigurations } from './odd-configurations.js';

const LOAD_FAILED = 3;

const echo = functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`);

const cases: Record<string, StartFailure> = {
  ...oddConfigurations,
  'a model file that is missing': {
    files: { 'servable_config.ts': declared, '1/sub.onnx': model },
    error: 's/servable_config.ts:3: model file s/1/add.onnx not exist; the version folder holds: sub.onnx',
  },
  'a version folder without a model': {
    files: { 'servable_config.ts': declared, '1/': '' },
    error:
      's/servable_config.ts:3: model file s/1/add.onnx not exist; the version folder holds no .onnx file',
  },
  'a model file that is empty': {
    files: { 'servable_config.ts': declared, '1/add.onnx': '' },
    error: 's/servable_config.ts:3: model file s/1/add.onnx is empty: expected an ONNX model',
  },
  'a model file that is a folder': {
    files: { 'servable_config.ts': declared, '1/add.onnx/': '' },
    error: 's/servable_config.ts:3: model file s/1/add.onnx: expected a file, given a folder',
  },
  'a model file that is no model': {
    files: { 'servable_config.ts': declared, '1/add.onnx': 'this is text, not a model' },
    error: /^s\/servable_config\.ts:3: model s\/1\/add\.onnx cannot be loaded: .*[Pp]rotobuf/,
  },
  'a model file that is cut off': {
    files: { 'servable_config.ts': declared, '1/add.onnx': model.subarray(0, model.length - 10) },
    error: /^s\/servable_config\.ts:3: model s\/1\/add\.onnx cannot be loaded: /,
  },
  'a size for a dimension that the model does not have': {
    files: {
      'servable_config.ts': declared.replace('withBatchDim: false', 'session: { freeDimensions: { M: 8 } }'),
      '1/add.onnx': addModel(['N', 2]),
    },
    error:
      's/servable_config.ts:3: model add.onnx: session.freeDimensions: expected names of its symbolic dimensions, given M; it has N',
  },
  'a model file outside of the servable': {
    files: { 'servable_config.ts': declared.replace('add.onnx', '../../outside.onnx'), '1/': '' },
    error: "s/servable_config.ts:3: model file s/1/../../outside.onnx lies outside the servable's folder",
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
  'neither a configuration nor a version folder': {
    files: { 'add.onnx': model },
    error:
      'servable s: There is no valid version directory of models; expected a folder such as s/1 with the model files',
  },
  'no method': {
    files: functionServable(''),
    error:
      's/servable_config.ts: There is no method registered for servable; expected at least one registerMethod(...)',
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
  'methods that are not the same in each executor': {
    files: functionServable(`
import { threadId } from 'node:worker_threads';
registerMethod('m' + threadId, { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
    error:
      /^servable s version 1: expected what its first executor was loaded from; since then method m\d is gone, method m\d is new; a restart/,
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
  'too few inputs for a model that another method uses rightly': {
    files: {
      'servable_config.ts': `${declared}registerMethod('less', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(add, [x]));`,
      '1/add.onnx': model,
    },
    error:
      's/servable_config.ts:6: The inputs count 1 in method less not equal to the count 2 defined in model add.onnx (x1, x2)',
  },
  ...modelMistakes,
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

/** What `serving-worker check` says of servable `s`, without its warnings. */
async function check(directory: string, args: readonly string[] = []) {
  const program = launchWorker(['check', 's', '--directory', directory, ...args]);
  const { code } = await program.ended;
  const said = program.stderr.split('\n').filter((line) => !line.startsWith('serving-worker: warning: '));
  return { code, stdout: program.stdout, said: said.join('\n') };
}

/** Those with a place in a file, and those that do not come to a mistake. */
const checked = Object.entries(cases).filter(
  ([name, { error }]) => String(error).includes('servable_config') || Object.hasOwn(oddConfigurations, name),
);

test.concurrent.each(checked)('serving-worker check says the same of %s', async (name, { error, args }) => {
  const { code, stdout, said } = await check(directories[name]!, args);
  expect({ code, stdout }).toEqual({ code: LOAD_FAILED, stdout: '' });
  const text = said.trimEnd().replace(/^serving-worker: /, '');
  if (typeof error === 'string') expect(text).toBe(error);
  else expect(text).toMatch(error);
});

describe('a configuration that cannot read a file: it is named by its whole path', () => {
  const reading = (expression: string) =>
    functionServable(`import { readFileSync } from 'node:fs';\nconst text = ${expression};`);
  const missing = "Error: ENOENT: no such file or directory, open 'labels.txt'";
  const odd: Record<string, { files?: FolderContents; link?: string; error: (path: string) => string }> = {
    'a path that is relative': {
      files: reading("readFileSync('labels.txt', 'utf8')"),
      error: (path) =>
        `s/servable_config.ts:3: ${missing}; the configuration is ${path}; the path is relative to ${process.cwd()}; for a file beside the configuration, give new URL('./labels.txt', import.meta.url)`,
    },
    'by readLabels, in a module beside it': {
      files: {
        'servable_config.ts': `import './labels.js';`,
        'labels.ts': configuration(
          `import { readLabels } from '@serving/worker';\n\nreadLabels('labels.txt');`,
        ),
      },
      error: (path) => `s/labels.ts:4: ${missing}; the configuration is ${path}; the path is relative to`,
    },
    'a file beside it that is not there': {
      files: reading("readFileSync(new URL('./labels.txt', import.meta.url))"),
      error: (path) =>
        `s/servable_config.ts:3: ${missing.replace('labels.txt', path.replace('servable_config.ts', 'labels.txt'))}; the configuration is ${path}\n`,
    },
    'itself, as it is a folder': {
      files: { 'servable_config.ts/': '' },
      error: (path) =>
        `s/servable_config.ts: Error: EISDIR: illegal operation on a directory, read; the configuration is ${path}\n`,
    },
    'itself, as it is a link that leads nowhere': {
      link: 'nowhere.ts',
      error: (path) =>
        `s/servable_config.ts: Error: ENOENT: no such file or directory, open '${path}'; the configuration is ${path}\n`,
    },
  };

  test.each(Object.entries(odd))('%s', async (_, { files = {}, link, error }) => {
    const directory = servables({ s: { '1/': '', ...files } });
    const path = join(directory, 's/servable_config.ts');
    if (link !== undefined) symlinkSync(link, path);
    const ended = await runMaster(['--grpc', '0', '--servable', 's', '--directory', directory]);
    expect(`${ended.complaint}\n`).toContain(error(path));
    const checkedAs = await check(directory);
    expect(checkedAs.said).toContain(error(path));
    expect([ended.code, checkedAs.code]).toEqual([LOAD_FAILED, LOAD_FAILED]);
  });
});

test('a model behind a link that leads out of the servable: exit code 3', async () => {
  const directory = servables({ s: { 'servable_config.ts': declared, '1/': '' } });
  writeFileSync(join(directory, 'add.onnx'), model);
  symlinkSync('../../add.onnx', join(directory, 's/1/add.onnx'));
  const { code, complaint } = await runMaster(['--grpc', '0', '--servable', 's', '--directory', directory]);
  expect(complaint).toBe(
    "s/servable_config.ts:3: model file s/1/add.onnx lies outside the servable's folder",
  );
  expect(code).toBe(LOAD_FAILED);
});

test.each(['nowhere.onnx', 'add.onnx'])('a model behind a link to %s: exit code 3', async (target) => {
  const directory = servables({ s: { 'servable_config.ts': declared, '1/': '' } });
  symlinkSync(target, join(directory, 's/1/add.onnx'));
  const { code, complaint } = await runMaster(['--grpc', '0', '--servable', 's', '--directory', directory]);
  expect(complaint).toBe(
    's/servable_config.ts:3: model file s/1/add.onnx not exist: it is a link that leads nowhere',
  );
  expect(code).toBe(LOAD_FAILED);
});

test('a servable or directory that is not there: exit code 3, with those that are', async () => {
  const directory = servables({ a: echo, b: { '1/x.onnx': identityModel([1]) } });
  const unknown = await runMaster(['--grpc', '0', '--servable', 'c', '--directory', directory]);
  expect(unknown).toMatchObject({ code: LOAD_FAILED, stdout: '' });
  expect(unknown.complaint).toMatch(
    /^Check servable config failed, directory '.*c' not exist; no servable 'c' in \S+ \(--directory \S+\), which holds: a, b; name the folder that holds c\/ with --directory$/,
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
