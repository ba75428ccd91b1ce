/** A numeric tensor: what stages receive and return, and what the client sends and gets back. */
import { ServingError } from '../errors/serving-error.js';
import { knowAnyCopy } from './any-copy.js';
import { type NumericType } from './data-type.js';
import { float16Bits, float16Value } from './float16.js';
import { kindOf } from './kind-of.js';
import { checkedCount, formatShape, ownShape } from './shape.js';
import type { BytesTensor, StringTensor } from './text-tensor.js';
import { allocate, typedArrayConstructor, type TypedArray, type TypedArrays } from './typed-array.js';

/** What one named input or output of an instance may be. */
export type Value = Tensor | string | Uint8Array | StringTensor | BytesTensor;

const maxEmptyRows = 2 ** 20;

export class Tensor {
  /** Element type. */
  readonly dtype: NumericType;
  /** Dimensions, outermost first; empty for a scalar. Frozen, as is the tensor: instances share shapes. */
  readonly shape: readonly number[];
  /** Elements in C order. `bool` is 0 or 1 per byte; `float16` the IEEE 754 bit patterns; 64-bit integers are bigints. */
  readonly data: TypedArray;

  /**
   * @throws ServingError INVALID_TENSOR when the dtype is none, the shape no list of dimensions, or the data's type or length
   * does not fit them
   */
  constructor(dtype: NumericType, shape: readonly number[], data: TypedArray) {
    const expected = checkedCount(shape);
    const wanted = typedArrayConstructor(dtype).name;
    const given = kindOf(data);
    if (given !== wanted && !(wanted === 'Uint8Array' && data instanceof Uint8Array)) {
      throw new ServingError(
        'INVALID_TENSOR',
        `tensor data of dtype ${dtype}: expected ${wanted}, given ${given}`,
      );
    }
    if (data.length !== expected) {
      throw new ServingError(
        'INVALID_TENSOR',
        `tensor data: expected ${expected} elements for shape ${formatShape(shape)}, given ${data.length}`,
      );
    }
    this.dtype = dtype;
    this.shape = ownShape(shape);
    this.data = data;
    Object.freeze(this);
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * `data` with the type of its array, for a tensor of this dtype: `image.dataAs('float32')` is a Float32Array. Nothing is
   * copied or converted.
   * @throws ServingError INVALID_TENSOR for a tensor of another dtype
   */
  dataAs<Type extends NumericType>(dtype: Type): TypedArrays[Type] {
    if (dtype === this.dtype) return this.data as TypedArrays[Type];
    typedArrayConstructor(dtype);
    throw new ServingError(
      'INVALID_TENSOR',
      `tensor ${formatShape(this.shape)}: expected dtype ${dtype}, given ${this.dtype}; astype('${dtype}') converts it`,
    );
  }

  /**
   * The same values in another element type, as numpy's `astype` converts them: floats are cut towards zero, integers
   * wrap around, anything but zero is `true`. Returns this tensor when the type is the same.
   * @throws ServingError INVALID_TENSOR for what is no numeric type
   */
  astype(dtype: NumericType): Tensor {
    if (dtype === this.dtype) return this;
    return new Tensor(dtype, this.shape, convert(this, dtype));
  }

  /**
   * Nested arrays of numbers, bigints (64-bit integers) or booleans; a bare value for a scalar.
   * @throws ServingError INVALID_TENSOR when the shape of an empty tensor nests into more than 2^20 empty rows
   */
  toNested(): unknown {
    this.#refuseEndlessRows();
    const values = Array.from(this.data as Iterable<number | bigint>, (value) => this.#plain(value));
    let level: unknown[] = values;
    for (let axis = this.shape.length - 1; axis > 0; axis--)
      level = chunk(level, this.shape[axis]!, this.shape, axis);
    return this.shape.length === 0 ? level[0] : level;
  }

  /** Without elements nothing bounds the dimensions: a shape of 20 bytes could ask for gigabytes of empty arrays. */
  #refuseEndlessRows(): void {
    if (this.size > 0) return;
    const rows = this.shape
      .slice(0, this.shape.indexOf(0))
      .reduce((product, dimension) => product * dimension, 1);
    if (rows <= maxEmptyRows) return;
    throw new ServingError(
      'INVALID_TENSOR',
      `tensor shape ${formatShape(this.shape)}: expected at most ${maxEmptyRows} empty rows, given ${rows}`,
    );
  }

  /** How Node prints a tensor: `Tensor float32 [2,2] [[2,2],[2,2]]`, long ones cut short. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const values = this.size <= shownElements ? format(this.toNested()) : `(${this.size} elements)`;
    return `Tensor ${this.dtype} ${formatShape(this.shape)} ${values}`;
  }

  #plain(value: number | bigint): number | bigint | boolean {
    if (this.dtype === 'bool') return value !== 0;
    return this.dtype === 'float16' ? float16Value(Number(value)) : value;
  }
}

knowAnyCopy(Tensor, 'Tensor');

function format(nested: unknown): string {
  if (Array.isArray(nested)) return `[${nested.map(format).join(',')}]`;
  if (typeof nested === 'bigint') return `${nested}n`;
  return Object.is(nested, -0) ? '-0' : String(nested);
}

/** Most elements that are printed one by one. */
const shownElements = 64;

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
  if (dtype === 'float64') return (index, value) => void (numbers[index] = Number(value));
  if (dtype === 'float32') {
    return (index, value) => void (numbers[index] = typeof value === 'bigint' ? roundedToOdd(value) : value);
  }
  // Number() of a bigint beyond 2^53 would round before it wraps; 32 bits are all that an element here can hold.
  return (index, value) =>
    void (numbers[index] = Number(typeof value === 'bigint' ? BigInt.asIntN(32, value) : value));
}

/**
 * A double from which single precision is rounded as if from the integer itself. Number() rounds to 53 bits, and
 * rounding that again breaks ties wrongly; here the bits a double drops are folded into its lowest one instead.
 */
function roundedToOdd(value: bigint): number {
  const nearest = Number(value);
  if (Math.abs(nearest) < 2 ** 53) return nearest;
  // 11 bits fewer: what is left of 64 fits the 53 of a double.
  const dropped = (value & 0x7ffn) === 0n ? 0n : 1n;
  return Number((value >> 11n) | dropped) * 2 ** 11;
}

function toBigInt(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value;
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}
