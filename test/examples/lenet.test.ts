/** The example as its README has it, and how many digits are read rightly through the server. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, type Tensor } from '@serving/client';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

const example = new Example('lenet');
let server: Master;

beforeAll(async () => {
  server = await example.start();
});

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test('the figure that the README states is 97 % or more', () => {
  const shown = example.commands.map(({ output }) => /^(\d+) of 500 held-out/.exec(output!)?.[1]);
  expect(Number(shown.find(Boolean)) / 500).toBeGreaterThanOrEqual(0.97);
});

test('bytes that are no picture cost their own instance an error', async () => {
  const client = server.client('lenet', 'predict');
  const image = readFileSync('examples/lenet/digits/7-0.png');
  const [broken, whole] = await client.infer([{ image: image.subarray(0, 20) }, { image }]);
  expect(broken).toMatchObject({ ok: false, error: { code: 'INVALID_INPUTS' } });
  expect((outputsOf(whole!)['label'] as Tensor).toNested()).toBe(7n);
});
