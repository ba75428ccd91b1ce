/** Shapes: lists of non-negative dimensions; an empty list is a scalar. */

/** The most elements a tensor may have (MindSpore Serving: the product of the dimensions fits in uint32). */
export const maxElements = 2 ** 32 - 1;

/** Number of elements, or undefined when a dimension is negative, not whole, or the product exceeds `maxElements`. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isInteger(dimension) || dimension < 0) return undefined;
    count *= dimension;
    if (count > maxElements) return undefined;
  }
  return count;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2,2]`; a dimension that is a name (symbolic) is printed as it is, an unknown one as `?`. */
export function formatShape(shape: readonly (number | string | undefined)[]): string {
  return `[${shape.map((dimension) => dimension ?? '?').join(',')}]`;
}
