/**
 * Sends a picture and prints the digits in it: which, how sure the model is, and the box in pixels of the picture.
 * Usage: npx jiti examples/digit-detection/client.ts [address, default localhost:5500] [picture, default scene.jpg]
 *   [score threshold, default 0.5] [IoU threshold, default 0.5]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, outputsOf, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';

interface Digits {
  readonly boxes: Tensor;
  readonly labels: Tensor;
  readonly scores: Tensor;
}

const sample = fileURLToPath(new URL('scene.jpg', import.meta.url));

await runClient(async (address, file = sample, score = '0.5', iou = '0.5') => {
  using client = new Client(address, 'digits', 'detect');
  const [result] = await client.infer<Digits>({
    image: readFileSync(file),
    score_threshold: Number(score),
    iou_threshold: Number(iou),
  });
  const { boxes, labels, scores } = outputsOf(result);
  console.log('digit  score    x1    y1    x2    y2');
  for (const [index, label] of labels.data.entries()) {
    const corners = [...boxes.data].slice(4 * index, 4 * index + 4);
    const shown = corners.map((at) => Number(at).toFixed(0).padStart(6)).join('');
    console.log(`${String(label).padStart(5)}  ${Number(scores.data[index]).toFixed(2)}${shown}`);
  }
});
