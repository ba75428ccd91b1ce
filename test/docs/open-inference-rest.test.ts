/** Runs every command of docs/open-inference.md about HTTP, and asks for every path that docs/openapi.yaml names. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { exchange } from '../support/http-exchange.js';
import { startMaster } from '../support/processes.js';
import { PageRunner } from './page-runner.js';

const page = readFileSync('docs/open-inference.md', 'utf8');
const about = page.slice(page.indexOf('## Over HTTP'), page.indexOf('## Health and reflection'));
const blocks = [...about.matchAll(/```sh( background)?\n([\s\S]*?)```/g)].map(([, background, command]) => ({
  isBackground: background !== undefined,
  command: command!.trim(),
}));

let runner: PageRunner;
let address: string;
beforeAll(async () => {
  const master = await startMaster(
    '--servable add --directory examples/add --executors 1 --rest 127.0.0.1:0 --rest-status-codes'.split(' '),
  );
  address = master.rest;
  runner = new PageRunner('open-inference');
  for (const port of ['5500', '1500']) await runner.renewPort(port);
});
afterAll(() => runner.end());

test('every command runs and answers as the page says', async () => {
  const printed: string[] = [];
  for (const { isBackground, command } of blocks) {
    if (isBackground) await runner.startServer(command, 'Serving RESTful server start success');
    else printed.push(runner.run(command));
  }
  const [first, second, third] = printed;
  const answer = /```json\n([\s\S]*?)```/.exec(about)![1]!;
  expect(JSON.parse(first!.slice(first!.indexOf('{"model_name"')))).toEqual(JSON.parse(answer));
  expect(first).toContain('"platform":"onnxruntime_onnx"');
  expect(JSON.parse(second!)).toMatchObject({ outputs: [{ data: [2, 2, 2, 2] }] });
  expect(third).toContain("Request for unknown model: 'nothing' is not found");
  expect(third).toContain('expected 2 inputs but got 0 inputs');
  expect(printed).toHaveLength(3);
}, 120_000);

interface Operation {
  readonly responses: Readonly<Record<string, unknown>>;
}
const openapi = parse(readFileSync('docs/openapi.yaml', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const example = {
  model: 'add.add_common',
  version: '1',
  repository: 'r',
  region: 'r',
  servable: 'add',
  method: 'add_common',
  below: 'l',
};
const operations = Object.entries(openapi.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs)
    .filter(([verb]) => verb === 'get' || verb === 'post')
    .map(([verb, { responses }]) => ({ verb: verb.toUpperCase(), path, statuses: Object.keys(responses) })),
);

test.each(operations)('$verb $path answers with a status that openapi.yaml has', async (operation) => {
  const { verb, path, statuses } = operation;
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof example) => example[name]);
  const { status } = await exchange(address, verb, url);
  expect(statuses).toContain(String(status));
  // Every path is there: other verbs are refused, not unknown.
  const other = await exchange(address, 'PUT', url);
  expect(other.status).toBe(405);
});
