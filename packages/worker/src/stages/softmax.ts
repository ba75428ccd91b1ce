/** Scores → probabilities. */
import { Tensor } from '@serving/common';
import { namedStage } from './named-stage.js';

/**
 * A stage: the softmax of a tensor along its last dimension, in float64 inside, as float32. Its input has any numeric
 * dtype and at least one dimension; the output has its shape.
 */
export function softmax(): (scores: Tensor) => Tensor {
  return namedStage('softmax', (scores: Tensor) => {
    const values = numbersOf(scores);
    const width = lastDimension(scores);
    const probabilities = new Float32Array(values.length);
    for (let start = 0; start < values.length; start += width)
      softmaxRow(values, probabilities, start, width);
    return new Tensor('float32', scores.shape, probabilities);
  });
}

function softmaxRow(values: Float64Array, probabilities: Float32Array, start: number, width: number): void {
  const row = values.subarray(start, start + width);
  // Without the greatest taken off, large scores would overflow.
  const greatest = row.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = row.map((value) => Math.exp(value - greatest));
  const sum = powers.reduce((total, value) => total + value, 0);
  for (const [index, power] of powers.entries()) probabilities[start + index] = power / sum;
}

/** The elements as doubles. @throws Error for anything but a tensor */
export function numbersOf(tensor: Tensor): Float64Array {
  if (!(tensor instanceof Tensor)) throw new Error(`expected a numeric tensor, given ${typeof tensor}`);
  return tensor.astype('float64').dataAs('float64');
}

/** @throws Error for a scalar */
export function lastDimension({ shape }: Tensor): number {
  const width = shape.at(-1);
  if (width === undefined) throw new Error('expected a tensor of at least one dimension, given a scalar');
  return width;
}
