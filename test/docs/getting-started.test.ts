/** Runs every command block of docs/getting-started.md. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PageRunner } from './page-runner.js';

const page = readFileSync('docs/getting-started.md', 'utf8');
const blocks = [...page.matchAll(/```sh( background)?\n([\s\S]*?)```/g)].map(([, background, command]) => ({
  isBackground: background !== undefined,
  command: command!.trim(),
}));
let runner: PageRunner;

beforeAll(async () => {
  runner = new PageRunner('getting-started');
  for (const port of ['1500', '5500', '5501', '5502']) await runner.renewPort(port);
});

afterAll(() => runner.end());

test('every command block runs', async () => {
  const printed: string[] = [];
  for (const { isBackground, command } of blocks) {
    if (isBackground) await runner.startServer(command);
    else printed.push(runner.run(command));
  }
  const all = printed.join('\n');
  expect(all).toContain('{"add_common":[2,4,6],"add_cast":[2],"ok":true}');
  expect(all).toContain('[[0.75, 0.75], [0.75, 0.75]]');
  expect(all).toContain('Tensor float32 [2,2] [[6,6],[6,6]]');
  expect(blocks.length).toBeGreaterThan(5);
}, 120_000);

test('what the page shows of a result is what comes', () => {
  const shown = /```text\n(INSTANCE[\s\S]*?)```/.exec(page)![1]!;
  expect(
    runner.run('npx serving-client infer localhost:5500 add add_common --input examples/add/request.json'),
  ).toBe(shown);
});
