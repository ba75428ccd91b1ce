/** The example as its README has it: the lightweight script, the tutorial's client against it, the written models. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { models } from '../../examples/add/export-model.ts';
import { eventually } from '../support/eventually.js';
import { Example, run } from '../support/example.js';
import { Program } from '../support/processes.js';

const jiti = { nodeArguments: ['--import', 'jiti/register'] };

test('the models in the repository are what the export script writes', () => {
  for (const [file, bytes] of Object.entries(models)) {
    expect({ file, same: readFileSync(`examples/add/${file}`).equals(bytes) }).toEqual({ file, same: true });
  }
});

test('the client prints what the README shows, from a server started by the lightweight script', async () => {
  const server = new Program('examples/add/lightweight.ts', ['127.0.0.1:0'], jiti);
  const line = await eventually('the server is ready', () => /listening on (\S+)/.exec(server.stdout));
  const client = new Program('examples/add/client.ts', [line[1]!], jiti);
  expect(await client.ended).toEqual({ code: 0, signal: null });
  const shown = /the client prints\n\n```text\n([\s\S]*?)```/.exec(
    readFileSync('examples/add/README.md', 'utf8'),
  );
  expect(client.stdout).toBe(shown?.[1]);
  expect(await server.stop('SIGINT')).toEqual({ code: 0, signal: null });
});

const example = new Example('add');
test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, await example.start())).toBe(output);
});

test('the client says in one line that the server is not there', async () => {
  const client = new Program('examples/add/client.ts', ['127.0.0.1:1'], jiti);
  expect(await client.ended).toEqual({ code: 1, signal: null });
  expect([client.stdout, client.stderr]).toEqual([
    '',
    '127.0.0.1:1 is unavailable: connect ECONNREFUSED 127.0.0.1:1\n',
  ]);
});
