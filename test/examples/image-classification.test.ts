/** The example as its README has it, and the methods against what the model says in Python. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, type Tensor } from '@serving/client';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

const folder = 'examples/image-classification';
const labels = readFileSync(`${folder}/garments/labels.txt`, 'utf8').trim().split('\n');
const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as Record<
  string,
  { readonly top: string; readonly logits: readonly number[] }
>;
const files = Object.keys(expected);
const instances = files.map((file) => ({ image: readFileSync(`${folder}/samples/${file}`) }));

const example = new Example('image-classification');
let server: Master;

beforeAll(async () => {
  server = await example.start();
});

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test.each(['classify_top1', 'classify_top1_batch', 'classify_top1_call'])(
  '%s gives the label of the greatest logit',
  async (method) => {
    const results = await server.client('garments', method).infer(instances);
    expect(results.map((result) => outputsOf(result)['label'])).toEqual(
      files.map((file) => expected[file]!.top),
    );
  },
);

test('the scores are those of logits that differ by 0.05 at most', async () => {
  const results = await server.client('garments', 'classify_top5').infer(instances);
  for (const [index, result] of results.entries()) {
    const { labels: best, scores } = outputsOf(result) as { labels: string; scores: Tensor };
    const logits = best.split(';').map((label) => expected[files[index]!]!.logits[labels.indexOf(label)]!);
    expect(logits).toHaveLength(5);
    // A softmax keeps the differences of the logits, as ratios.
    for (const [rank, logit] of logits.entries()) {
      const difference = Math.log(Number(scores.data[rank]) / Number(scores.data[0]));
      expect(Math.abs(difference - (logit - logits[0]!))).toBeLessThan(0.1);
    }
  }
});

test('in a batch, bytes that are no picture cost their own instance an error', async () => {
  const client = server.client('garments', 'classify_top1_batch');
  const [first, broken, last] = await client.infer([
    instances[0]!,
    { image: Buffer.from('text') },
    instances[2]!,
  ]);
  expect(outputsOf(first!)['label']).toBe('t-shirt');
  expect(broken).toMatchObject({ ok: false, error: { code: 'INVALID_INPUTS' } });
  expect(outputsOf(last!)['label']).toBe('trouser');
});
