/** The example as its README has it, and the methods against what the model writes in Python. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf } from '@serving/client';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

const expected = JSON.parse(readFileSync('examples/text-generation/expected.json', 'utf8')) as Record<
  string,
  string
>;
const prompts = Object.keys(expected);

const example = new Example('text-generation');
let server: Master;

beforeAll(async () => {
  server = await example.start();
});

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test.each(['generate', 'generate_together'])('%s writes what the model writes in Python', async (method) => {
  const client = server.client('verses', method);
  const results = await client.infer(prompts.map((prompt) => ({ prompt, max_length: 300n })));
  expect(results.map((result) => outputsOf(result)['text'])).toEqual(Object.values(expected));
});

test.each(['generate', 'generate_together'])(
  '%s stops at max_length, each text at its own',
  async (method) => {
    const client = server.client('verses', method);
    const lengths = [1, 5, 20];
    const results = await client.infer(
      lengths.map((length) => ({ prompt: 'Five grey', max_length: BigInt(length) })),
    );
    expect(results.map((result) => outputsOf(result)['text'])).toEqual(
      lengths.map((length) => expected['Five grey']!.slice(0, length)),
    );
  },
);

test.each([
  { prompt: 'route 66', max_length: 5n, problem: "expected letters that the verses have, given '6'" },
  { prompt: '', max_length: 5n, problem: 'expected a prompt of at least one letter, given none' },
  { prompt: 'K', max_length: 0n, problem: 'expected a max_length from 1 to 1000, given 0' },
])("'$prompt' with max_length $max_length is an error of its own", async ({ problem, ...instance }) => {
  const client = server.client('verses', 'generate_together');
  const [refused, written] = await client.infer([instance, { prompt: 'K', max_length: 4n }]);
  expect(refused).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining(problem) as unknown },
  });
  expect(outputsOf(written!)['text']).toBe('ites');
});
