/** Scores → the best classes. */
import { readFileSync } from 'node:fs';
import { formatShape, Tensor } from '@serving/common';
import { namedStage } from './named-stage.js';
import { lastDimension, numbersOf } from './softmax.js';

/**
 * A stage: the position of the greatest element along the last dimension, as int64; the first of equals. The output has
 * the input's shape without its last dimension.
 */
export function argmax(): (scores: Tensor) => Tensor {
  return namedStage('argmax', (scores: Tensor) => {
    const values = scoresOf(scores);
    const width = lastDimension(scores);
    if (width === 0) throw new Error('expected scores, given an empty dimension');
    const best = BigInt64Array.from({ length: values.length / width }, (_, row) =>
      BigInt(greatest(values, row * width, (row + 1) * width) - row * width),
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
    const values = scoresOf(scores);
    if (scores.shape.filter((size) => size !== 1).length > 1)
      throw new Error(`expected scores of one dimension, given shape ${formatShape(scores.shape)}`);
    const best = bestOf(values, k);
    return [new Tensor('int64', [k], BigInt64Array.from(best, BigInt)), picked(values, best)];
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
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string'))
    throw new Error('topLabels: labels: expected a list of texts');
  if (labels.length < k) throw new Error(`topLabels: expected at least ${k} labels, given ${labels.length}`);
  const stage = (scores: Tensor): [string, Tensor] => {
    const values = scoresOf(scores);
    if (values.length !== labels.length)
      throw new Error(`expected ${labels.length} scores, one per label, given ${values.length}`);
    const best = bestOf(values, k);
    return [best.map((position) => labels[position]!).join(separator), picked(values, best)];
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

function bestOf(values: Scores, k: number): number[] {
  if (values.length < k) throw new Error(`expected at least ${k} scores, given ${values.length}`);
  return ranked(values, k);
}

function picked(values: Scores, positions: readonly number[]): Tensor {
  const scores = Float32Array.from(positions, (position) => Number(values[position]));
  return new Tensor('float32', [positions.length], scores);
}

/** Positions of the k greatest; of equals the first. */
function ranked(values: Scores, k: number): number[] {
  const positions = Array.from({ length: values.length }, (_, position) => position);
  return positions.toSorted((a, b) => compare(values[b]!, values[a]!) || a - b).slice(0, k);
}

function greatest(values: Scores, from: number, to: number): number {
  let best = from;
  for (let position = from + 1; position < to; position++)
    if (compare(values[position]!, values[best]!) > 0) best = position;
  return best;
}

type Scores = ArrayLike<number> | ArrayLike<bigint>;

/** 64-bit integers as they are: as doubles, neighbours beyond 2^53 would be equal. */
function scoresOf(scores: Tensor): Scores {
  const numbers = numbersOf(scores);
  return scores.dtype === 'int64' || scores.dtype === 'uint64' ? scores.dataAs(scores.dtype) : numbers;
}

/** NaN is less than anything. */
function compare(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
}
