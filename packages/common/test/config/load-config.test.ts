import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addOptions, fallbackText, loadConfig } from '../../src/config/load-config.js';
import {
  automaticInteger,
  choice,
  duration,
  integer,
  optionalAddress,
  text,
  toggle,
} from '../../src/config/option.js';
import { servableNames } from '../../src/config/servable-name.js';
import type { ServingError } from '../../src/errors/serving-error.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

const table = {
  grpc: optionalAddress('where to listen'),
  directory: text('where the servables are', 'path', '.'),
  servable: servableNames('what to serve', 'names', 'none'),
  maxMessageMb: integer('largest message', 'n', 100, [1, 512]),
  executors: automaticInteger('threads', 'one per core', 64),
  grace: duration('time to stop', '30s'),
  logLevel: choice('least level', ['info', 'warn'], 'info'),
} as const;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-config-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function yaml(contents: string): string {
  const path = join(folder, `${Math.random()}.yaml`);
  writeFileSync(path, contents);
  return path;
}

function load(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return loadConfig(new Command('test'), table, { argv, env });
}

/** The lines of the problems that loading reports. */
function problems(argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] {
  try {
    load(argv, env);
  } catch (error) {
    expect(error).toEqual(servingError('CONFIG_INVALID'));
    return (error as ServingError).message.split('\n');
  }
  return [];
}

test('without anything given every option has its default', () => {
  expect(load([])).toEqual({
    grpc: undefined,
    directory: '.',
    servable: [],
    maxMessageMb: 100,
    executors: undefined,
    grace: 30_000,
    logLevel: 'info',
  });
});

test('a flag wins over the environment, that over the file, and that over the default', () => {
  const config = yaml('maxMessageMb: 1\ndirectory: from-file\nlogLevel: warn\n');
  const env = { SERVING_MAX_MESSAGE_MB: '2', SERVING_DIRECTORY: 'from-environment' };
  expect(load(['--config', config, '--max-message-mb', '3'], env)).toMatchObject({
    maxMessageMb: 3,
    directory: 'from-environment',
    logLevel: 'warn',
    grace: 30_000,
  });
});

test('what a flag overrides need not make sense', () => {
  expect(load(['--grace', '1s'], { SERVING_GRACE: 'nonsense' }).grace).toBe(1000);
});

test('the file may be named by the environment, and a flag names another one', () => {
  const env = { SERVING_CONFIG: yaml('directory: one') };
  expect(load([], env).directory).toBe('one');
  expect(load(['--config', yaml('directory: two')], env).directory).toBe('two');
});

test('a file keeps what was written: names that look like numbers, lists, nothing', () => {
  const config = yaml(
    'directory: 007\nservable: [1.10, on]\ngrpc: 5500\nexecutors: ~\ngrace:\nlogLevel: "warn"\n',
  );
  expect(load(['--config', config])).toMatchObject({
    directory: '007',
    servable: ['1.10', 'on'],
    grpc: '5500',
    executors: undefined,
    grace: 30_000,
    logLevel: 'warn',
  });
});

test('an empty file gives nothing', () => {
  expect(load(['--config', yaml('')])).toEqual(load([]));
  expect(load(['--config', yaml('# only a comment\n')])).toEqual(load([]));
});

test('a list may be given as text, too', () => {
  expect(load(['--config', yaml('servable: a, b')]).servable).toEqual(['a', 'b']);
  expect(load(['--servable', 'a,b']).servable).toEqual(['a', 'b']);
});

test('all problems are reported together, each with where it was given, what was expected and what was given', () => {
  const config = yaml('grace: soon\nlogLevel: loud\nmaxMesageMb: 5\n');
  expect(problems(['--config', config, '--grpc', 'host:70000'], { SERVING_EXECUTORS: '0' })).toEqual([
    expect.stringMatching(/unknown option 'maxMesageMb'; expected one of grpc, directory,/),
    expect.stringMatching(/^--grpc: address 'host:70000': the port is out of range \[0 ~ 65535\]; expected/),
    "SERVING_EXECUTORS: expected a whole number from 1 to 64, given '0'",
    expect.stringMatching(/^grace in the configuration file: expected a number with a unit.*, given 'soon'$/),
    "logLevel in the configuration file: expected one of info, warn, given 'loud'",
  ]);
});

test('unknown keys of a file are refused, also those that every object has', () => {
  const config = yaml('__proto__: 1\nconstructor: 2\nmaxMessageMB: 3\nmax-message-mb: 4\n5: 6\n');
  const found = problems(['--config', config]).map((line) => /unknown option '(.*?)'/.exec(line)?.[1]);
  expect(new Set(found)).toEqual(
    new Set(['__proto__', 'constructor', 'maxMessageMB', 'max-message-mb', '5']),
  );
});

test('a file value that is a map is refused, also inside a list', () => {
  expect(problems(['--config', yaml('directory: { path: x }\n')])).toEqual([
    expect.stringMatching(/^directory in .*: expected a value or a list of values/),
  ]);
  expect(problems(['--config', yaml('servable: [a, { b: c }]\n')])).toHaveLength(1);
  expect(problems(['--config', yaml('servable: [a, [b]]\n')])).toHaveLength(1);
  expect(problems(['--config', yaml('servable: [a, ~]\n')])).toHaveLength(1);
});

test('a file that is missing, is no YAML or no map is one problem beside the others', () => {
  const files = [
    join(folder, 'missing.yaml'),
    yaml('a: [1'),
    yaml('- grpc'),
    yaml('just text'),
    yaml('a: 1\na: 2'),
  ];
  for (const file of files) {
    const lines = problems(['--config', file], { SERVING_GRACE: '5' });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(file);
    expect(lines[1]).toMatch(/^SERVING_GRACE: /);
  }
});

test('a flag that does not exist or has no value is reported with the other problems', () => {
  const env = { SERVING_GRACE: '5' };
  expect(problems(['--grcp', '5500', '--log-level', 'warn'], env)).toEqual([
    expect.stringMatching(/^unknown option '--grcp'/),
    expect.stringMatching(/--grpc/),
    expect.stringMatching(/^SERVING_GRACE: /),
  ]);
  expect(problems(['--log-level', 'warn', '--grpc'], env)).toEqual([
    expect.stringMatching(/^option '--grpc <address>' argument missing/),
    expect.stringMatching(/^SERVING_GRACE: /),
  ]);
  expect(problems(['5500'])).toEqual(["expected options, given '5500' beside them"]);
});

test('what a command prints after an error follows the problems', () => {
  const command = new Command('test').showHelpAfterError('(test --help lists the options)');
  const source = { argv: ['--nonsense'], env: { SERVING_GRACE: '5' } };
  expect(() => loadConfig(command, table, source)).toThrow(
    servingError(
      'CONFIG_INVALID',
      /^unknown option '--nonsense'\nSERVING_GRACE: .*\n\(test --help lists the options\)$/,
    ),
  );
});

test('asking for help prints it and ends the process with 0, whatever else is wrong', () => {
  const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const printed: string[] = [];
  const command = new Command('test').configureOutput({ writeOut: (part) => void printed.push(part) });
  expect(() => loadConfig(command, table, { argv: ['--help'], env: { SERVING_GRACE: '5' } })).toThrow(
    'exit 0',
  );
  expect(printed.join('')).toMatch(/--max-message-mb <n>/);
  exit.mockRestore();
});

test('a value may begin with a dash', () => {
  expect(load(['--directory', '-x']).directory).toBe('-x');
  expect(load(['--directory=--y']).directory).toBe('--y');
});

test('the configuration cannot be changed', () => {
  const config: { directory: string } = load([]);
  expect(() => (config.directory = 'elsewhere')).toThrow(TypeError);
});

test('the help shows for every option its flag, default and environment variable', () => {
  const help = addOptions(
    new Command('test').configureOutput({ getOutHelpWidth: () => 500 }),
    table,
  ).helpInformation();
  expect(help).toMatch(
    /--max-message-mb <n> +largest message \(default: 100\) \[env: SERVING_MAX_MESSAGE_MB\]/,
  );
  expect(help).toMatch(/--grpc <address> +where to listen \(default: off\) \[env: SERVING_GRPC\]/);
  expect(help).toMatch(/--executors <n> +threads \(default: one per core\)/);
  expect(help).toMatch(/--config <file> +.*\[env: SERVING_CONFIG\]/);
  expect(fallbackText(table.grace)).toBe('30s');
  expect(fallbackText(table.directory)).toBe('.');
});

/** The warnings that loading gives for these variables. */
function warnings(env: Readonly<Record<string, string>>): string[] {
  const lines: string[] = [];
  loadConfig(new Command('test'), table, { argv: [], env, warn: (line) => void lines.push(line) });
  return lines;
}

test('a variable that no option knows is warned of, with the one that was meant', () => {
  expect(
    warnings({
      SERVING_GRCP: '1',
      SERVING_MAX_MESSAGE_MBS: '2',
      SERVING_DIR: '3',
      SERVING_DEVICE: '0',
      SERVING_GRACE: '1s',
      OTHER: '4',
    }),
  ).toEqual([
    'test: warning: SERVING_GRCP is no variable of test; did you mean SERVING_GRPC?',
    'test: warning: SERVING_MAX_MESSAGE_MBS is no variable of test; did you mean SERVING_MAX_MESSAGE_MB?',
    'test: warning: no variables of test: SERVING_DIR, SERVING_DEVICE',
  ]);
});

test('a variable that is set to nothing is not given', () => {
  const env = { SERVING_DIRECTORY: '', SERVING_GRACE: '', SERVING_CONFIG: '', SERVING_UNKNOWN: '' };
  expect(load([], env)).toEqual(load([]));
  expect(warnings(env)).toEqual([]);
  const config = yaml('directory: from-file');
  expect(load(['--config', config], env).directory).toBe('from-file');
});

test('a file that cannot be read or parsed is named as it was given, with what is wrong and where', () => {
  const [cutOff, twice] = [yaml('a: [1'), yaml('a: 1\na: 2')];
  expect(problems(['--config', 'no/such.yaml'])).toEqual([
    'configuration file no/such.yaml: there is no such file',
  ]);
  expect(problems([], { SERVING_CONFIG: folder })).toEqual([`configuration file ${folder}: it is a folder`]);
  expect(problems(['--config', cutOff])).toEqual([
    expect.stringMatching(/^configuration file .*\.yaml:1:6: is no YAML: Flow sequence .* end with a \]$/),
  ]);
  expect(problems(['--config', twice])).toEqual([
    `configuration file ${twice}:2:1: is no YAML: Map keys must be unique`,
  ]);
});

test('options of another program may stand in the same file, and are left to it', () => {
  const config = join(folder, 'shared.yaml');
  writeFileSync(config, 'grpc: 5500\ndevice: [0, 1]\nid: w\nothr: 1\n');
  const beside = { id: text('name', 'name', ''), device: integer('device', 'n', 0, [0, 9]) };
  const loadShared = (more: object) =>
    loadConfig(new Command('test'), table, { argv: ['--config', config], env: {}, ...more });
  expect(() => loadShared({ beside })).toThrow(
    servingError('CONFIG_INVALID', /^[^\n]*unknown option 'othr'; expected one of id, device, grpc[^\n]*$/),
  );
  writeFileSync(config, 'grpc: 5500\ndevice: [0, 1]\nid: w\n');
  expect(loadShared({ beside })).toMatchObject({ grpc: '5500' });
  expect(loadShared({ beside })).not.toHaveProperty('id');
  expect(() => loadShared({})).toThrow(servingError('CONFIG_INVALID', /unknown option 'device'/));
});

test('a switch is on by its flag alone, by a value, a variable or the file', () => {
  const switches = { ready: toggle('d'), grace: duration('time to stop', '30s') };
  const readyBy = (argv: readonly string[], env = {}) =>
    loadConfig(new Command('test'), switches, { argv, env }).ready;
  expect(readyBy([])).toBe(false);
  expect(readyBy(['--ready'])).toBe(true);
  expect(readyBy(['--ready', '--grace', '5s'])).toBe(true);
  expect(readyBy(['--ready', 'false'])).toBe(false);
  expect(readyBy(['--ready=true'])).toBe(true);
  expect(readyBy([], { SERVING_READY: 'true' })).toBe(true);
  expect(readyBy(['--ready', 'false'], { SERVING_READY: 'true' })).toBe(false);
  expect(readyBy(['--config', yaml('ready: true')])).toBe(true);
  expect(() => readyBy(['--ready', 'on'])).toThrow("--ready: expected true or false, given 'on'");
});
