/**
 * Sends the scenes of held-out/ and prints how well their digits are found.
 * Usage: npx jiti examples/digit-detection/accuracy.ts [address, default localhost:5500]
 */
import { readFileSync } from 'node:fs';
import { Client, outputsOf, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';
import { averagePrecision, judged, type Digit, type Judged } from './average-precision.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url));

type Corners = readonly [x1: number, y1: number, x2: number, y2: number];

/** Scenes by their files' names: what is where in them. */
type Scenes = Readonly<
  Record<string, { readonly labels: readonly number[]; readonly boxes: readonly Corners[] }>
>;

const scenes = Object.entries(JSON.parse(read('held-out.json').toString()) as Scenes).map(
  ([file, { labels, boxes }]) => ({
    image: read(`held-out/${file}`),
    digits: labels.map((label, index) => digit(label, boxes[index]!)),
  }),
);

function digit(label: number, [x1, y1, x2, y2]: Corners): Digit {
  return { label, x1, y1, x2, y2 };
}

type Result = Readonly<Record<'boxes' | 'labels' | 'scores', Tensor>>;

function detected({ boxes, labels, scores }: Result) {
  const corners = boxes.toNested() as Corners[];
  return corners.map((box, index) => ({
    ...digit(Number(labels.data[index]), box),
    score: Number(scores.data[index]),
  }));
}

/** Everything found with such thresholds, in all scenes. */
async function judgedAt(client: Client, score_threshold: number, iou_threshold: number): Promise<Judged[]> {
  const results = await client.infer<Result>(
    scenes.map(({ image }) => ({ image, score_threshold, iou_threshold })),
  );
  return results.flatMap((result, index) => judged(detected(outputsOf(result)), scenes[index]!.digits));
}

const percent = (part: number) => `${(100 * part).toFixed(1)} %`;

await runClient(async (address) => {
  using client = new Client(address, 'digits', 'detect');
  const all = await judgedAt(client, 0.01, 0.5);
  const digits = scenes.flatMap((scene) => scene.digits);
  const precisions = Array.from({ length: 10 }, (_, label) => {
    const isOfLabel = (each: { readonly label: number }) => each.label === label;
    return averagePrecision(all.filter(isOfLabel), digits.filter(isOfLabel).length);
  });
  console.log(`${scenes.length} held-out scenes with ${digits.length} digits`);
  console.log(`AP50 ${percent(precisions.reduce((sum, precision) => sum + precision / 10, 0))}`);
  const sure = await judgedAt(client, 0.5, 0.5);
  const right = sure.filter(({ isRight }) => isRight).length;
  console.log(`at the default thresholds ${sure.length} boxes, ${right} of them right`);
});
