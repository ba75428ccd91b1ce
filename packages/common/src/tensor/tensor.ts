/** A numeric tensor: what stages receive and return, and what the client sends and gets back. */
import { ServingError } from '../errors/serving-error.js';
import { type NumericType } from './data-type.js';
import { float16Bits, float16Value } from './float16.js';
import { elementCount, formatShape } from './shape.js';
import { allocate, typedArrayConstructor, type TypedArray } from './typed-array.js';

/** What one named input or output of an instance may be. */
export type Value = Tensor | string | Uint8Array;

export class Tensor {
  /** Element type. */
  readonly dtype: NumericType;
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements in C order. `bool` is 0 or 1 per byte; `float16` the IEEE 754 bit patterns; 64-bit integers are bigints. */
  readonly data: TypedArray;

  /** @throws ServingError INVALID_TENSOR when the data's type or length does not fit the dtype and shape. */
  constructor(dtype: NumericType, shape: readonly number[], data: TypedArray) {
    const expected = elementCount(shape);
    if (expected === undefined) {
      throw new ServingError(
        'INVALID_TENSOR',
        `tensor shape ${formatShape(shape)} is invalid: expected whole, non-negative dimensions with at most 2^32-1 elements`,
      );
    }
    const wanted = typedArrayConstructor(dtype).name;
    if (data.constructor.name !== wanted && !(wanted === 'Uint8Array' && data instanceof Uint8Array)) {
      throw new ServingError(
        'INVALID_TENSOR',
        `tensor data of dtype ${dtype}: expected ${wanted}, given ${data.constructor.name}`,
      );
    }
    if (data.length !== expected) {
      throw new ServingError(
        'INVALID_TENSOR',
        `tensor data: expected ${expected} elements for shape ${formatShape(shape)}, given ${data.length}`,
      );
    }
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * The same values in another element type, as numpy's `astype` converts them: floats are cut towards zero, integers
   * wrap around, anything but zero is `true`. Returns this tensor when the type is the same.
   */
  astype(dtype: NumericType): Tensor {
    if (dtype === this.dtype) return this;
    return new Tensor(dtype, this.shape, convert(this, dtype));
  }

  /** Nested arrays of numbers, bigints (64-bit integers) or booleans; a bare value for a scalar. */
  toNested(): unknown {
    const values = Array.from(this.data as Iterable<number | bigint>, (value) => this.#plain(value));
    let level: unknown[] = values;
    for (let axis = this.shape.length - 1; axis > 0; axis--)
      level = chunk(level, this.shape[axis]!, this.shape, axis);
    return this.shape.length === 0 ? level[0] : level;
  }

  #plain(value: number | bigint): number | bigint | boolean {
    if (this.dtype === 'bool') return value !== 0;
    return this.dtype === 'float16' ? float16Value(Number(value)) : value;
  }
}

function chunk(values: unknown[], size: number, shape: readonly number[], axis: number): unknown[] {
  const rows = shape.slice(0, axis).reduce((product, dimension) => product * dimension, 1);
  return Array.from({ length: rows }, (_, row) => values.slice(row * size, (row + 1) * size));
}

function convert(source: Tensor, dtype: NumericType): TypedArray {
  const target = allocate(dtype, source.data.length);
  const read = reader(source);
  const write = writer(target, dtype);
  for (let i = 0; i < target.length; i++) write(i, read(i));
  return target;
}

function reader(source: Tensor): (index: number) => number | bigint {
  const { data } = source;
  return source.dtype === 'float16' ? (index) => float16Value(Number(data[index])) : (index) => data[index]!;
}

function writer(target: TypedArray, dtype: NumericType): (index: number, value: number | bigint) => void {
  if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
    return (index, value) => void (target[index] = toBigInt(value));
  }
  const numbers = target;
  if (dtype === 'bool') return (index, value) => void (numbers[index] = Number(value) === 0 ? 0 : 1);
  if (dtype === 'float16') return (index, value) => void (numbers[index] = float16Bits(Number(value)));
  if (dtype === 'float32' || dtype === 'float64')
    return (index, value) => void (numbers[index] = Number(value));
  // Number() of a bigint beyond 2^53 would round before it wraps; 32 bits are all that an element here can hold.
  return (index, value) =>
    void (numbers[index] = Number(typeof value === 'bigint' ? BigInt.asIntN(32, value) : value));
}

function toBigInt(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value;
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}
