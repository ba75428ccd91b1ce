/** MindSpore Serving's rules for a tensor on the wire, with its texts first and what was expected after them. */
import {
  dataTypeFromWire,
  elementCount,
  elementWidth,
  formatShape,
  isNumericType,
  ServingError,
  type NumericType,
} from '@serving/common';
import type { TensorLayout } from '../instance-blocks.js';
import type { TensorFields } from './tensor-fields.js';

const elementLayouts = {
  string: { dtype: 'string', shape: [] },
  bytes: { dtype: 'bytes', shape: [] },
} as const;

/** @throws ServingError INVALID_TENSOR */
export function checkTensor(name: string, tensor: TensorFields): TensorLayout {
  const dtype = dataTypeFromWire(tensor.dtype);
  if (dtype === undefined) {
    throw invalid(
      name,
      `Tensor check failed: input data type ${tensor.dtype} invalid; expected MS_BOOL (1) to MS_BYTES (14)`,
    );
  }
  if (tensor.isShared) {
    throw invalid(
      name,
      'Tensor check failed: shared memory named by a client is not accepted; expected the elements in data',
    );
  }
  return isNumericType(dtype) ? checkNumeric(name, dtype, tensor) : checkElement(name, dtype, tensor);
}

function checkNumeric(name: string, dtype: NumericType, tensor: TensorFields): TensorLayout {
  const shape = readShape(name, tensor.dims.slice(0, tensor.rank));
  const count = elementCount(shape);
  // Only the last dimension may be 0 in MindSpore Serving, so the original refuses what ends up here too.
  if (count === undefined || shape.slice(0, -1).includes(0)) {
    const why = 'expected dimensions from 0, a 0 only at the end, and at most 2^32-1 elements';
    throw invalid(name, `Tensor check failed: input  shape ${formatShape(shape)} invalid; ${why}`);
  }
  const given = tensor.dataEnd - tensor.dataStart;
  const expected = count * elementWidth(dtype);
  if (given !== expected) {
    const why = `expected ${expected} bytes for ${dtype} ${formatShape(shape)}, given ${given}`;
    throw invalid(name, `Tensor check failed: input data size ${given} invalid; ${why}`);
  }
  return { dtype, shape };
}

function checkElement(name: string, dtype: 'string' | 'bytes', tensor: TensorFields): TensorLayout {
  const given = tensor.elements;
  if (given !== 1) {
    const why = `expected one entry in bytes_val, given ${given}`;
    throw invalid(
      name,
      `Instance tensor check failed: bytes or string type shape batch size can only be 1; ${why}`,
    );
  }
  const dims = tensor.dims.slice(0, tensor.rank);
  if (dims.length > 1 || (dims.length === 1 && dims[0] !== 1)) {
    throw invalid(
      name,
      `Instance tensor check failed: bytes or string type input  shape can only be (1,) or empty, but given shape is ${formatDimensions(dims)}`,
    );
  }
  return elementLayouts[dtype];
}

function readShape(name: string, dims: readonly (number | bigint)[]): number[] {
  return dims.map((dimension) => {
    if (typeof dimension === 'number') return dimension;
    throw invalid(
      name,
      `Tensor check failed: input  shape ${formatDimensions(dims)} invalid; expected dimensions below 2^32`,
    );
  });
}

/** As formatShape, for dimensions of 64 bits. */
function formatDimensions(dims: readonly (number | bigint)[]): string {
  return formatShape(dims.map(String));
}

function invalid(name: string, detail: string): ServingError {
  return new ServingError('INVALID_TENSOR', `Instances input ${name} check failed, detail: ${detail}`);
}
