/** What a line says: what the recognition model takes, and what its answer means. */
import { existsSync } from 'node:fs';
import { readLabels, Tensor } from '@serving/worker';
import { planes, type Box, type Scale } from './pictures.js';

const height = 48;
const narrowest = 320;
const scale: Scale = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

const dictionary = new URL('dictionary.txt', import.meta.url);
if (!existsSync(dictionary))
  throw new Error('the models have not been copied yet; npx jiti examples/ocr/prepare.ts does it');

/** Class 0 is no letter at all; after the dictionary's letters comes the space, which the file does not have. */
const letters = ['', ...readLabels(dictionary), ' '];

export interface Line {
  readonly text: string;
  /** From 0 to 1, the average of its letters. */
  readonly score: number;
}

/** The boxes of a picture as the model takes them, all of one width so that they share a run: float32 [3, 48, width]. */
export async function recognitionInputs(picture: Tensor, boxes: readonly Box[]): Promise<Tensor[]> {
  const lines = await Promise.all(
    boxes.map((box) => {
      const width = Math.max(8, Math.ceil((height * box.width) / box.height));
      return planes(picture, box, { width, height }, scale);
    }),
  );
  const widest = Math.max(narrowest, ...lines.map(({ shape }) => shape[2]!));
  return lines.map((line) => filledUp(line, widest));
}

/** With zeros on the right. */
function filledUp(line: Tensor, width: number): Tensor {
  const pixels = line.dataAs('float32');
  const given = line.shape[2]!;
  const values = new Float32Array(3 * height * width);
  for (let row = 0; row < 3 * height; row++)
    values.set(pixels.subarray(row * given, (row + 1) * given), row * width);
  return new Tensor('float32', [3, height, width], values);
}

/** Scores of each letter in steps of about 8 pixels, float32 [steps, letters]: repeats are one letter. */
export function readLine(output: Tensor): Line {
  const [steps, classes] = [output.shape[0]!, output.shape[1]!];
  if (classes !== letters.length) throw new Error(`expected ${letters.length} classes, given ${classes}`);
  let [text, sum, count, before] = ['', 0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const scores = output.dataAs('float32').subarray(step * classes, (step + 1) * classes);
    const best = scores.indexOf(scores.reduce((most, score) => Math.max(most, score)));
    if (best !== 0 && best !== before) {
      text += letters[best];
      sum += scores[best]!;
      count++;
    }
    before = best;
  }
  return { text, score: count === 0 ? 0 : sum / count };
}
