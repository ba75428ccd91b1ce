/** MindSpore Serving's rules for a tensor on the wire, with its texts first and what was expected after them. */
import {
  dataTypeFromWire,
  elementCount,
  elementWidth,
  formatShape,
  isNumericType,
  ServingError,
  type DataType,
  type mindspore,
  type NumericType,
} from '@serving/common';

/** A tensor whose dtype, shape and bytes agree. */
export interface CheckedTensor {
  readonly name: string;
  readonly dtype: DataType;
  /** Scalars of text and bytes are always `[]`. */
  readonly shape: readonly number[];
  /** Numeric elements, little-endian, or the one string or bytes element; a view into the message. */
  readonly bytes: Uint8Array;
}

const noBytes = new Uint8Array(0);

/** @throws ServingError INVALID_TENSOR */
export function checkTensor(name: string, tensor: mindspore.Tensor): CheckedTensor {
  const dtype = dataTypeFromWire(tensor.dtype);
  if (dtype === undefined) {
    throw invalid(
      name,
      `Tensor check failed: input data type ${tensor.dtype} invalid; expected MS_BOOL (1) to MS_BYTES (14)`,
    );
  }
  if (tensor.tensorData?.$case === 'shmData') {
    throw invalid(
      name,
      'Tensor check failed: shared memory named by a client is not accepted; expected the elements in data',
    );
  }
  return isNumericType(dtype) ? checkNumeric(name, dtype, tensor) : checkElement(name, dtype, tensor);
}

function checkNumeric(name: string, dtype: NumericType, tensor: mindspore.Tensor): CheckedTensor {
  const shape = readShape(name, tensor.shape?.dims ?? []);
  const count = elementCount(shape);
  // Only the last dimension may be 0 in MindSpore Serving, so the original refuses what ends up here too.
  if (count === undefined || shape.slice(0, -1).includes(0)) {
    const why = 'expected dimensions from 0, a 0 only at the end, and at most 2^32-1 elements';
    throw invalid(name, `Tensor check failed: input  shape ${formatShape(shape)} invalid; ${why}`);
  }
  const bytes = tensor.tensorData?.$case === 'data' ? tensor.tensorData.value : noBytes;
  const expected = count * elementWidth(dtype);
  if (bytes.length !== expected) {
    const why = `expected ${expected} bytes for ${dtype} ${formatShape(shape)}, given ${bytes.length}`;
    throw invalid(name, `Tensor check failed: input data size ${bytes.length} invalid; ${why}`);
  }
  return { name, dtype, shape, bytes };
}

function checkElement(name: string, dtype: 'string' | 'bytes', tensor: mindspore.Tensor): CheckedTensor {
  const given = tensor.bytesVal.length;
  if (given !== 1) {
    const why = `expected one entry in bytes_val, given ${given}`;
    throw invalid(
      name,
      `Instance tensor check failed: bytes or string type shape batch size can only be 1; ${why}`,
    );
  }
  const dims = tensor.shape?.dims ?? [];
  if (dims.length > 1 || (dims.length === 1 && dims[0] !== 1n)) {
    throw invalid(
      name,
      `Instance tensor check failed: bytes or string type input  shape can only be (1,) or empty, but given shape is ${formatDimensions(dims)}`,
    );
  }
  return { name, dtype, shape: [], bytes: tensor.bytesVal[0]! };
}

function readShape(name: string, dims: readonly bigint[]): number[] {
  return dims.map((dimension) => {
    const value = Number(dimension);
    if (Number.isSafeInteger(value)) return value;
    throw invalid(
      name,
      `Tensor check failed: input  shape ${formatDimensions(dims)} invalid; expected dimensions below 2^32`,
    );
  });
}

/** As formatShape, for dimensions of 64 bits; a hostile list is cut before it is printed. */
function formatDimensions(dims: readonly bigint[]): string {
  return formatShape(dims.slice(0, 100).map(String));
}

function invalid(name: string, detail: string): ServingError {
  return new ServingError('INVALID_TENSOR', `Instances input ${name} check failed, detail: ${detail}`);
}
