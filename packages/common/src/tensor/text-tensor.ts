/** Tensors of text and of opaque bytes. A single text or byte string without dimensions is a plain value instead. */
import { ServingError } from '../errors/serving-error.js';
import { elementCount, formatShape, ownShape } from './shape.js';

/** Several texts of one instance, for instance what a model with string inputs takes. */
export class StringTensor {
  readonly dtype = 'string';
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements in C order. */
  readonly data: readonly string[];

  /** @throws ServingError INVALID_TENSOR when an element is no text, or their number does not fit the shape */
  constructor(shape: readonly number[], data: readonly string[]) {
    checkCount('string', shape, data.length);
    checkElements('string', 'texts', data, (element) => typeof element === 'string');
    this.shape = ownShape(shape);
    this.data = Object.isFrozen(data) ? data : Object.freeze([...data]);
    Object.freeze(this);
  }

  /** Nested lists of texts; a bare text for a scalar. */
  toNested(): unknown {
    return nested(this.shape, this.data);
  }
}

/** Several byte strings of one instance. */
export class BytesTensor {
  readonly dtype = 'bytes';
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements in C order. */
  readonly data: readonly Uint8Array[];

  /** @throws ServingError INVALID_TENSOR when an element is no Uint8Array, or their number does not fit the shape */
  constructor(shape: readonly number[], data: readonly Uint8Array[]) {
    checkCount('bytes', shape, data.length);
    checkElements('bytes', 'Uint8Arrays', data, (element) => element instanceof Uint8Array);
    this.shape = ownShape(shape);
    this.data = Object.isFrozen(data) ? data : Object.freeze([...data]);
    Object.freeze(this);
  }

  /** Nested lists of Uint8Arrays; a bare one for a scalar. */
  toNested(): unknown {
    return nested(this.shape, this.data);
  }
}

function checkCount(dtype: string, shape: readonly number[], given: number): void {
  const expected = elementCount(shape);
  if (expected === given) return;
  const what = `tensor of dtype ${dtype} and shape ${formatShape(shape)}`;
  throw new ServingError(
    'INVALID_TENSOR',
    expected === undefined
      ? `${what}: expected at most 64 whole, non-negative dimensions and at most 2^32-1 elements`
      : `${what}: expected ${expected} elements, given ${given}`,
  );
}

/** Stages may be plain JavaScript. An element that is undefined is none either. */
function checkElements(
  dtype: string,
  expected: string,
  data: readonly unknown[],
  isElement: (element: unknown) => boolean,
): void {
  const odd = data.findIndex((element) => !isElement(element));
  if (odd === -1) return;
  throw new ServingError(
    'INVALID_TENSOR',
    `tensor data of dtype ${dtype}: expected ${expected}, given ${typeof data[odd]}`,
  );
}

function nested(shape: readonly number[], data: readonly unknown[]): unknown {
  let level: readonly unknown[] = data;
  for (let axis = shape.length - 1; axis > 0 && data.length > 0; axis--) {
    const size = shape[axis]!;
    level = Array.from({ length: level.length / size }, (_, row) =>
      level.slice(row * size, (row + 1) * size),
    );
  }
  return shape.length === 0 ? level[0] : level;
}
