/** Outcomes of a request's instances → its outputs, each one tensor; instances of a batched model stacked again. */
import { formatShape, sameShape, ServingError, type Column, type MethodSignature } from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import { isBatched } from '../inference-models/model-shapes.js';
import type { ColumnRange, OutputTensor } from './infer-request.js';

/**
 * @param names the outputs to answer with, in order
 * @throws ServingError that of the first instance that failed, or INPUT_MISMATCH when instances have outputs that are no
 * one tensor
 */
export function stackOutputs(
  method: MethodSignature,
  names: readonly string[],
  outcomes: readonly CollectedOutcome[],
): OutputTensor[] {
  return names.map((name) => {
    const ranges = outcomes.map(({ outcome }) => {
      if (!outcome.ok) throw outcome.error;
      const { block, from, to } = outcome.outputs;
      const column = block.column(name);
      if (column === undefined) throw new Error(`a reply without the output ${name}`);
      return { column, from, to };
    });
    return stacked(method, name, ranges);
  });
}

function stacked(method: MethodSignature, name: string, ranges: readonly ColumnRange[]): OutputTensor {
  const { dtype, shape } = ranges[0]!.column;
  let count = 0;
  for (const { column, from, to } of ranges) {
    count += to - from;
    if (column.dtype === dtype && sameShape(column.shape, shape)) continue;
    throw new ServingError(
      'INPUT_MISMATCH',
      `output '${name}': expected one datatype and shape of all instances of the request, given ${layout(ranges[0]!.column)} and ${layout(column)}; send them in requests of their own`,
    );
  }
  return { name, dtype, shape: isBatched(method) ? [count, ...shape] : shape, ranges };
}

function layout({ dtype, shape }: Column): string {
  return `${dtype} ${formatShape(shape)}`;
}
