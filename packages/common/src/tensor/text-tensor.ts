/** Tensors of text and of opaque bytes. A single text or byte string without dimensions is a plain value instead. */
import { ServingError } from '../errors/serving-error.js';
import { knowAnyCopy } from './any-copy.js';
import { kindOf } from './kind-of.js';
import { checkedCount, formatShape, ownShape } from './shape.js';

/** Several texts of one instance, for instance what a model with string inputs takes. */
export class StringTensor {
  readonly dtype = 'string';
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements in C order. */
  readonly data: readonly string[];

  /** @throws ServingError INVALID_TENSOR when the shape or the list is none, an element is no text, or their number does not fit */
  constructor(shape: readonly number[], data: readonly string[]) {
    checkElements('string', 'texts', shape, data, (element) => typeof element === 'string');
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

  /** @throws ServingError INVALID_TENSOR when the shape or the list is none, an element is no Uint8Array, or their number does not fit */
  constructor(shape: readonly number[], data: readonly Uint8Array[]) {
    checkElements('bytes', 'Uint8Arrays', shape, data, (element) => element instanceof Uint8Array);
    this.shape = ownShape(shape);
    this.data = Object.isFrozen(data) ? data : Object.freeze([...data]);
    Object.freeze(this);
  }

  /** Nested lists of Uint8Arrays; a bare one for a scalar. */
  toNested(): unknown {
    return nested(this.shape, this.data);
  }
}

knowAnyCopy(StringTensor, 'StringTensor');
knowAnyCopy(BytesTensor, 'BytesTensor');

/** Stages may be plain JavaScript. An element that is undefined is none either. */
function checkElements(
  dtype: string,
  expected: string,
  shape: readonly number[],
  data: readonly unknown[],
  isElement: (element: unknown) => boolean,
): void {
  const count = checkedCount(shape);
  if (!Array.isArray(data))
    throw invalid(`tensor data of dtype ${dtype}: expected a list of ${expected}, given ${kindOf(data)}`);
  if (data.length !== count)
    throw invalid(
      `tensor of dtype ${dtype} and shape ${formatShape(shape)}: expected ${count} elements, given ${data.length}`,
    );
  const odd = data.findIndex((element) => !isElement(element));
  if (odd !== -1)
    throw invalid(`tensor data of dtype ${dtype}: expected ${expected}, given ${kindOf(data[odd])}`);
}

function invalid(message: string): ServingError {
  return new ServingError('INVALID_TENSOR', message);
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
