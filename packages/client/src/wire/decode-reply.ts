/** A `PredictReply` message as results, one an instance, in the order of the request. */
import {
  asBytes,
  asElements,
  BytesTensor,
  dataTypeFromWire,
  elementCount,
  elementWidth,
  formatShape,
  isNumericType,
  mindspore,
  StringTensor,
  Tensor,
  type NumericType,
  type Value,
} from '@serving/common';
import { badReply, InferError, serverError } from '../infer-error.js';
import type { InferResult } from '../infer-result.js';

// A leading byte order mark belongs to the text.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The list of errors is empty when all went well, holds one error for a request that failed as a whole, or one entry
 * an instance with code 0 for those that succeeded. Outputs are views of `message` where their alignment allows.
 * @throws InferError BAD_REPLY when the message cannot be read or does not answer `count` instances
 */
export function decodeReply(message: Uint8Array, count: number): InferResult[] {
  const { instances, errorMsg: errors } = readReply(message);
  const failures = errors.map(failureOf);
  if (failures.length === 1 && instances.length === 0 && failures[0] !== undefined)
    return Array.from({ length: count }, () => ({ ok: false, error: failures[0]! }));
  const answersAll = instances.length === count && (errors.length === 0 || errors.length === count);
  const refusesAll = instances.length === 0 && errors.length === count && !failures.includes(undefined);
  if (!answersAll && !refusesAll)
    throw badReply(
      `the reply does not fit the request: expected ${count} instances, given ${instances.length} with ${errors.length} errors`,
    );
  return Array.from({ length: count }, (_, index) => {
    const error = failures[index];
    return error === undefined ? decodeInstance(instances[index]!) : { ok: false, error };
  });
}

function readReply(message: Uint8Array): mindspore.PredictReply {
  try {
    return mindspore.PredictReply.decode(message);
  } catch (cause) {
    throw badReply('the reply cannot be read: expected a PredictReply message', cause);
  }
}

function failureOf({ errorCode, errorMsg }: mindspore.ErrorMsg): InferError | undefined {
  return errorCode === 0n ? undefined : serverError(errorCode, Buffer.from(errorMsg).toString('utf8'));
}

/** An output that cannot be read fails its instance only. */
function decodeInstance(instance: mindspore.Instance): InferResult {
  try {
    const outputs = Array.from(instance.items, ([name, item]) => [name, decodeValue(name, item)] as const);
    return { ok: true, outputs: Object.fromEntries(outputs) };
  } catch (thrown) {
    if (thrown instanceof InferError) return { ok: false, error: thrown };
    throw thrown;
  }
}

function decodeValue(name: string, item: mindspore.Tensor): Value {
  const dtype = dataTypeFromWire(item.dtype);
  if (dtype === undefined) throw unreadable(name, 'a known data type', `type number ${item.dtype}`);
  return isNumericType(dtype) ? decodeNumeric(name, dtype, item) : decodeElements(name, dtype, item);
}

/** One element is a plain value; a method may give several, as a tensor of them. */
function decodeElements(
  name: string,
  dtype: 'string' | 'bytes',
  { bytesVal, shape }: mindspore.Tensor,
): Value {
  const dims = shape?.dims.map(Number) ?? [];
  const isSingle = dims.length === 0 || (dims.length === 1 && dims[0] === 1);
  const expected = isSingle ? 1 : elementCount(dims);
  if (bytesVal.length !== expected) {
    const wanted = isSingle ? `one ${dtype} value` : `${expected ?? 'a valid number of'} ${dtype} values`;
    throw unreadable(name, wanted, String(bytesVal.length));
  }
  if (dtype === 'bytes')
    return isSingle ? asBytes(bytesVal[0]!) : new BytesTensor(dims, bytesVal.map(asBytes));
  const texts = bytesVal.map((value) => decodeText(name, value));
  return isSingle ? texts[0]! : new StringTensor(dims, texts);
}

function decodeText(name: string, value: Uint8Array): string {
  try {
    return utf8.decode(value);
  } catch {
    throw unreadable(name, 'UTF-8 text', `${value.byteLength} bytes that are not`);
  }
}

function decodeNumeric(name: string, dtype: NumericType, item: mindspore.Tensor): Tensor {
  if (item.tensorData?.$case === 'shmData')
    throw unreadable(name, 'data in the message', 'a reference to shared memory');
  const shape = item.shape?.dims.map(Number) ?? [];
  const bytes = item.tensorData?.value ?? new Uint8Array(0);
  const count = elementCount(shape);
  if (count === undefined) throw unreadable(name, 'a shape of whole dimensions', formatShape(shape));
  const size = count * elementWidth(dtype);
  if (bytes.byteLength !== size)
    throw unreadable(name, `${size} bytes for ${dtype} ${formatShape(shape)}`, String(bytes.byteLength));
  return new Tensor(dtype, shape, asElements(dtype, bytes));
}

function unreadable(name: string, expected: string, given: string): InferError {
  return badReply(`output '${name}' of the reply: expected ${expected}, given ${given}`);
}
