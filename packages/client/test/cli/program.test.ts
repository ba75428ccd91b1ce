import { afterEach, expect, test } from '@jest/globals';
import { release } from '../../src/release.js';
import { startPredictServer, type PredictServer } from '../support/predict-server.js';
import { run } from '../support/run-program.js';
import { echo, wireError, wireFloats, wireInstance } from '../support/wire-values.js';

const servers: PredictServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.stop();
});

async function serve(answer: Parameters<typeof startPredictServer>[0]): Promise<PredictServer> {
  const server = await startPredictServer(answer);
  servers.push(server);
  return server;
}

const instances = '{"instances": [{"x": [[1.0, 2.0]]}, {"x": [[3.0, 4.0]]}]}';

test('prints a table and exits with 0', async () => {
  const { address, requests } = await serve(echo);
  const { exitCode, out, error } = await run(
    ['infer', address, 'add', 'add_common', '--version', '2'],
    instances,
  );
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
  expect(out).toBe(
    [
      'INSTANCE  OUTPUT  DTYPE    SHAPE  VALUE',
      '0         x       float32  [1,2]  [[1, 2]]',
      '1         x       float32  [1,2]  [[3, 4]]',
      '',
    ].join('\n'),
  );
  expect(requests[0]!.servableSpec).toEqual({ name: 'add', methodName: 'add_common', versionNumber: 2n });
});

test('prints JSON', async () => {
  const { address } = await serve(echo);
  const { out } = await run(['infer', address, 'add', 'm', '--json', '--input', '-'], instances);
  expect(out).toBe('{"instances":[{"x":[[1.0,2.0]]},{"x":[[3.0,4.0]]}]}\n');
});

test('exits with 1 when an instance failed, and still prints the others', async () => {
  const { address } = await serve(() => ({
    instances: [wireInstance([['y', wireFloats([], [1])]]), wireInstance([])],
    errorMsg: [wireError(0, ''), wireError(2, 'bad x')],
  }));
  const { exitCode, out, error } = await run(['infer', address, 'add', 'm', '--json'], instances);
  expect({ exitCode, out, error }).toEqual({
    exitCode: 1,
    out: '{"instances":[{"y":1.0},{"error_msg":"bad x"}]}\n',
    error: 'serving-client: 1 of 2 instances failed\n',
  });
});

test('exits with 1 and one line when nobody listens', async () => {
  expect(await run(['infer', '127.0.0.1:1', 'add', 'm'], instances)).toEqual({
    exitCode: 1,
    out: '',
    error:
      'serving-client: 127.0.0.1:1 is unavailable: connect ECONNREFUSED 127.0.0.1:1; ' +
      'check that the server is running and that this is the address of its gRPC port\n',
  });
});

test('exits with 1 when the deadline passes', async () => {
  const { address } = await serve(() => undefined);
  const { exitCode, error } = await run(['infer', address, 'add', 'm', '--deadline', '100ms'], instances);
  expect(exitCode).toBe(1);
  expect(error).toBe(
    `serving-client: ${address} did not answer within the deadline of 100 ms; give it longer with --deadline\n`,
  );
});

test.each([
  ['input that is no JSON', ['infer', 'h:1', 'add', 'm'], '{', /^serving-client: expected JSON: .+\n$/],
  [
    'an input of no use',
    ['infer', 'h:1', 'add', 'm'],
    '{"instances":{"x":null}}',
    /^serving-client: instances\.x: .+\n$/,
  ],
  ['an address of no use', ['infer', 'h', 'add', 'm'], instances, /^serving-client: address 'h': .+\n$/],
  ['a terminal', ['infer', 'h:1', 'add', 'm'], undefined, /^serving-client: no instances: .+\n$/],
  ['a missing file', ['infer', 'h:1', 'add', 'm', '-i', 'no-such.json'], '', /cannot read no-such\.json/],
  [
    'a version of no use',
    ['infer', 'h:1', 'add', 'm', '--version', '-1'],
    instances,
    /Expected a whole number/,
  ],
  [
    'a version too large',
    ['infer', 'h:1', 'add', 'm', '--version', '9'.repeat(20)],
    instances,
    /^serving-client: option '--version <n>' argument '9+' is invalid\. Expected a whole number, 0 for the newest/,
  ],
  [
    'a deadline without unit',
    ['infer', 'h:1', 'add', 'm', '--deadline', '5'],
    instances,
    /Expected a number with a unit/,
  ],
  [
    'a deadline of 0',
    ['infer', 'h:1', 'add', 'm', '--deadline', '0s'],
    instances,
    /^serving-client: option '--deadline <duration>' argument '0s' is invalid\. Expected a duration above 0/,
  ],
  [
    'a missing argument',
    ['infer', 'h:1', 'add'],
    instances,
    /^serving-client: missing required argument 'method'\n\(serving-client infer --help lists the options\)\n$/,
  ],
  [
    'an unknown option',
    ['infer', 'h:1', 'add', 'm', '--nope'],
    instances,
    /^serving-client: unknown option '--nope'\n\(serving-client infer --help lists the options\)\n$/,
  ],
  [
    'an unknown command',
    ['ask'],
    instances,
    /^serving-client: unknown command 'ask'\n\(serving-client --help/,
  ],
  ['no command', [], instances, /Usage: serving-client/],
])('exits with 2 for %s', async (_what, args, stdin, message) => {
  const { exitCode, out, error } = await run(args, stdin);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(error).toMatch(message);
  expect(error).not.toMatch(/^ {4}at /m);
});

test('prints its release with --version, which infer has another of', async () => {
  expect(await run(['--version'])).toEqual({ exitCode: 0, out: `${release}\n`, error: '' });
  expect(release).toMatch(/^\d+\.\d+\.\d+$/);
});

test('explains itself with --help', async () => {
  const general = await run(['--help']);
  expect(general).toMatchObject({ exitCode: 0, error: '' });
  expect(general.out).toMatch(/^ {2}infer .*\n(?: {3}.*\n)* {2}status /m);
  const { exitCode, out } = await run(['infer', '--help']);
  expect(exitCode).toBe(0);
  expect(out).toContain('serving-client infer localhost:5500 add add_common');
  expect(out).toContain('--deadline <duration>');
});
