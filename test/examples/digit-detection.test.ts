/** The example as its README has it, thresholds of every kind, and pictures of every size. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { outputsOf, type Client, type Tensor } from '@serving/client';
import sharp from 'sharp';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

type Corners = readonly [x1: number, y1: number, x2: number, y2: number];
type Detections = Readonly<Record<'boxes' | 'labels' | 'scores', Tensor>>;

const folder = 'examples/digit-detection';
const truth = JSON.parse(readFileSync(`${folder}/held-out.json`, 'utf8')) as Record<
  string,
  { readonly labels: readonly number[]; readonly boxes: readonly Corners[] }
>;
const held = (file: string) => readFileSync(`${folder}/held-out/${file}`);

const example = new Example('digit-detection');
let server: Master;
let client: Client;

beforeAll(async () => {
  server = await example.start();
  client = server.client('digits', 'detect');
});

const instance = (image: Uint8Array, score = 0.5, iou = 0.5) => ({
  image,
  score_threshold: score,
  iou_threshold: iou,
});

/** What was found, from left to right. */
function found(result: Parameters<typeof outputsOf>[0]) {
  const { boxes, labels } = outputsOf(result) as Detections;
  expect(boxes.shape).toEqual([labels.size, 4]);
  return (boxes.toNested() as Corners[])
    .map((box, index) => ({ label: Number(labels.data[index]), box }))
    .toSorted((a, b) => a.box[0] - b.box[0]);
}

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test('the AP50 that the README states is 90 % or more', () => {
  const shown = example.commands.map(({ output }) => /^AP50 ([\d.]+) %$/m.exec(output!)?.[1]);
  expect(Number(shown.find(Boolean))).toBeGreaterThanOrEqual(90);
});

describe('pictures', () => {
  test('two of different sizes share a request, and each has boxes of its own coordinates', async () => {
    const files = ['10.jpg', '28.jpg'];
    const results = await client.infer(files.map((file) => instance(held(file))));
    for (const [index, file] of files.entries()) {
      const { labels, boxes } = truth[file]!;
      const there = labels
        .map((label, at) => ({ label, box: boxes[at]! }))
        .toSorted((a, b) => a.box[0] - b.box[0]);
      const seen = found(results[index]!);
      expect(seen.map(({ label }) => label)).toEqual(there.map(({ label }) => label));
      for (const [at, { box }] of seen.entries())
        for (const [side, value] of box.entries())
          expect(Math.abs(value - there[at]!.box[side]!)).toBeLessThan(6);
    }
  });

  test('a large one that is no square has boxes in its own pixels', async () => {
    const large = await sharp(`${folder}/scene.jpg`).resize({ width: 3000, height: 1800 }).jpeg().toBuffer();
    const [small, wide] = await client.infer([
      instance(readFileSync(`${folder}/scene.jpg`)),
      instance(large),
    ]);
    const [expected, seen] = [found(small!), found(wide!)];
    expect(seen.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
    for (const [at, { box }] of seen.entries())
      for (const [side, value] of box.entries())
        expect(Math.abs(value / 7.5 - expected[at]!.box[side]!)).toBeLessThan(3);
  });

  test('no box leaves its picture', async () => {
    const [result] = await client.infer(instance(readFileSync(`${folder}/scene.jpg`), 0, 1));
    const { boxes } = outputsOf(result) as Detections;
    expect(boxes.shape).toEqual([256, 4]);
    const inside = (boxes.toNested() as Corners[]).every(
      ([x1, y1, x2, y2]) => x1 >= 0 && y1 >= 0 && x2 <= 400 && y2 <= 240,
    );
    expect(inside).toBe(true);
  });

  test('one without digits has no detections', async () => {
    const paper = { width: 300, height: 200, channels: 3, background: '#e8e4da' } as const;
    const empty = await sharp({ create: paper }).png().toBuffer();
    const [result] = await client.infer(instance(empty));
    const { boxes, labels, scores } = outputsOf(result) as Detections;
    expect([boxes, labels, scores].map(({ dtype, shape }) => [dtype, shape])).toEqual([
      ['float32', [0, 4]],
      ['int64', [0]],
      ['float32', [0]],
    ]);
  });

  test('bytes that are none cost their own instance an error', async () => {
    const image = readFileSync(`${folder}/scene.jpg`);
    const [broken, whole] = await client.infer([instance(image.subarray(0, 20)), instance(image)]);
    expect(broken).toMatchObject({ ok: false, error: { code: 'INVALID_INPUTS' } });
    expect(whole).toMatchObject({ ok: true });
  });
});

describe('thresholds', () => {
  const scene = readFileSync(`${folder}/scene.jpg`);

  test('are those of each instance, in one request', async () => {
    const given = [0.01, 0.5, 0.9].flatMap((score) => [0.3, 1].map((iou) => ({ score, iou })));
    const results = await client.infer(given.map(({ score, iou }) => instance(scene, score, iou)));
    const single = await Promise.all(
      given.map(async ({ score, iou }) => (await client.infer(instance(scene, score, iou)))[0]),
    );
    expect(results.map(found)).toEqual(single.map(found));
    for (const [index, result] of results.entries()) {
      const { scores } = outputsOf(result) as Detections;
      expect(Math.min(...scores.dataAs('float32'))).toBeGreaterThanOrEqual(given[index]!.score);
    }
    const counts = results.map((result) => found(result).length);
    expect(counts[1]).toBeGreaterThan(counts[0]!);
    expect(counts[3]).toBeGreaterThan(counts[2]!);
  });

  test('detect_default takes 0.5 for both', async () => {
    const [byDefault] = await server.client('digits', 'detect_default').infer({ image: scene });
    const [half] = await client.infer(instance(scene, 0.5, 0.5));
    expect(outputsOf(byDefault)).toEqual(outputsOf(half));
  });

  test.each([
    ['score_threshold', 1.5, 0.5, '1.5'],
    ['score_threshold', -0.25, 0.5, '-0.25'],
    ['score_threshold', NaN, 0.5, 'NaN'],
    ['iou_threshold', 0.5, 2, '2'],
    ['iou_threshold', 0.5, -1, '-1'],
  ])('%s out of range (%d, %d) costs its own instance an error', async (name, score, iou, given) => {
    const [refused, answered] = await client.infer([instance(scene, score, iou), instance(scene)]);
    expect(refused).toMatchObject({
      ok: false,
      error: {
        message: expect.stringContaining(`${name}: expected a number from 0 to 1, given ${given}`) as unknown,
      },
    });
    expect(answered).toMatchObject({ ok: true });
  });

  test('of another dtype, or one for each class, are refused as what they are', async () => {
    const [integer, several] = await client.infer([
      { ...instance(scene), score_threshold: 1n },
      { ...instance(scene), iou_threshold: [0.5, 0.5] },
    ]);
    expect(integer).toMatchObject({
      ok: false,
      error: {
        code: 'INVALID_INPUTS',
        message: expect.stringMatching(/score_threshold.*float32.*int64/s) as unknown,
      },
    });
    expect(several).toMatchObject({ ok: false, error: { code: 'INVALID_INPUTS' } });
  });
});
