/** What a caller may write for an input, and what it is sent as. */
import {
  asBytes,
  asElements,
  loneSurrogateAt,
  ServingError,
  Tensor,
  type NumericType,
} from '@serving/common';
import { describeGiven } from './describe-given.js';
import { flatten, leafPath, type FlatArray, type NestedArray } from './nested-array.js';
import { tensorOf, viewKind, type InputArray } from './tensor-input.js';

/**
 * | given | sent as |
 * | --- | --- |
 * | number, nested arrays of numbers | float32 |
 * | bigint, nested arrays of bigints | int64 |
 * | boolean, nested arrays of booleans | bool |
 * | string | string |
 * | Uint8Array, Buffer | bytes |
 * | any other typed array | its own type, one dimension |
 * | Tensor, see `tensor()` | as it says |
 *
 * A single number, bigint or boolean has shape `[]`.
 */
export type InputValue = Tensor | InputArray | NestedArray | number | bigint | boolean | string;

/** The inputs of one example by name. A Map does what an object does, for names such as `__proto__` too. */
export type Instance = Readonly<Record<string, InputValue>> | ReadonlyMap<string, InputValue>;

const scalarTypes: Readonly<Record<string, NumericType>> = {
  number: 'float32',
  bigint: 'int64',
  boolean: 'bool',
};

const viewTypes: Readonly<Record<string, NumericType>> = {
  Int8Array: 'int8',
  Uint8ClampedArray: 'uint8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Float16Array: 'float16',
  Float32Array: 'float32',
  Float64Array: 'float64',
};

/** What an input may be in a request: the protocol has one text or byte string an instance, no tensors of them. */
export type SentValue = Tensor | string | Uint8Array;

/** @throws ServingError INVALID_TENSOR for anything that is not an InputValue */
export function toValue(input: unknown): SentValue {
  if (input instanceof Tensor) return input;
  if (typeof input === 'string') return wellFormed(input);
  if (ArrayBuffer.isView(input)) return fromView(input);
  if (Array.isArray(input)) return fromNested(flatten(input));
  const dtype = scalarTypes[typeof input];
  if (dtype !== undefined) return tensorOf(dtype, [], [input]);
  throw invalid(
    `expected a number, bigint, boolean, string, typed array, nested array or tensor, given ${describeGiven(input)}`,
  );
}

function wellFormed(text: string): string {
  const at = loneSurrogateAt(text);
  if (at === -1) return text;
  throw invalid(`expected text that UTF-8 can hold, given half of a surrogate pair at position ${at}`);
}

function fromView(view: ArrayBufferView): SentValue {
  const kind = viewKind(view);
  if (kind === 'Uint8Array') return asBytes(view);
  const dtype = Object.hasOwn(viewTypes, kind) ? viewTypes[kind] : undefined;
  if (dtype === undefined) throw invalid(`expected a typed array, given ${kind}`);
  const elements = asElements(dtype, asBytes(view));
  return new Tensor(dtype, [elements.length], elements);
}

function fromNested({ shape, leaves }: FlatArray): Tensor {
  const first = leaves[0];
  if (leaves.length === 0)
    throw invalid('an empty array does not tell its element type; use tensor(dtype, shape, [])');
  if (typeof first === 'string')
    throw invalid(
      'expected numbers, bigints or booleans, given an array of strings; an input holds one string',
    );
  const dtype = scalarTypes[typeof first];
  if (dtype === undefined) {
    const expected = `numbers, bigints or booleans at ${leafPath(0, shape)}`;
    throw invalid(`expected ${expected}, given ${describeGiven(first)}`);
  }
  const odd = leaves.findIndex((leaf) => typeof leaf !== typeof first);
  if (odd !== -1) {
    const expected = `a ${typeof first} like the first element at ${leafPath(odd, shape)}`;
    throw invalid(`expected ${expected}, given ${describeGiven(leaves[odd])}`);
  }
  return tensorOf(dtype, shape, leaves);
}

function invalid(message: string): ServingError {
  return new ServingError('INVALID_TENSOR', message);
}
