/** Whether a value is what a model or a method takes, with MindSpore Serving's texts and what was expected and given. */
import {
  BytesTensor,
  elementWidth,
  formatShape,
  loneSurrogateAt,
  mindsporeTypeName,
  ServingError,
  StringTensor,
  Tensor,
  type DataType,
  type Port,
  type Value,
} from '@serving/common';
import type { ModelPort, ModelTensor } from '../sessions/session.js';

/** What is expected of a value: a port of a model, or a declared one of a method. */
export interface ExpectedPort {
  readonly name: string;
  readonly dtype: DataType;
  /** Undefined where any will do. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** Where the port belongs, in messages. */
export type PortOwner = 'model' | 'method';

interface Layout {
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

const scalarShape: readonly number[] = [];

export function layoutOf(value: Value): Layout {
  if (value instanceof Tensor || value instanceof StringTensor || value instanceof BytesTensor) return value;
  return { dtype: typeof value === 'string' ? 'string' : 'bytes', shape: scalarShape };
}

/**
 * The value as the model's input takes it, in the model's own shape, or why it does not fit.
 * @param index the input's position
 */
export function fitted(index: number, port: ModelPort, value: Value): ModelTensor | ServingError {
  const { dtype, shape } = layoutOf(value);
  const problem = misfit('model', index, port, dtype, shape);
  if (problem !== undefined) return problem;
  if (value instanceof Tensor) {
    const wrong = wrongBool(value);
    return wrong === undefined ? inModelShape(value, port.shape) : wrongBools(port.name, wrong);
  }
  const texts = value instanceof StringTensor ? value.data : [value as string];
  const wrong = texts.find((text) => !isSafeText(text));
  if (wrong !== undefined) return unsafeText(port.name, wrong);
  return new StringTensor(shapeInModel(shape, port.shape), texts);
}

/** The first byte of a bool tensor that is neither 0 nor 1: a model would compute with it; undefined when all are. */
export function wrongBool({ dtype, data }: Pick<Tensor, 'dtype' | 'data'>): number | undefined {
  return dtype === 'bool' ? (data as Uint8Array).find((byte) => byte > 1) : undefined;
}

function wrongBools(name: string, given: number): ServingError {
  return new ServingError(
    'INVALID_TENSOR',
    `input ${name}: expected 0 or 1 in each byte of a bool tensor, given ${given}`,
  );
}

/** The same elements with `[]` for `[1]` or the other way round, as the model has it. */
function inModelShape(tensor: Tensor, expected: ModelPort['shape']): Tensor {
  const shape = shapeInModel(tensor.shape, expected);
  return shape === tensor.shape ? tensor : new Tensor(tensor.dtype, shape, tensor.data);
}

function shapeInModel(shape: readonly number[], expected: ModelPort['shape']): readonly number[] {
  if (expected === undefined || shape.length === expected.length) return shape;
  return expected.length === 0 ? [] : [1];
}

/** onnxruntime ends texts at a NUL and puts something else for half a surrogate pair. */
function isSafeText(text: string): boolean {
  return !text.includes('\0') && loneSurrogateAt(text) === -1;
}

function unsafeText(name: string, text: string): ServingError {
  const what = text.includes('\0')
    ? `a NUL character at position ${text.indexOf('\0')}, where onnxruntime would cut the text off`
    : `half of a surrogate pair at position ${loneSurrogateAt(text)}, which onnxruntime would replace`;
  return new ServingError(
    'INPUT_MISMATCH',
    `input ${name}: expected text that a model can take, given ${what}`,
  );
}

/** What is wrong with a value that a method gives, where it has declared what that would be; undefined when it fits. */
export function wrongOutput({ name, dtype, shape }: Port, given: Layout): string | undefined {
  const isRight = (dtype === undefined || dtype === given.dtype) && fits(shape, given.shape);
  if (isRight) return undefined;
  const expected = `${dtype ?? given.dtype} ${formatShape(shape ?? given.shape)}`;
  return `output ${name}: expected ${expected}, as it is declared, given ${given.dtype} ${formatShape(given.shape)}`;
}

/** What is wrong with texts that a method gives; undefined when they can be sent. */
export function unsendableText({ name }: Port, value: Value): string | undefined {
  const texts = typeof value === 'string' ? [value] : value instanceof StringTensor ? value.data : [];
  for (const text of texts) {
    const at = loneSurrogateAt(text);
    if (at !== -1)
      return `output ${name}: expected text that UTF-8 can hold, given half of a surrogate pair at position ${at}`;
  }
  return undefined;
}

/** MindSpore Serving's rule that `[]` and `[1]` are the same scalar, beside an exact comparison of shapes. */
function fits(expected: ExpectedPort['shape'], shape: readonly number[]): boolean {
  if (expected === undefined) return true;
  if (shape.length === 0 && expected.length === 1)
    return expected[0] === 1 || typeof expected[0] === 'string';
  if (expected.length === 0) return shape.length === 0 || (shape.length === 1 && shape[0] === 1);
  if (shape.length !== expected.length) return false;
  return expected.every((dimension, axis) => typeof dimension === 'string' || dimension === shape[axis]);
}

/** @param index the port's position */
export function misfit(
  owner: PortOwner,
  index: number,
  port: ExpectedPort,
  dtype: DataType,
  shape: readonly number[],
): ServingError | undefined {
  if (dtype === port.dtype && fits(port.shape, shape)) return undefined;
  const problem =
    dtype === port.dtype
      ? sizeText(owner, index, port, shape)
      : `Given ${owner} input ${index} data type ${mindsporeTypeName(dtype)} not match the data type ${mindsporeTypeName(port.dtype)} defined in ${owner}`;
  return new ServingError(
    'INPUT_MISMATCH',
    `${problem}; input ${port.name}: expected ${port.dtype} ${shapeText(port.shape)}, given ${dtype} ${formatShape(shape)}`,
  );
}

/** `[2,n]`, in messages. */
export function shapeText(shape: ExpectedPort['shape']): string {
  return shape === undefined ? 'of any shape' : formatShape(shape);
}

/** The original compares sizes only, so its text for a wrong shape speaks of sizes; without fixed sizes, of shapes. */
function sizeText(owner: PortOwner, index: number, port: ExpectedPort, shape: readonly number[]): string {
  const given = shape.reduce((product, dimension) => product * dimension, elementWidth(port.dtype));
  const expected = port.shape!.reduce<number>(
    (product, dimension) => (typeof dimension === 'string' ? NaN : product * dimension),
    elementWidth(port.dtype),
  );
  if (Number.isNaN(expected) || expected === given) {
    return `Given ${owner} input ${index} shape ${formatShape(shape)} not match the shape ${shapeText(port.shape)} defined in ${owner}`;
  }
  return `Given ${owner} input ${index} size ${given} not match the size ${expected} defined in ${owner}`;
}
