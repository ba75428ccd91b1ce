/** What a function stage has returned → values. Authors write JavaScript too, so anything may come. */
import {
  allocate,
  asBytes,
  BytesTensor,
  StringTensor,
  Tensor,
  typedArrayConstructor,
  type NumericType,
  type TypedArray,
  type Value,
} from '@serving/common';
import { wrongBool } from '../models/fit.js';

export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

export function isIterator(value: unknown): value is AnyIterator {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    'next' in value &&
    typeof value.next === 'function'
  );
}

/** What a streaming stage has returned. @throws Error saying what was expected and what was returned */
export function asIterator(returned: unknown): AnyIterator {
  if (isIterator(returned)) return returned;
  if (returned instanceof Error) throw returned;
  throw new Error(
    `expected a generator, or another iterator over the responses, as the method is streaming; given ${Array.isArray(returned) ? 'a list' : describe(returned)}`,
  );
}

/** The outputs of one instance. @throws Error saying what was expected and what was returned */
export function asOutputs(returned: unknown, count: number): Value[] {
  if (returned instanceof Error) throw returned;
  // A stage with one output may return it bare or as a list of one.
  const list = Array.isArray(returned) ? returned : [returned];
  if (list.length !== count)
    throw new Error(
      count === 1
        ? `expected 1 output, given ${list.length}; a list is several outputs, and one of several numbers is a typed array or a Tensor`
        : `expected ${count} outputs, given ${list.length}`,
    );
  // Not `map`, which leaves out what was never put into the list.
  return Array.from(list, asValue);
}

const scalarTypes: Partial<Record<string, NumericType>> = {
  number: 'float32',
  bigint: 'int64',
  boolean: 'bool',
};

const arrayTypes: Readonly<Record<string, NumericType>> = {
  Int8Array: 'int8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Float32Array: 'float32',
  Float64Array: 'float64',
};

/**
 * number → float32, bigint → int64 and boolean → bool scalars; typed arrays → 1-D tensors; Uint8Array → bytes.
 * Arrays are copied: a function may fill the same one again for the next instance, or write to what it was given.
 */
function asValue(returned: unknown): Value {
  if (typeof returned === 'string') return returned;
  if (returned instanceof Tensor) return copyOf(asBools(returned));
  if (returned instanceof Uint8Array) return new Uint8Array(returned);
  if (returned instanceof StringTensor) return returned;
  if (returned instanceof BytesTensor)
    return new BytesTensor(
      returned.shape,
      returned.data.map((element) => new Uint8Array(element)),
    );
  const scalar = scalarTypes[typeof returned];
  if (scalar !== undefined) return scalarTensor(scalar, returned as number | bigint | boolean);
  const dtype = ArrayBuffer.isView(returned) ? arrayTypes[returned.constructor.name] : undefined;
  if (dtype !== undefined) {
    const data = returned as TypedArray;
    return copyOf({ dtype, shape: [data.length], data });
  }
  if (isIterator(returned))
    throw new Error(
      'expected one result, given an iterator; a method whose last stage yields one response after another is registered with streaming: true',
    );
  throw new Error(
    `expected a Tensor, StringTensor, BytesTensor, typed array, string, Uint8Array, number, bigint or boolean, given ${describe(returned)}`,
  );
}

/** @throws Error when the tensor has bools that are none */
function asBools(tensor: Tensor): Tensor {
  const wrong = wrongBool(tensor);
  if (wrong !== undefined) throw new Error(`expected 0 or 1 in each byte of a bool tensor, given ${wrong}`);
  return tensor;
}

function copyOf({ dtype, shape, data }: Pick<Tensor, 'dtype' | 'shape' | 'data'>): Tensor {
  const copy = allocate(dtype, data.length);
  asBytes(copy).set(asBytes(data));
  return new Tensor(dtype, shape, copy);
}

function scalarTensor(dtype: NumericType, value: number | bigint | boolean): Tensor {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value)
    throw new Error(`expected a bigint that int64 has, given ${value}`);
  const data = new (typedArrayConstructor(dtype))(1);
  data[0] = typeof value === 'boolean' ? Number(value) : value;
  return new Tensor(dtype, [], data);
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return `'${value}'`;
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}
