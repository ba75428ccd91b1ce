/** What an instance gives for an input → elements of the type that the input has, or why not. */
import { isNumericType, type DataType, type Port } from '@serving/common';
import { isIntegerType } from '../../json/integer-elements.js';
import { inferredType, numericBytes } from '../../json/tensor-elements.js';
import type { NumberLeaves, TensorLeaves } from '../../json/tensor-leaves.js';
import type { Soon } from '../../slices/slices.js';
import type { TensorLayout } from '../instance-blocks.js';
import { isFloatType, type GivenTensor } from './given-tensor.js';
import { ParserFault } from './parser-fault.js';

export interface CheckedTensor {
  readonly layout: TensorLayout;
  readonly bytes: Soon<Uint8Array>;
}

/**
 * Integers become elements of any integer type that the input has, numbers with a fraction or exponent of any
 * floating-point type: what they are written as counts, since the original tells 1 from 1.0. Where the author of the
 * servable has declared the type, numbers of either kind become elements of it. What remains of another type is left to
 * the model's or method's own check, which is the same for every protocol.
 * @throws ParserFault; ElementError, also while the bytes are made
 */
export function checkTensor(port: Port, given: GivenTensor): CheckedTensor {
  const { shape } = given;
  if (given.kind === 'base64') return { layout: { dtype: given.dtype, shape }, bytes: given.bytes };
  const { leaves } = given;
  if (leaves.kind === 'texts') return { layout: { dtype: 'string', shape: [] }, bytes: leaves.values[0]! };
  const dtype = elementType(port, leaves);
  if (dtype === undefined || !isNumericType(dtype)) {
    const detail = "expected elements, since the input's type is not known to be numeric; given none";
    throw new ParserFault('json array, shape is empty', detail);
  }
  return { layout: { dtype, shape }, bytes: numericBytes(leaves, dtype) };
}

function elementType(port: Port, leaves: TensorLeaves): DataType | undefined {
  const { dtype } = port;
  if (leaves.kind === 'none') return dtype;
  return leaves.kind === 'numbers' && takesNumbers(port, leaves) ? dtype : inferredType(leaves);
}

function takesNumbers({ dtype, isDeclared }: Port, { firstFloat }: NumberLeaves): boolean {
  if (dtype === undefined || !isNumericType(dtype) || dtype === 'bool') return false;
  if (isDeclared === true) return true;
  return firstFloat === -1 ? isIntegerType(dtype) : isFloatType(dtype);
}
