/** Columns: one named tensor of many instances. Numeric ones are byte segments, strings and bytes lists of elements. */
import { ServingError } from '../errors/serving-error.js';
import { elementWidth, type NumericType } from '../tensor/data-type.js';
import { elementCount, formatShape, sameShape } from '../tensor/shape.js';

export interface NumericColumn {
  readonly kind: 'numeric';
  readonly name: string;
  readonly dtype: NumericType;
  /** Shape of one instance. */
  readonly shape: readonly number[];
  /** Bytes of one instance; 0 for an empty tensor. */
  readonly instanceBytes: number;
  /** Whole instances, in order: views into whatever they were received in. */
  readonly segments: readonly Uint8Array[];
  /** Whether every segment is exactly one instance, so that segment i is instance i. Set by `numericColumn`. */
  readonly segmentIsInstance?: boolean;
}

export interface BytesColumn {
  readonly kind: 'bytes';
  readonly name: string;
  readonly dtype: 'string' | 'bytes';
  /** Shape of one instance; its product elements of each instance stand side by side. */
  readonly shape: readonly number[];
  readonly elementsPerInstance: number;
  /** UTF-8 text or opaque bytes, one entry an element. */
  readonly elements: readonly Uint8Array[];
}

export type Column = NumericColumn | BytesColumn;

/** @throws ServingError INVALID_TENSOR when a segment is not a whole number of instances. */
export function numericColumn(
  name: string,
  dtype: NumericType,
  shape: readonly number[],
  segments: readonly Uint8Array[],
): NumericColumn {
  const instanceBytes = countOrThrow(name, shape) * elementWidth(dtype);
  let segmentIsInstance = instanceBytes > 0;
  for (const segment of segments) {
    if (segment.byteLength !== instanceBytes) segmentIsInstance = false;
    if (instanceBytes === 0 ? segment.byteLength !== 0 : segment.byteLength % instanceBytes !== 0) {
      throw new ServingError(
        'INVALID_TENSOR',
        `column ${name}: expected a multiple of ${instanceBytes} bytes for ${dtype} ${formatShape(shape)}, given ${segment.byteLength}`,
      );
    }
  }
  return { kind: 'numeric', name, dtype, shape, instanceBytes, segments, segmentIsInstance };
}

/** @throws ServingError INVALID_TENSOR when there are elements but the shape has room for none */
export function bytesColumn(
  name: string,
  dtype: 'string' | 'bytes',
  shape: readonly number[],
  elements: readonly Uint8Array[],
): BytesColumn {
  const elementsPerInstance = countOrThrow(name, shape);
  if (elementsPerInstance === 0 && elements.length > 0) {
    throw new ServingError(
      'INVALID_TENSOR',
      `column ${name}: expected no elements for ${dtype} ${formatShape(shape)}, given ${elements.length}`,
    );
  }
  return { kind: 'bytes', name, dtype, shape, elementsPerInstance, elements };
}

function countOrThrow(name: string, shape: readonly number[]): number {
  const count = elementCount(shape);
  if (count !== undefined) return count;
  throw new ServingError('INVALID_TENSOR', `column ${name}: shape ${formatShape(shape)} is invalid`);
}

/** Whether instances of the two columns can stand side by side. */
export function sameColumnLayout(a: Column, b: Column): boolean {
  return a.name === b.name && a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

/** How many instances the column holds; undefined when its bytes cannot tell (empty tensors). */
export function columnInstances(column: Column): number | undefined {
  if (column.kind === 'bytes') {
    return column.elementsPerInstance === 0 ? undefined : column.elements.length / column.elementsPerInstance;
  }
  if (column.instanceBytes === 0) return undefined;
  let bytes = 0;
  for (const segment of column.segments) bytes += segment.byteLength;
  return bytes / column.instanceBytes;
}

/** Calls `visit` with the views that together are instances `from` to `to` (exclusive). */
export function visitBytes(
  column: NumericColumn,
  from: number,
  to: number,
  visit: (view: Uint8Array) => void,
): void {
  if (column.segmentIsInstance === true) {
    // As MindSpore Serving's messages have it: no need to walk to the first one.
    for (let i = from; i < to; i++) visit(column.segments[i]!);
    return;
  }
  let skip = from * column.instanceBytes;
  let rest = (to - from) * column.instanceBytes;
  for (const segment of column.segments) {
    if (rest === 0) return;
    if (skip >= segment.byteLength) {
      skip -= segment.byteLength;
      continue;
    }
    const taken = Math.min(segment.byteLength - skip, rest);
    visit(segment.subarray(skip, skip + taken));
    skip = 0;
    rest -= taken;
  }
}
