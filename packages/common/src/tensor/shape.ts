/** Shapes: lists of non-negative dimensions; an empty list is a scalar. */
import { ServingError } from '../errors/serving-error.js';
import { kindOf, showGiven } from './kind-of.js';

/** The most elements a tensor may have (MindSpore Serving: the product of the dimensions fits in uint32). */
export const maxElements = 2 ** 32 - 1;

/** The most dimensions a tensor may have, as in numpy. A longer list only serves to make the server work in vain. */
const maxDimensions = 64;

/**
 * Number of elements, or undefined when a dimension is negative, not whole or above `maxElements`, there are more than
 * 64 of them, or the product exceeds `maxElements`.
 */
export function elementCount(shape: readonly number[]): number | undefined {
  if (shape.length > maxDimensions) return undefined;
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isInteger(dimension) || dimension < 0 || dimension > maxElements) return undefined;
    count *= dimension;
  }
  // A zero wins whatever stands beside it, in any order, even where the others' product has become Infinity.
  if (shape.includes(0)) return 0;
  return count > maxElements ? undefined : count;
}

/**
 * Number of elements of whatever was given as a shape.
 * @throws ServingError INVALID_TENSOR when it is no list of dimensions, or these are more or larger than may be
 */
export function checkedCount(shape: readonly number[]): number {
  if (!Array.isArray(shape))
    throw new ServingError(
      'INVALID_TENSOR',
      `tensor shape: expected a list of dimensions such as [2,3], given ${typeof shape === 'object' ? kindOf(shape) : showGiven(shape)}`,
    );
  const count = elementCount(shape);
  if (count !== undefined) return count;
  // One more than are shown: that there are more is shown too.
  const given = shape.slice(0, maxDimensions + 1).map((dimension: unknown) => showGiven(dimension));
  throw new ServingError(
    'INVALID_TENSOR',
    `tensor shape ${formatShape(given)} is invalid: expected at most 64 whole, non-negative dimensions and at most 2^32-1 elements`,
  );
}

/** The shape as nobody can change it any more, whoever shares it. */
export function ownShape<Dimension>(shape: readonly Dimension[]): readonly Dimension[] {
  return Object.isFrozen(shape) ? shape : Object.freeze([...shape]);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2,2]`; a dimension that is a name (symbolic) is printed as it is, an unknown one as `?`, dimensions too many as `…`. */
export function formatShape(shape: readonly (number | string | undefined)[]): string {
  const shown = shape.slice(0, maxDimensions).map((dimension) => dimension ?? '?');
  return `[${shown.join(',')}${shape.length > maxDimensions ? ',…' : ''}]`;
}
