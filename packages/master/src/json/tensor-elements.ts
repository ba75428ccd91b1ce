/** The elements of a JSON tensor as those of a wanted type, as columns and tensors hold them. */
import { isUtf8 } from 'node:buffer';
import { asBytes, shortened, type DataType, type NumericType } from '@serving/common';
import { objectsOfSlice, type Slices, type Soon } from '../slices/slices.js';
import { converted, type Conversion } from './conversion.js';
import { ElementError } from './element-error.js';
import { floatConversion } from './float-elements.js';
import { integerConversion, isIntegerType } from './integer-elements.js';
import type { BooleanLeaves, NoLeaves, NumberLeaves, TensorLeaves } from './tensor-leaves.js';

/** Characters of a text that an error shows. */
const maxShown = 40;

export interface ElementRules {
  /** Whether 1.0 counts as 1 for integer types; 1.5 never does. @default true */
  readonly wholeFloats?: boolean;
  /** Whether 0 and 1 count as false and true. @default false */
  readonly numbersAsBooleans?: boolean;
  /** Whether false and true count as 0 and 1. @default false */
  readonly booleansAsNumbers?: boolean;
}

/**
 * Little-endian bytes of all elements.
 * @throws ElementError at the first one that is no value of `dtype`
 */
export function numericBytes(
  leaves: TensorLeaves,
  dtype: NumericType,
  rules: ElementRules = {},
): Soon<Uint8Array> {
  if (leaves.kind === 'none') return new Uint8Array(0);
  if (leaves.kind === 'booleans' && dtype === 'bool') return leaves.values;
  return converted(conversionOf(leaves, dtype, rules), leaves.values.length);
}

function conversionOf(
  leaves: Exclude<TensorLeaves, NoLeaves>,
  dtype: NumericType,
  rules: ElementRules,
): Conversion {
  if (leaves.kind === 'numbers') {
    return dtype === 'bool' ? booleansOf(leaves, rules) : numbersOf(leaves, dtype, rules);
  }
  if (leaves.kind !== 'booleans' || dtype === 'bool' || rules.booleansAsNumbers !== true)
    throw refused(leaves, dtype);
  return numbersOf(asNumbers(leaves), dtype, {});
}

/**
 * The elements as UTF-8 text or opaque bytes, one entry each.
 * @throws ElementError at the first one that is neither, or no UTF-8 where `dtype` is string
 */
export function textElements(leaves: TensorLeaves, dtype: 'string' | 'bytes'): Soon<readonly Uint8Array[]> {
  if (leaves.kind === 'none') return [];
  if (leaves.kind !== 'texts' && leaves.kind !== 'bytes') throw refused(leaves, dtype);
  return leaves.kind === 'texts' || dtype === 'bytes' ? leaves.values : checkedTexts(leaves.values);
}

function* checkedTexts(values: readonly Uint8Array[]): Slices<readonly Uint8Array[]> {
  let pauseAt = objectsOfSlice;
  for (const [index, bytes] of values.entries()) {
    if (!isUtf8(bytes)) throw new ElementError(index, 'UTF-8 for string', 'other bytes');
    if (index < pauseAt) continue;
    pauseAt = index + objectsOfSlice;
    yield;
  }
  return values;
}

/**
 * The type that elements have where nobody says which, by MindSpore Serving's rule: int32 for integers, float32 for
 * numbers with a fraction or exponent. Undefined when there are no elements.
 */
export function inferredType(leaves: TensorLeaves): DataType | undefined {
  if (leaves.kind === 'none') return undefined;
  if (leaves.kind === 'numbers') return leaves.firstFloat === -1 ? 'int32' : 'float32';
  if (leaves.kind === 'booleans') return 'bool';
  return leaves.kind === 'texts' ? 'string' : 'bytes';
}

function numbersOf(
  leaves: NumberLeaves,
  dtype: Exclude<NumericType, 'bool'>,
  rules: ElementRules,
): Conversion {
  const { firstFloat, values } = leaves;
  if (dtype === 'float64') return { bytes: asBytes(values), convert: () => undefined };
  if (!isIntegerType(dtype)) return floatConversion(values, dtype);
  if (firstFloat !== -1 && rules.wholeFloats === false) {
    throw new ElementError(firstFloat, `an integer for ${dtype}`, asFloat(values[firstFloat]!));
  }
  return integerConversion(leaves, dtype);
}

function booleansOf(leaves: NumberLeaves, rules: ElementRules): Conversion {
  const { values } = leaves;
  if (rules.numbersAsBooleans !== true) throw refused(leaves, 'bool');
  const elements = new Uint8Array(values.length);
  return {
    bytes: elements,
    convert(from, to) {
      for (let i = from; i < to; i++) {
        const value = values[i]!;
        if (value !== 0 && value !== 1)
          throw new ElementError(i, 'true, false, 0 or 1 for bool', String(value));
        elements[i] = value;
      }
    },
  };
}

function asNumbers(leaves: BooleanLeaves): NumberLeaves {
  return { kind: 'numbers', values: Float64Array.from(leaves.values), firstFloat: -1, exact: [] };
}

/** No element is of the type: the first one as an example. */
function refused(leaves: Exclude<TensorLeaves, NoLeaves>, dtype: DataType): ElementError {
  return new ElementError(0, expectedFor(dtype), firstOf(leaves));
}

function firstOf(leaves: Exclude<TensorLeaves, NoLeaves>): string {
  if (leaves.kind === 'bytes') return 'bytes';
  if (leaves.kind === 'texts')
    return JSON.stringify(shortened(Buffer.from(leaves.values[0]!).toString('utf8'), maxShown));
  if (leaves.kind === 'booleans') return leaves.values[0] === 1 ? 'true' : 'false';
  const [exact] = leaves.exact;
  return String(exact?.element === 0 ? exact.value : leaves.values[0]);
}

function asFloat(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

function expectedFor(dtype: DataType): string {
  if (dtype === 'bool') return 'true or false for bool';
  if (dtype === 'string') return 'a string';
  return dtype === 'bytes' ? 'a string or bytes' : `a number for ${dtype}`;
}
