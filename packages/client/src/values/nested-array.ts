/** Nested arrays as shape and leaves. */
import { formatShape, ServingError } from '@serving/common';
import { describeGiven } from './describe-given.js';

/** Arrays of equal length within arrays. */
export type NestedArray = readonly NestedArray[] | readonly number[] | readonly bigint[] | readonly boolean[];

export interface FlatArray {
  readonly shape: readonly number[];
  /** The innermost values in C order, unchecked. */
  readonly leaves: readonly unknown[];
}

/** As many as a tensor may have; it also ends the walk into an array that holds itself. */
const mostDimensions = 64;

/** @throws ServingError INVALID_TENSOR when rows differ in length or depth */
export function flatten(nested: readonly unknown[]): FlatArray {
  const shape = shapeAlongFirst(nested);
  const leaves: unknown[] = [];
  collect(nested, shape, [], leaves);
  return { shape, leaves };
}

/** Where the leaf with this number stands, as `[0][1]`. */
export function leafPath(index: number, shape: readonly number[]): string {
  let path = '';
  let rest = index;
  for (const size of shape.toReversed()) {
    path = `[${rest % size}]${path}`;
    rest = Math.floor(rest / size);
  }
  return path;
}

function shapeAlongFirst(nested: readonly unknown[]): number[] {
  const shape: number[] = [];
  for (let level: unknown = nested; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > mostDimensions)
      throw invalid(`expected at most ${mostDimensions} nested arrays, given more`);
  }
  return shape;
}

function collect(
  level: readonly unknown[],
  shape: readonly number[],
  path: readonly number[],
  leaves: unknown[],
): void {
  const size = shape[path.length]!;
  if (level.length !== size)
    throw invalid(
      `expected ${size} elements${at(path)} as in shape ${formatShape(shape)}, given ${level.length}`,
    );
  const isInnermost = path.length + 1 === shape.length;
  for (let i = 0; i < size; i++) {
    const item = level[i];
    if (Array.isArray(item) === isInnermost) throw uneven(item, isInnermost, [...path, i]);
    if (isInnermost) leaves.push(item);
    else collect(item as readonly unknown[], shape, [...path, i], leaves);
  }
}

function uneven(item: unknown, isInnermost: boolean, path: readonly number[]): ServingError {
  const expected = isInnermost ? 'a single value' : 'an array';
  return invalid(`expected ${expected}${at(path)} like its neighbours, given ${describeGiven(item)}`);
}

function at(path: readonly number[]): string {
  return path.length === 0 ? '' : ` at ${path.map((index) => `[${index}]`).join('')}`;
}

function invalid(message: string): ServingError {
  return new ServingError('INVALID_TENSOR', message);
}
