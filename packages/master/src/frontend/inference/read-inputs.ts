/** Tensors of a request → one block of the method's inputs, or the reason why not, in Triton's words. */
import {
  Block,
  bytesColumn,
  elementCount,
  elementWidth,
  formatShape,
  isNumericType,
  numericColumn,
  ServingError,
  type Column,
  type DataType,
  type NumericType,
  type Port,
} from '@serving/common';
import { datatypeNames, datatypeOf, dataTypeOf } from '../inference-models/data-types.js';
import { isBatched, tensorDims } from '../inference-models/model-shapes.js';
import type { Model } from '../inference-models/models.js';
import { splitElements } from './bytes-elements.js';
import type { InferInput } from './infer-request.js';

/**
 * The instances of a request: as many as the batch has, or one.
 * @param batched whether dimension 0 of every tensor is the batch; as the model has it, unless the request says so
 * @throws ServingError
 */
export function readInputs(
  model: Model,
  inputs: readonly InferInput[],
  batched = isBatched(model.route.method),
): Block {
  const { method } = model.route;
  checkNames(model, inputs);
  const count = batched ? batchSize(model, inputs) : 1;
  const columns = method.inputs.map((port) => {
    const input = inputs.find(({ name }) => name === port.name)!;
    return readColumn(model, port, input, batched);
  });
  return new Block(count, columns);
}

function checkNames({ name, route }: Model, inputs: readonly InferInput[]): void {
  const expected = route.method.inputs.map((port) => port.name);
  const given = inputs.map((input) => input.name);
  const unexpected = given.find((input) => !expected.includes(input));
  if (unexpected !== undefined)
    throw mismatch(
      `unexpected inference input '${unexpected}' for model '${name}'; expected ${expected.join(', ') || 'none'}`,
    );
  const twice = given.find((input, index) => given.indexOf(input) !== index);
  if (twice !== undefined) throw mismatch(`input '${twice}' is given twice for model '${name}'`);
  if (given.length === expected.length) return;
  const missing = expected.filter((input) => !given.includes(input));
  throw mismatch(
    `expected ${expected.length} inputs but got ${given.length} inputs for model '${name}'. Got input(s) ${quoted(given)}, but missing required input(s) ${quoted(missing)}. Please provide all required input(s).`,
  );
}

function quoted(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(',')}]`;
}

function batchSize({ name }: Model, inputs: readonly InferInput[]): number {
  let size: number | undefined;
  for (const input of inputs) {
    const [first] = input.shape;
    if (first === undefined)
      throw mismatch(
        `input '${input.name}' has no shape but model requires batch dimension for '${name}'; expected [n,…]`,
      );
    if (size !== undefined && first !== size)
      throw mismatch(
        `input '${input.name}' batch size does not match other inputs for '${name}'; expected ${size}, given ${first}`,
      );
    size = first;
  }
  if (size === 0) throw mismatch(`model '${name}': expected a batch of at least 1 instance, given 0`);
  return size ?? 1;
}

function readColumn(model: Model, port: Port, input: InferInput, batched: boolean): Column {
  const { name, contents } = input;
  const dtype = readType(model, port, input);
  const given = batched ? input.shape.slice(1) : input.shape;
  const elements = elementCount(input.shape);
  if (elements === undefined)
    throw invalid(
      `input '${name}' for model '${model.name}': shape ${formatShape(input.shape)} is invalid: expected at most 64 dimensions from 0, and at most 2^32-1 elements`,
    );
  if (!fits(port.shape, given)) throw wrongShape(model, port, input, batched);
  if (isNumericType(dtype)) {
    checkBytes(model, input, elements, dtype);
    return numericColumn(name, dtype, given, [contents as Uint8Array]);
  }
  const what = `input '${name}' for model '${model.name}'`;
  const split = contents instanceof Uint8Array ? splitElements(contents, elements, what) : contents;
  if (split.length !== elements)
    throw invalid(`${what}: expected ${elements} elements of BYTES, given ${split.length}`);
  return bytesColumn(name, dtype, scalarIfOne(port, given), split);
}

/** A port that is open takes BYTES as bytes, unless the client says that they are text. */
function readType({ name: model }: Model, port: Port, { name, datatype, parameters }: InferInput): DataType {
  const given = dataTypeOf(datatype);
  if (given === undefined)
    throw invalid(
      `input '${name}' for model '${model}': expected a datatype out of ${datatypeNames.join(', ')}, given '${datatype}'`,
    );
  if (port.dtype === undefined)
    return given === 'bytes' && parameters.get('content_type') === 'str' ? 'string' : given;
  if (datatypeOf(port.dtype) === datatype) return port.dtype;
  throw mismatch(
    `inference input '${name}' data-type is '${datatype}', but model '${model}' expects '${datatypeOf(port.dtype)}'`,
  );
}

/** `[]` and `[1]` are the same scalar. */
function fits(expected: Port['shape'], given: readonly number[]): boolean {
  if (expected === undefined) return true;
  const isScalar = (shape: readonly (number | string)[]) =>
    shape.length === 0 || (shape.length === 1 && (shape[0] === 1 || typeof shape[0] === 'string'));
  if (given.length === 0 || expected.length === 0)
    return isScalar(expected) && (given.length === 0 || (given.length === 1 && given[0] === 1));
  return (
    expected.length === given.length &&
    expected.every((dimension, axis) => typeof dimension === 'string' || dimension === given[axis])
  );
}

function wrongShape(
  { name: model, route }: Model,
  port: Port,
  { name, shape }: InferInput,
  batched: boolean,
): ServingError {
  const note = isBatched(route.method)
    ? '. NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each input shape.'
    : '';
  return mismatch(
    `unexpected shape for input '${name}' for model '${model}'. Expected ${formatShape(tensorDims(route.method, port, batched))}, got ${formatShape(shape)}${note}`,
  );
}

function checkBytes(
  { name: model }: Model,
  { name, contents }: InferInput,
  elements: number,
  dtype: NumericType,
): void {
  const expected = elements * elementWidth(dtype);
  if (contents instanceof Uint8Array && contents.byteLength === expected) return;
  throw invalid(
    `input byte size mismatch for input '${name}' for model '${model}'. Expected ${expected}, got ${contents instanceof Uint8Array ? contents.byteLength : 'elements of BYTES'}`,
  );
}

/** Single texts and byte strings are plain values, unless the port is a tensor. */
function scalarIfOne(port: Port, given: readonly number[]): readonly number[] {
  const isOpen = port.shape === undefined || port.shape.length === 0;
  return isOpen && given.length === 1 && given[0] === 1 ? [] : given;
}

function mismatch(text: string): ServingError {
  return new ServingError('INPUT_MISMATCH', text);
}

function invalid(text: string): ServingError {
  return new ServingError('INVALID_TENSOR', text);
}
