/** Typed arrays for element types, and views of bytes as elements. */
import { ServingError } from '../errors/serving-error.js';
import { elementWidth, type NumericType } from './data-type.js';
import { showGiven } from './kind-of.js';

/** What holds the values of each element type. `bool` is 0 or 1 per byte, `float16` the bit patterns. */
export interface TypedArrays {
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  float16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
}

/** Values of a numeric tensor. */
export type TypedArray = TypedArrays[NumericType];

type TypedArrayConstructor = {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
};

const constructors: Record<NumericType, TypedArrayConstructor> = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** @throws ServingError INVALID_TENSOR for what is no numeric type: stages may be plain JavaScript */
export function typedArrayConstructor(dtype: NumericType): TypedArrayConstructor {
  if (typeof dtype === 'string' && Object.hasOwn(constructors, dtype)) return constructors[dtype];
  const given: unknown = dtype;
  const advice =
    given === 'string'
      ? '; texts are a StringTensor, a single one is a string'
      : given === 'bytes'
        ? '; byte strings are a BytesTensor, a single one is a Uint8Array'
        : '';
  throw new ServingError(
    'INVALID_TENSOR',
    `tensor dtype: expected ${Object.keys(constructors).join(', ')}, given ${showGiven(given)}${advice}`,
  );
}

/** A new array of `length` zero elements. @throws ServingError INVALID_TENSOR for what is no numeric type */
export function allocate(dtype: NumericType, length: number): TypedArray {
  return new (typedArrayConstructor(dtype))(length);
}

/**
 * The elements stored in `bytes`: a view when the bytes are aligned for the element type, a copy when they are not
 * (a tensor inside a received message rarely is).
 * @throws ServingError INVALID_TENSOR when the bytes are no whole number of elements, or the type is none
 */
export function asElements(dtype: NumericType, bytes: Uint8Array): TypedArray {
  const constructor = typedArrayConstructor(dtype);
  const width = elementWidth(dtype);
  const length = bytes.byteLength / width;
  if (!Number.isInteger(length)) {
    throw new ServingError(
      'INVALID_TENSOR',
      `tensor data of dtype ${dtype}: expected a multiple of ${width} bytes, given ${bytes.byteLength}`,
    );
  }
  if (bytes.byteOffset % width === 0) return new constructor(bytes.buffer, bytes.byteOffset, length);
  const copy = new Uint8Array(bytes);
  return new constructor(copy.buffer, 0, length);
}

/** The bytes of an array's elements, without copying. */
export function asBytes(elements: ArrayBufferView): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}
