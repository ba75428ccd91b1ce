/** JSON that is small on the wire and large once it is read: a master with little memory withstands it. */
import { beforeAll, expect, test } from '@jest/globals';
import { exchange } from '../support/http-exchange.js';
import { startMaster, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';

const directory = servables({
  echo: functionServable(`
registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((v) => v, [x]));
`),
});

let master: Master;
beforeAll(async () => {
  const options = [
    '--servable',
    'echo',
    '--directory',
    directory,
    '--executors',
    '1',
    '--rest',
    '127.0.0.1:0',
  ];
  master = await startMaster(options, { nodeArguments: ['--max-old-space-size=192'] });
});

const bodyBytes = 32 * 2 ** 20;
const filled = (begin: string, part: string, end: string) =>
  Buffer.from(begin + part.repeat(Math.floor((bodyBytes - begin.length - end.length) / part.length)) + end);

function manyKeys(): string {
  return `{${Array.from({ length: 3_000_000 }, (_, i) => `"${i.toString(36)}":0`).join(',')}}`;
}
const keysInMember = () => Buffer.from(`{"more":${manyKeys()}}`);

const mindspore = '/model/echo:echo';
const inference = '/v2/models/echo/infer';
const tensorflow = '/v1/models/echo:predict';

test.each([
  ['escapes', mindspore, () => filled('{"more":"', '\\n', '"}')],
  ['escapes', inference, () => filled('{"more":"', '\\n', '"}')],
  ['escapes', tensorflow, () => filled('{"more":"', '\\n', '"}')],
  ['keys that nobody asks for', inference, keysInMember],
  ['keys that nobody asks for', tensorflow, keysInMember],
  ['strings', mindspore, () => filled('{"instances":{"x":[', '"ab",', '""]}}')],
  ['integers of 64 bits', mindspore, () => filled('{"instances":{"x":[', '9007199254740993,', '1]}}')],
  ['settings', '/v2/logging', () => Buffer.from(manyKeys())],
])('%s, %s', async (_what, path, body) => {
  await exchange(master.rest, 'POST', path, { body: body() });
  const { status, body: answer } = await exchange(master.rest, 'POST', mindspore, {
    body: Buffer.from('{"instances":{"x":1}}'),
  });
  expect([status, answer.toString()]).toEqual([200, '{"instances":[{"y":1}]}']);
  expect(master.outcome).toBeUndefined();
});
