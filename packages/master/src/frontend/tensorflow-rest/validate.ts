/** Tensors of a request → inputs of the method that it is for, in its dtypes, or what is wrong with them. */
import {
  isNumericType,
  sameShape,
  formatShape,
  ServingError,
  type DataType,
  type MethodSignature,
  type Port,
} from '@serving/common';
import { ElementError } from '../../json/element-error.js';
import type { JsonTensor } from '../../json/json-tensor.js';
import { inferredType, numericBytes, textElements } from '../../json/tensor-elements.js';
import { isSlices, joined, objectsOfSlice, type Slices, type Soon } from '../../slices/slices.js';
import { noParameters, type InferInput, type Parameters } from '../inference/infer-request.js';
import { datatypeOf } from '../inference-models/data-types.js';
import { elementName, isNamed, type Form, type NamedTensors, type PredictBody } from './predict-body.js';

/** @throws ServingError INPUT_MISMATCH, INVALID_TENSOR */
export function* inputsOf(method: MethodSignature, { form, inputs }: PredictBody): Slices<InferInput[]> {
  if (!isNamed(inputs)) {
    const port = onlyInput(method, form);
    return [yield* inputOf(port, inputs.shape, [inputs], () => `input '${port.name}':`)];
  }
  checkNames(method, form, inputs);
  const given: InferInput[] = [];
  for (const port of method.inputs) given.push(yield* namedInput(port, form, inputs.get(port.name)!));
  return given;
}

function onlyInput({ inputs }: MethodSignature, form: Form): Port {
  if (inputs.length === 1) return inputs[0]!;
  const names = inputs.map(({ name }) => name).join(', ') || 'none';
  throw mismatch(
    form === 'row'
      ? `instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map: ${names}`
      : `inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map: ${names}`,
  );
}

function checkNames(method: MethodSignature, form: Form, inputs: NamedTensors): void {
  const expected = method.inputs.map(({ name }) => name);
  const unknown = [...inputs.keys()].find((name) => !expected.includes(name));
  if (unknown !== undefined)
    throw mismatch(
      `JSON object: does not have named input: ${unknown}; expected ${expected.join(', ') || 'none'}`,
    );
  const missing = expected.find((name) => !inputs.has(name));
  if (missing === undefined) return;
  throw mismatch(
    form === 'row'
      ? `${elementName(0)} JSON object: keys must be equal to: ${expected.join(',')}; given no key '${missing}'`
      : `Missing named input: ${missing} in 'inputs' object.`,
  );
}

function* namedInput(port: Port, form: Form, tensors: readonly JsonTensor[]): Slices<InferInput> {
  const { shape } = tensors[0]!;
  if (form === 'column') return yield* inputOf(port, shape, tensors, () => `input '${port.name}':`);
  const odd = tensors.findIndex((tensor) => !sameShape(tensor.shape, shape));
  if (odd !== -1)
    throw new ServingError(
      'INVALID_TENSOR',
      `${elementName(odd, port.name)} Error: Expecting shape ${formatShape(shape)} but got: ${formatShape(tensors[odd]!.shape)}`,
    );
  return yield* inputOf(
    port,
    [tensors.length, ...shape],
    tensors,
    (index) => `${elementName(index, port.name)} Error:`,
  );
}

/** @param where begins the text of an error in one of the tensors */
function* inputOf(
  port: Port,
  shape: readonly number[],
  tensors: readonly JsonTensor[],
  where: (index: number) => string,
): Slices<InferInput> {
  const dtype = port.dtype ?? commonType(tensors, where);
  const parts = yield* partsOf(tensors, dtype, where);
  const contents = isNumericType(dtype)
    ? yield* joined(parts as Uint8Array[])
    : (parts as Uint8Array[][]).flat();
  const parameters = dtype === 'string' ? asText : noParameters;
  return { name: port.name, datatype: datatypeOf(dtype), shape, parameters, contents };
}

/** For an input that is open: its bytes are text. */
const asText: Parameters = new Map([['content_type', 'str']]);

type Part = Uint8Array | readonly Uint8Array[];

function* partsOf(
  tensors: readonly JsonTensor[],
  dtype: DataType,
  where: (index: number) => string,
): Slices<Part[]> {
  const parts: Part[] = [];
  let pauseAt = objectsOfSlice;
  for (const [index, { leaves }] of tensors.entries()) {
    try {
      const soon: Soon<Part> = isNumericType(dtype)
        ? numericBytes(leaves, dtype)
        : textElements(leaves, dtype);
      parts.push(isSlices(soon) ? yield* soon : soon);
    } catch (thrown) {
      if (!(thrown instanceof ElementError)) throw thrown;
      throw new ServingError('INVALID_TENSOR', `${where(index)} ${thrown.message}`);
    }
    if (index < pauseAt) continue;
    pauseAt = index + objectsOfSlice;
    yield;
  }
  return parts;
}

/** The type of an input that is open: that of its elements, where integers beside floats are floats. */
function commonType(tensors: readonly JsonTensor[], where: (index: number) => string): DataType {
  let common: DataType | undefined;
  for (const [index, { leaves }] of tensors.entries()) {
    const dtype = inferredType(leaves);
    if (dtype === undefined || dtype === common) continue;
    if (common === undefined || (common === 'int32' && dtype === 'float32')) common = dtype;
    else if (common !== 'float32' || dtype !== 'int32')
      throw new ServingError(
        'INVALID_TENSOR',
        `${where(index)} expected elements of ${common}, as in those before, given ${dtype}`,
      );
  }
  return common ?? 'float32';
}

function mismatch(text: string): ServingError {
  return new ServingError('INPUT_MISMATCH', text);
}
