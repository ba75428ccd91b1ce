/** docs/tensorflow-rest.md: its commands print what it shows. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { startMaster } from '../support/processes.js';

const run = promisify(execFile);
const page = readFileSync('docs/tensorflow-rest.md', 'utf8');
const serverCommand = /^npx serving-master --rest 1500 (.+)$/m;
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
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command.replace('localhost:1500', rest)]);
  if (output === undefined) expect(JSON.parse(stdout)).toHaveProperty('metadata');
  else expect(stdout).toBe(output.trimEnd());
});
