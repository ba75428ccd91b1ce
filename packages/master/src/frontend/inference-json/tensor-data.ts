/** Elements of an input in JSON → its contents. */
import { elementCount, formatShape } from '@serving/common';
import type { JsonCursor } from '../../json/json-cursor.js';
import { JsonTensorReader, type JsonTensor } from '../../json/json-tensor.js';
import { ElementError } from '../../json/element-error.js';
import { numericBytes, textElements } from '../../json/tensor-elements.js';
import { dataTypeOf } from '../inference-models/data-types.js';
import type { InferInput } from '../inference/infer-request.js';
import type { ReadBudget } from '../../json/read-budget.js';
import { isSlices, type Slices, type Soon } from '../../slices/slices.js';
import { badRequest } from './reading.js';

/** Elements in nested lists, or in one. @throws JsonError */
export function* readData(cursor: JsonCursor, budget: ReadBudget): Slices<JsonTensor> {
  const given = cursor.kind();
  if (given !== 'array') throw cursor.error(`expected an array, given ${given}`);
  const soon = new JsonTensorReader(cursor, budget.rules({})).read();
  const data = isSlices(soon) ? yield* soon : soon;
  budget.spend(data.leaves);
  return data;
}

/**
 * The elements in the datatype of the input. Of a datatype that is none there are no elements, which whoever reads the
 * tensor says.
 * @throws ServingError BAD_REQUEST for elements that are not of this datatype, or do not fill the shape
 */
export function* contentsOf(
  data: JsonTensor,
  { name, datatype, shape }: Pick<InferInput, 'name' | 'datatype' | 'shape'>,
): Slices<InferInput['contents']> {
  if (datatype === 'FP16' || datatype === 'BF16')
    throw badRequest(
      `receiving ${datatype} data via JSON is not supported. Please use the binary data format for input ${name}`,
    );
  const dtype = dataTypeOf(datatype);
  if (dtype === undefined) return new Uint8Array(0);
  checkShape(data.shape, shape, name);
  try {
    const soon: Soon<InferInput['contents']> =
      dtype === 'string' || dtype === 'bytes'
        ? textElements(data.leaves, dtype)
        : numericBytes(data.leaves, dtype);
    return isSlices(soon) ? yield* soon : soon;
  } catch (thrown) {
    if (thrown instanceof ElementError)
      throw badRequest(`Unable to parse 'data' of input '${name}': ${thrown.message}`);
    throw thrown;
  }
}

/** One list of all elements is as good as lists nested by the shape. */
function checkShape(given: readonly number[], shape: readonly number[], name: string): void {
  const count = elementCount(shape);
  // A shape that no tensor can have is told of by whoever reads the tensor.
  if (count === undefined) return;
  const isFlat = given.length === 1 && given[0] === count;
  if (isFlat || isNestedBy(given, shape, count)) return;
  throw badRequest(
    `Unable to parse 'data': Shape does not match true shape of 'data' field: input '${name}': expected ${formatShape(shape)}, or one list of ${count}, given ${formatShape(given)}`,
  );
}

/** Lists of a tensor without elements end where they are empty. */
function isNestedBy(given: readonly number[], shape: readonly number[], count: number): boolean {
  if (given.length > shape.length || (given.length < shape.length && count > 0)) return false;
  return given.every((size, axis) => size === shape[axis]);
}
