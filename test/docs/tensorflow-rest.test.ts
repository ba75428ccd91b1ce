/** docs/tensorflow-rest.md: its commands print what it shows. docs/compatibility.md: what it says of each path and key is so. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { startMaster } from '../support/processes.js';

const run = promisify(execFile);
const page = readFileSync('docs/tensorflow-rest.md', 'utf8');
const serverCommand = /^npx serving-master --rest 8501 (.+)$/m;
const commands = [...page.matchAll(/```sh\n(curl [^`]*)```(?:\n\n```text\n([^`]*)```)?/g)].map(
  ([, command, output]) => ({ command: command!.trim(), output }),
);

let rest: string;
beforeAll(async () => {
  const options = serverCommand.exec(page)![1]!;
  rest = (await startMaster(['--rest', '0', ...options.split(' ')])).rest;
});

test('the page has commands, and shows what they print', () => {
  expect(commands.length).toBeGreaterThan(6);
  expect(commands.filter(({ output }) => output !== undefined).length).toBeGreaterThan(5);
});

test.each(commands)('$command', async ({ command, output }) => {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command.replace('localhost:8501', rest)]);
  if (output === undefined) expect(JSON.parse(stdout)).toHaveProperty('metadata');
  else expect(stdout).toBe(output.trimEnd());
});

const compatibility = readFileSync('docs/compatibility.md', 'utf8');
const table = /<!-- tested tensorflow rest -->\n([^]*?)<!-- end -->/.exec(compatibility)![1]!;
const rows = table
  .split('\n')
  .slice(3)
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, what, said]) => ({ what: what!, said: said! }));

const x = [
  [1, 2],
  [3, 4],
];
const good = { instances: [{ x1: x, x2: x }] };
const at = (path: string) => `/v1/models/add-batch${path}`;

interface Request {
  readonly verb: string;
  readonly path: string;
  readonly body?: object;
}

/** Rows that name no path of their own. */
const requests: Readonly<Record<string, Request>> = {
  'any other path of `/v1`': { verb: 'GET', path: '/v1/nothing' },
  'another verb': { verb: 'PUT', path: at(':predict') },
  '`signature_name`': { verb: 'POST', path: at(':predict'), body: { ...good, signature_name: 'add_common' } },
  '`instances`': { verb: 'POST', path: at(':predict'), body: good },
  '`inputs`': { verb: 'POST', path: at(':predict'), body: { inputs: { x1: [x], x2: [x] } } },
  'other keys': { verb: 'POST', path: at(':predict'), body: { ...good, other: [{}] } },
};

function requestOf(what: string): Request {
  const path = /^`(GET|POST) (.+)`$/.exec(what);
  if (path === null) {
    const request = requests[what];
    if (request === undefined) throw new Error(`no request is known for the row ${what}`);
    return request;
  }
  const [, verb, template] = path;
  const filled = template!
    .replace('<model>', 'add-batch')
    .replace('<number>', '1')
    .replace('<label>', 'stable');
  return { verb: verb!, path: filled, ...(verb === 'POST' ? { body: good } : {}) };
}

async function statusOf({ verb, path, body }: Request): Promise<number> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return (await fetch(`http://${rest}${path}`, { method: verb, ...sent })).status;
}

test('the table is there', () => expect(rows.length).toBe(18));

test.each(rows.filter(({ what }) => what !== '`b64`'))(
  '$what is as the table says',
  async ({ what, said }) => {
    const refused = /^refused \((\d+)\)/.exec(said);
    if (refused === null) expect(said).toMatch(/^(supported|passed over)/);
    expect(await statusOf(requestOf(what))).toBe(refused === null ? 200 : Number(refused[1]));
  },
);

test('what the table says of names and bytes that are too many', async () => {
  const predict = (body: object) => statusOf({ verb: 'POST', path: at(':predict'), body });
  expect(await predict({ inputs: { x1: [x], x2: [x], x3: [x] } })).toBe(400);
  const reply = await fetch(`http://${rest}${at(':predict')}`, {
    method: 'POST',
    body: JSON.stringify({ inputs: { x1: [x], x2: { b64: 'AQ==' } } }),
  });
  // Read as bytes, which the model does not take.
  expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining('given bytes')]);
  expect(await predict({ inputs: { x1: [x], x2: ['a', { b64: 'AQ==' }] } })).toBe(400);
});
