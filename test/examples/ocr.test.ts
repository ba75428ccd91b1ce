/** The example as its README has it, and pictures with more and with less text than its sample. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, type Client, type Tensor } from '@serving/client';
import sharp from 'sharp';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

const sample = readFileSync('examples/ocr/text.png');
const text = 'Distributed serving\nInvoice No. 2024-0815\nTotal: 42.50 EUR';

const example = new Example('ocr');
let server: Master;
let client: Client;

beforeAll(async () => {
  server = await example.start();
  client = server.client('ocr', 'read');
});

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test('without its models it says how they are copied', async () => {
  expect(await example.checkUnprepared('ocr')).toMatch(
    /ocr\/recognition\.ts:\d+: Error: the models have not been copied yet; npx jiti examples\/ocr\/prepare\.ts does it/,
  );
});

test('every line has its box in the picture', async () => {
  const [result] = await client.infer({ image: sample });
  const { boxes, scores } = outputsOf(result) as { boxes: Tensor; scores: Tensor };
  expect(scores.shape).toEqual([3]);
  // Where PaddleOCR's models find them without a server.
  const expected = [
    [29, 36, 342, 45],
    [30, 106, 303, 29],
    [31, 166, 250, 31],
  ].flat();
  expect(boxes.shape).toEqual([3, 4]);
  for (const [index, value] of expected.entries())
    expect(Math.abs(Number(boxes.data[index]) - value)).toBeLessThanOrEqual(2);
});

test('pictures of several sizes, one without text, are read in one request', async () => {
  const paper = { r: 250, g: 248, b: 240 };
  const wide = await sharp(sample).extend({ right: 200, background: paper }).png().toBuffer();
  const empty = await sharp({ create: { width: 200, height: 100, channels: 3, background: paper } })
    .png()
    .toBuffer();
  const results = await client.infer([sample, wide, empty].map((image) => ({ image })));
  expect(results.map((result) => outputsOf(result)['text'])).toEqual([text, text, '']);
});
