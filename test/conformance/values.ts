/** The data of cases: the same in every run, different for the two instances of a request. */
import {
  allocate,
  asBytes,
  asElements,
  float16Bits,
  type NumericType,
  type TypedArray,
} from '@serving/common';
import { isFloat, isUnsigned } from './element-types.js';

/** Makes the elements of an operand of texts. */
export type Texts = (count: number, random: Random, instance: number) => readonly string[];

/** Numbers from 0 to 1. */
export type Random = () => number;

/** Makes the elements of an operand; instances are 0 and 1. */
export type Values = (dtype: NumericType, count: number, random: Random, instance: number) => TypedArray;

/** Mulberry32: small, and the same on every machine. */
export function randomFrom(seed: string): Random {
  let state = 0;
  for (const character of seed) state = Math.imul(state, 31) + character.codePointAt(0)!;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Elements of any type from numbers; integers wrap around. */
export function elements(dtype: NumericType, values: readonly (number | bigint)[]): TypedArray {
  const array = allocate(dtype, values.length);
  for (const [index, value] of values.entries()) array[index] = element(dtype, value);
  return array;
}

function element(dtype: NumericType, value: number | bigint): number | bigint {
  if (dtype.endsWith('int64')) return BigInt(value);
  if (dtype === 'float16') return float16Bits(Number(value));
  if (dtype === 'bool') return Number(value) === 0 ? 0 : 1;
  return Number(value);
}

/** From `low` inclusive to `high` exclusive. */
export const between =
  (low: number, high: number): Values =>
  (dtype, count, random) => {
    const next = () => low + random() * (high - low);
    return elements(dtype, Array.from({ length: count }, isFloat(dtype) ? next : () => Math.floor(next())));
  };

/** These, and for the second instance others if there are. */
export const exactly =
  (first: readonly (number | bigint)[], second = first): Values =>
  (dtype, _count, _random, instance) =>
    elements(dtype, instance === 0 ? first : second);

/** Small numbers of both signs where the type has them. */
export const ordinary: Values = (dtype, count, random, instance) => {
  if (dtype === 'bool') return between(0, 2)(dtype, count, random, instance);
  return between(isUnsigned(dtype) ? 0 : -9, 10)(dtype, count, random, instance);
};

/** Ordinary values in the first instance; in the second, every other one is at an end of what the type can hold. */
export const any: Values = (dtype, count, random, instance) => {
  const data = ordinary(dtype, count, random, instance);
  if (instance === 0) return data;
  const width = data.BYTES_PER_ELEMENT;
  const extremes = asBytes(extremesOf(dtype));
  // As bytes: a NaN that signals would not come through a number.
  for (let at = 0, from = 0; at < data.byteLength; at += 2 * width, from += width)
    asBytes(data).set(extremes.subarray(from % extremes.length, (from % extremes.length) + width), at);
  return data;
};

/** These texts, and for the second instance others if there are. */
export const theTexts =
  (first: readonly string[], second = first): Texts =>
  (_count, _random, instance) =>
    instance === 0 ? first : second;

/** Short ones that come up more than once, and what is easily lost: nothing, spaces, marks, characters of 2 to 4 bytes. */
const vocabulary = [
  'a',
  'b',
  'A',
  'ab',
  '',
  ' ',
  ' a b ',
  'é',
  'e\u0301',
  '名前',
  '\u{1f642}',
  '\ufeffx',
  '\u0002',
  '\r\n',
  'long '.repeat(60),
];

export const anyTexts: Texts = (count, random) =>
  Array.from({ length: count }, () => vocabulary[Math.floor(random() * vocabulary.length)]!);

/** NaNs of both signs with a payload and one that signals, zeros, infinities, subnormals, the largest, the least normal. */
const bits16 = [
  0x7e01, 0xfe55, 0x7d01, 0x8000, 0x0000, 0x7c00, 0xfc00, 0x0001, 0x83ff, 0x7bff, 0xfbff, 0x0400,
];
const bits32 = [
  0x7fc0_1234, 0xffc0_4321, 0x7f80_0001, 0x8000_0000, 0, 0x7f80_0000, 0xff80_0000, 1, 0x807f_ffff,
  0x7f7f_ffff, 0xff7f_ffff, 0x0080_0000,
];
const bits64 = [
  0x7ff8_0000_0000_1234n,
  0xfff8_0000_0000_4321n,
  0x7ff0_0000_0000_0001n,
  1n << 63n,
  0n,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  1n,
  0x800f_ffff_ffff_ffffn,
  0x7fef_ffff_ffff_ffffn,
  0xffef_ffff_ffff_ffffn,
  1n << 52n,
];

function extremesOf(dtype: NumericType): TypedArray {
  if (dtype === 'bool') return Uint8Array.of(0, 1);
  if (dtype === 'float16') return Uint16Array.from(bits16);
  if (dtype === 'float32') return viewOf(dtype, Uint32Array.from(bits32));
  if (dtype === 'float64') return viewOf(dtype, BigUint64Array.from(bits64));
  const width = BigInt(Number(/\d+$/.exec(dtype)![0]));
  const top = isUnsigned(dtype) ? 1n << width : 1n << (width - 1n);
  const bottom = isUnsigned(dtype) ? 0n : -top;
  return elements(dtype, [bottom, top - 1n, bottom + 1n, top / 2n, 1n, 0n, top - 2n]);
}

function viewOf(dtype: NumericType, bits: Uint32Array | BigUint64Array): TypedArray {
  return asElements(dtype, new Uint8Array(bits.buffer));
}
