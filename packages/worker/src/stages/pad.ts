/** Tensors of varying size → tensors of few sizes. */
import { Tensor, type Padding } from '@serving/common';
import { namedStage } from './named-stage.js';

/**
 * A stage: a tensor filled up at the end of one dimension to the smallest of the sizes that holds it, and the size that
 * it had, as an int64 scalar. A scalar is a tensor of one element.
 * @param filler the value of what is filled in, converted to the tensor's dtype
 */
export function pad({ dimension, sizes }: Padding, filler: number): (tensor: Tensor) => [Tensor, Tensor] {
  return namedStage('pad', (sent: Tensor) => {
    const tensor = sent.shape.length === 0 ? new Tensor(sent.dtype, [1], sent.data) : sent;
    const given = tensor.shape[dimension]!;
    const size = sizes.find((candidate) => candidate >= given);
    if (size === undefined) throw new Error(`expected at most ${sizes.at(-1)}, given ${given}`);
    const length = new Tensor('int64', [], BigInt64Array.of(BigInt(given)));
    return [size === given ? tensor : filledUp(tensor, dimension, size, filler), length];
  });
}

function filledUp({ dtype, shape, data }: Tensor, dimension: number, size: number, filler: number): Tensor {
  const outer = product(shape.slice(0, dimension));
  const inner = product(shape.slice(dimension + 1));
  const [from, to] = [shape[dimension]! * inner, size * inner];
  // All typed arrays copy and fill with their own kind alike; which one it is does not matter here.
  const elements = new Tensor('uint8', [outer * to], new Uint8Array(outer * to)).astype(dtype)
    .data as Float64Array;
  const given = data as Float64Array;
  const [fill] = new Tensor('float64', [1], Float64Array.of(filler)).astype(dtype).data as Float64Array;
  for (let row = 0; row < outer; row++) {
    elements.set(given.subarray(row * from, (row + 1) * from), row * to);
    if (filler !== 0) elements.fill(fill!, row * to + from, (row + 1) * to);
  }
  return new Tensor(dtype, shape.with(dimension, size), elements);
}

function product(dimensions: readonly number[]): number {
  return dimensions.reduce((all, one) => all * one, 1);
}
