/** Runs every command of docs/rest.md: what stands below it is what comes. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PageRunner } from './page-runner.js';

const page = readFileSync('docs/rest.md', 'utf8');
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)\n```)?/g)].map(
  ([, command, shown]) => ({ command: command!.trim(), shown }),
);
const servers = commands.filter(({ command }) => command.startsWith('npx serving-master'));
const requests = commands.filter(({ command }) => command.startsWith('curl'));
let runner: PageRunner;

beforeAll(async () => {
  runner = new PageRunner('rest');
  for (const port of ['5500', '5501', '1500', '1501']) await runner.renewPort(port);
  for (const { command } of servers) await runner.startServer(command, 'RESTful server start success');
}, 120_000);

afterAll(() => runner.end());

test('commands are servers and requests, and every line with curl is one of them', () => {
  expect(servers.length + requests.length).toBe(commands.length);
  expect(requests).toHaveLength([...page.matchAll(/^ *(?:\$ )?curl/gm)].length);
  expect(requests.length).toBeGreaterThan(4);
});

test.each(requests)('$command', ({ command, shown }) => {
  expect(shown).toBeDefined();
  expect(runner.run(command).trimEnd()).toBe(shown);
});
