/** The example as its README has it, and the written models. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { models } from '../../examples/matmul-subgraphs/export-models.ts';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

const example = new Example('matmul-subgraphs');
let server: Master;

beforeAll(async () => {
  server = await example.start();
});

test.each(Object.entries(models))('%s in the repository is what the export script writes', (file, bytes) => {
  expect(readFileSync(`examples/matmul-subgraphs/${file}`).equals(bytes)).toBe(true);
});

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test('both subgraphs are multiplied with', async () => {
  const [result] = await server.client('matmul', 'predict').infer({ x: [2, 3] });
  // [2 3] A = [14 19 24], and that times B = [14+24 19+24].
  expect(result).toMatchObject({
    ok: true,
    outputs: { h: { data: Float32Array.of(14, 19, 24) }, y: { data: Float32Array.of(38, 43) } },
  });
});

test('a vector that never gets there is refused after 100 rounds', async () => {
  const [result] = await server.client('matmul', 'grow').infer({ x: [0, 0], length: 1 });
  expect(result).toMatchObject({ ok: false, error: { code: 'SYSTEM_ERROR' } });
});
