/** `tensor(dtype, shape, data)`: a tensor of any numeric type from whatever the data is held in. */
import {
  allocate,
  asBytes,
  asElements,
  formatShape,
  isDataType,
  isNumericType,
  sameShape,
  ServingError,
  Tensor,
  typedArrayConstructor,
  type NumericType,
  type TypedArray,
} from '@serving/common';
import { describeGiven } from './describe-given.js';
import { elementRules } from './element-rules.js';
import { flatten, leafPath, type NestedArray } from './nested-array.js';

/** A typed array; a Buffer is a `Uint8Array`. */
export type InputArray = TypedArray | Uint8ClampedArray;

/** A typed array, a flat or nested array, or the one value of a tensor with one element. */
export type TensorData = InputArray | NestedArray | number | bigint | boolean;

/**
 * A tensor to send. A typed array of the dtype's own kind is used as it is, not copied; any other data is converted,
 * and a value that the dtype cannot hold is refused. For `float16`, a Uint16Array holds bit patterns and everything
 * else holds values.
 * @throws ServingError INVALID_TENSOR
 */
export function tensor(dtype: NumericType, shape: readonly number[], data: TensorData): Tensor {
  if (!isDataType(dtype) || !isNumericType(dtype))
    throw invalid(`tensor dtype: expected a numeric type, given ${describeGiven(dtype)}`);
  if (!Array.isArray(shape))
    throw invalid(`tensor shape: expected an array of dimensions, given ${describeGiven(shape)}`);
  return new Tensor(dtype, [...shape], elementsOf(dtype, shape, data));
}

function elementsOf(dtype: NumericType, shape: readonly number[], data: unknown): TypedArray {
  if (ArrayBuffer.isView(data)) return fromView(dtype, data);
  if (!Array.isArray(data)) return convert(dtype, [data], []);
  const flat = flatten(data);
  if (flat.shape.length > 1 && !sameShape(flat.shape, shape))
    throw invalid(`tensor data: expected shape ${formatShape(shape)}, given ${formatShape(flat.shape)}`);
  return convert(dtype, flat.leaves, flat.shape);
}

function fromView(dtype: NumericType, view: ArrayBufferView): TypedArray {
  const kind = viewKind(view);
  const own = typedArrayConstructor(dtype).name;
  // A byte that is neither 0 nor 1 is no bool, so these are looked at one by one.
  const isOwnKind = (kind === own && dtype !== 'bool') || kind.toLowerCase() === `${dtype}array`;
  if (isOwnKind) return asElements(dtype, asBytes(view));
  if (kind === 'DataView') throw invalid('tensor data: expected a typed array, given a DataView');
  const values = view as unknown as ArrayLike<unknown>;
  return convert(dtype, values, [values.length]);
}

/** `Float32Array` and so on, `Uint8Array` for a Buffer. Unlike instanceof it holds for values of another realm. */
export function viewKind(view: ArrayBufferView): string {
  return Object.prototype.toString.call(view).slice('[object '.length, -1);
}

/** A tensor of values in C order. @throws ServingError INVALID_TENSOR naming the first one that does not fit */
export function tensorOf(dtype: NumericType, shape: readonly number[], leaves: ArrayLike<unknown>): Tensor {
  return new Tensor(dtype, shape, convert(dtype, leaves, shape));
}

function convert(dtype: NumericType, leaves: ArrayLike<unknown>, shape: readonly number[]): TypedArray {
  const rule = elementRules[dtype];
  const elements: { [index: number]: number | bigint } & TypedArray = allocate(dtype, leaves.length);
  for (let i = 0; i < leaves.length; i++) {
    const element = rule.convert(leaves[i]);
    if (element === undefined) {
      const where = shape.length === 0 ? '' : ` at ${leafPath(i, shape)}`;
      throw invalid(`${dtype} data: expected ${rule.expected}${where}, given ${describeGiven(leaves[i])}`);
    }
    elements[i] = element;
  }
  return elements;
}

function invalid(message: string): ServingError {
  return new ServingError('INVALID_TENSOR', message);
}
