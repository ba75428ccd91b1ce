/** The server of each README's quick start, and what is asked of it there. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PageRunner } from './page-runner.js';

describe.each(['README.md', 'README.zh.md'])('%s', (file) => {
  const page = readFileSync(file, 'utf8');
  const commands = [...page.matchAll(/```sh\n(.*)\n```(?:\n\n```text\n([\s\S]*?)\n```)?/g)].map(
    ([, command, shown]) => ({ command: command!, shown }),
  );
  const server = commands.find(({ command }) => /^npx serving-master .*--servable/.test(command))!;
  const requests = commands.filter(({ command }) => /^(curl|npx serving-client infer) /.test(command));
  let runner: PageRunner;

  beforeAll(async () => {
    runner = new PageRunner('readme');
    for (const port of ['5500', '1500']) await runner.renewPort(port);
    await runner.startServer(server.command, 'RESTful server start success');
  }, 120_000);

  afterAll(() => runner.end());

  test('asks by the client and by curl', () => {
    expect(requests.map(({ command }) => command.split(' ', 1)[0])).toEqual(['npx', 'curl']);
    expect(requests).toHaveLength([...page.matchAll(/^(curl|npx serving-client infer) /gm)].length);
  });

  test.each(requests)('$command', ({ command, shown }) => {
    expect(runner.run(command).trimEnd()).toBe(shown);
  });
});
