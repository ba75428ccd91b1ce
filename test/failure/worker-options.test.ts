/** serving-worker with options that make no sense: exit code 2, at once, with the option named. */
import { expect, test } from '@jest/globals';
import { launchWorker } from '../support/processes.js';

test.each([
  [['--master', '99999'], /^serving-worker: --master: address '99999': the port is out of range/],
  [['--master', 'localhost'], /^serving-worker: --master: address 'localhost': the port is missing/],
  [
    ['--master', 'http://localhost:6500'],
    /^serving-worker: --master: address 'http:.*: the host is not valid/,
  ],
  [
    ['--master', '0'],
    /^serving-worker: --master: expected addresses with a port from 1 to 65535, given '0'$/,
  ],
  [
    ['--servable', 'examples/add/add'],
    /^serving-worker: --servable: expected the name of a servable.*: add, with --directory examples\/add$/,
  ],
  [
    ['--servable', 'add,add-batch'],
    /^serving-worker: --servable: expected one name \(a worker serves one servable; .*\), given 'add,add-batch'$/,
  ],
  [
    ['check'],
    /^serving-worker: missing required argument 'servable'\nserving-worker: \(serving-worker check --help/,
  ],
  [['chekc', 's', '--nonsense'], /^serving-worker: unknown command 'chekc'; did you mean 'check'\?$/],
  [
    ['add'],
    /^serving-worker: unknown command 'add'; expected check, tune, encrypt, health, or options such as --servable add$/,
  ],
  [['--cores', '1', 'check'], /^serving-worker: expected options, given 'check' beside them$/],
  [['check', 's', 't'], /^serving-worker: expected <servable> and options, given 't' beside them$/],
])('%j', async (args, complaint) => {
  const worker = launchWorker(args[0]!.startsWith('-') ? ['--servable', 's', ...args] : args);
  expect(await worker.ended).toEqual({ code: 2, signal: null });
  expect(worker.stderr).toMatch(new RegExp(complaint.source, 'm'));
});

test('--version without a number prints the release', async () => {
  const worker = launchWorker(['--version']);
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expect(worker.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
