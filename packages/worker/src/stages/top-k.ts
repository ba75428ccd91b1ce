/** Scores → the best classes. */
import { readFileSync } from 'node:fs';
import { Tensor } from '@serving/common';
import { namedStage } from './named-stage.js';
import { lastDimension, numbersOf } from './softmax.js';

/**
 * A stage: the position of the greatest element along the last dimension, as int64; the first of equals. The output has
 * the input's shape without its last dimension.
 */
export function argmax(): (scores: Tensor) => Tensor {
  return namedStage('argmax', (scores: Tensor) => {
    const values = numbersOf(scores);
    const width = lastDimension(scores);
    if (width === 0) throw new Error('expected scores, given an empty dimension');
    const best = BigInt64Array.from({ length: values.length / width }, (_, row) =>
      BigInt(ranked(values.subarray(row * width, (row + 1) * width), 1)[0]!),
    );
    return new Tensor('int64', scores.shape.slice(0, -1), best);
  });
}

/**
 * A stage with two outputs: positions, as int64 [k], and scores, as float32 [k], of the k greatest of a tensor of one
 * dimension, the greatest first; of equals the first.
 */
export function topK(k: number): (scores: Tensor) => [positions: Tensor, scores: Tensor] {
  checkCount(k);
  const stage = (scores: Tensor): [Tensor, Tensor] => {
    const values = numbersOf(scores);
    const best = bestOf(values, k);
    return [new Tensor('int64', [k], BigInt64Array.from(best, BigInt)), scoresOf(values, best)];
  };
  return namedStage('topK', stage, 2);
}

export interface LabelOptions {
  /** Names of the classes, in the order of the scores. */
  labels: readonly string[];
  /** How many of the best to name. @default 1 */
  k?: number;
  /** Between the names. @default ';' */
  separator?: string;
}

/**
 * A stage with two outputs: the names of the k best classes as one text, the best first, and their scores, as
 * float32 [k]. Its input is a tensor with one element per class.
 */
export function topLabels({
  labels,
  k = 1,
  separator = ';',
}: LabelOptions): (scores: Tensor) => [labels: string, scores: Tensor] {
  checkCount(k);
  if (labels.length < k) throw new Error(`topLabels: expected at least ${k} labels, given ${labels.length}`);
  const stage = (scores: Tensor): [string, Tensor] => {
    const values = numbersOf(scores);
    if (values.length !== labels.length)
      throw new Error(`expected ${labels.length} scores, one per label, given ${values.length}`);
    const best = bestOf(values, k);
    return [best.map((position) => labels[position]!).join(separator), scoresOf(values, best)];
  };
  return namedStage('topLabels', stage, 2);
}

/**
 * Labels from a text file, one a line; the last line may be empty.
 * @param file for instance `new URL('./labels.txt', import.meta.url)`: beside the configuration
 */
export function readLabels(file: string | URL): string[] {
  const lines = readFileSync(file, 'utf8').split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function checkCount(k: number): void {
  if (!Number.isSafeInteger(k) || k < 1)
    throw new Error(`k: expected a whole number from 1, given ${String(k)}`);
}

function bestOf(values: Float64Array, k: number): number[] {
  if (values.length < k) throw new Error(`expected at least ${k} scores, given ${values.length}`);
  return ranked(values, k);
}

function scoresOf(values: Float64Array, positions: readonly number[]): Tensor {
  const scores = Float32Array.from(positions, (position) => values[position]!);
  return new Tensor('float32', [positions.length], scores);
}

/** Positions of the k greatest; NaN is less than anything. */
function ranked(values: Float64Array, k: number): number[] {
  const rank = (position: number) => (Number.isNaN(values[position]) ? -Infinity : values[position]!);
  return Array.from(values.keys())
    .toSorted((a, b) => compare(rank(b), rank(a)) || a - b)
    .slice(0, k);
}

function compare(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}
