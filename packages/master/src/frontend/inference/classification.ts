/** The classification extension: the highest elements of an output instead of the output itself. */
import {
  asElements,
  bytesColumn,
  contiguousBytes,
  float16Value,
  isNumericType,
  ServingError,
  type Column,
  type MethodSignature,
  type NumericType,
} from '@serving/common';
import { datatypeOf } from '../inference-models/data-types.js';
import { isBatched } from '../inference-models/model-shapes.js';
import type { ColumnRange, OutputTensor } from './infer-request.js';

/** Of all instances: they are put in order while every other request waits. */
const mostElements = 2 ** 20;

/**
 * `value:index` of the `most` highest elements of each instance, highest first; of equal ones the first goes first.
 * @throws ServingError BAD_REQUEST for an output of text or bytes
 */
export function classified(method: MethodSignature, output: OutputTensor, most: number): OutputTensor {
  const { name, dtype, ranges } = output;
  if (!isNumericType(dtype))
    throw new ServingError(
      'BAD_REQUEST',
      `output '${name}': expected a numeric output for the parameter 'classification', given ${datatypeOf(dtype)}`,
    );
  const elements = ranges.reduce((sum, { column, from, to }) => sum + (to - from) * elementsOf(column), 0);
  if (elements > mostElements)
    throw new ServingError(
      'BAD_REQUEST',
      `output '${name}': expected at most ${mostElements} elements for the parameter 'classification', given ${elements}`,
    );
  const rows = ranges.flatMap((range) => rowsOf(range, dtype, most));
  const width = rows[0]?.length ?? 0;
  const column = bytesColumn(name, 'string', [width], rows.flat());
  return {
    name,
    dtype: 'string',
    shape: isBatched(method) ? [rows.length, width] : [width],
    ranges: [{ column, from: 0, to: rows.length }],
  };
}

function elementsOf({ shape }: Column): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

function rowsOf({ column, from, to }: ColumnRange, dtype: NumericType, most: number): Uint8Array[][] {
  if (column.kind !== 'numeric') throw new Error('a numeric output that is none');
  const rows: Uint8Array[][] = [];
  for (let i = from; i < to; i++) {
    const elements: ArrayLike<number | bigint> = asElements(dtype, contiguousBytes(column, i, i + 1));
    const value = (index: number) =>
      dtype === 'float16' ? float16Value(Number(elements[index])) : elements[index]!;
    rows.push(highest(elements.length, value, most).map((index) => encode(dtype, value(index), index)));
  }
  return rows;
}

function highest(count: number, value: (index: number) => number | bigint, most: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  return order.toSorted((a, b) => descending(value(a), value(b)) || a - b).slice(0, most);
}

/** NaN goes last. */
function descending(a: number | bigint, b: number | bigint): number {
  if (a > b) return -1;
  if (a < b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function encode(dtype: NumericType, value: number | bigint, index: number): Uint8Array {
  const isFloat = dtype.startsWith('float');
  // As C's %f, which Triton writes them with.
  const text = isFloat && Number.isFinite(value) ? Number(value).toFixed(6) : String(value);
  return Buffer.from(`${text}:${index}`);
}
