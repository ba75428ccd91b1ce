/** The example as its README has it, and the written models. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf } from '@serving/client';
import { models } from '../../examples/add-sub/export-models.ts';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

const example = new Example('add-sub');
let server: Master;

beforeAll(async () => {
  server = await example.start();
});

test.each(Object.entries(models))('%s in the repository is what the export script writes', (file, bytes) => {
  expect(readFileSync(`examples/add-sub/${file}`).equals(bytes)).toBe(true);
});

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test('each of many instances gets its own answer', async () => {
  const filled = (value: number) => [
    [value, value],
    [value, value],
  ];
  const values = Array.from({ length: 100 }, (_, index) => index);
  const instances = values.map((value) => ({ x1: filled(value), x2: filled(2 * value), x3: filled(1) }));
  const results = await server.client('add-sub', 'add_sub').infer(instances);
  expect(results.map((result) => outputsOf(result)['y'])).toMatchObject(
    values.map((value) => ({ dtype: 'float32', data: new Float32Array(4).fill(3 * value - 1) })),
  );
});
