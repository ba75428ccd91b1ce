/**
 * Sends a picture nine times in one request, each time with other thresholds, and prints how many boxes come back.
 * Usage: npx jiti examples/digit-detection/thresholds.ts [address, default localhost:5500] [picture, default scene.jpg]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, outputsOf, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';

const sample = fileURLToPath(new URL('scene.jpg', import.meta.url));
const scoreThresholds = [0.01, 0.5, 0.95];
const iouThresholds = [0, 0.5, 1];

await runClient(async (address, file = sample) => {
  const image = readFileSync(file);
  using client = new Client(address, 'digits', 'detect');
  const results = await client.infer<{ labels: Tensor }>(
    scoreThresholds.flatMap((score) =>
      iouThresholds.map((iou) => ({ image, score_threshold: score, iou_threshold: iou })),
    ),
  );
  const counts = results.map((result) => outputsOf(result).labels.size);
  console.log(`iou_threshold          ${iouThresholds.map((iou) => iou.toFixed(1).padStart(6)).join('')}`);
  for (const [row, score] of scoreThresholds.entries()) {
    const shown = counts.slice(3 * row, 3 * row + 3).map((count) => String(count).padStart(6));
    console.log(`score_threshold ${score.toFixed(2).padEnd(7)}${shown.join('')}`);
  }
});
