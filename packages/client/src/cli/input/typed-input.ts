/** Inputs that state their type: `{"b64": …, "type": …, "shape": …}`, and beyond REST `{"data": …, "type": …}`. */
import {
  asElements,
  elementCount,
  elementWidth,
  formatShape,
  isDataType,
  isNumericType,
  sameShape,
  ServingError,
  Tensor,
  type DataType,
  type NumericType,
} from '@serving/common';
import { describeGiven } from '../../values/describe-given.js';
import type { InputValue } from '../../values/input-value.js';
import { flatten } from '../../values/nested-array.js';
import { tensorOf } from '../../values/tensor-input.js';
import { isObject, NumberLiteral, type JsonObject, type JsonValue } from './json-text.js';

const keys: ReadonlySet<string> = new Set(['b64', 'data', 'type', 'shape']);

/** Names of types that differ from ours. */
const shortNames: ReadonlyMap<string, DataType> = new Map([
  ['fp16', 'float16'],
  ['fp32', 'float32'],
  ['fp64', 'float64'],
  ['str', 'string'],
]);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function isTypedInput(json: JsonValue): json is JsonObject {
  return isObject(json) && (Object.hasOwn(json, 'b64') || Object.hasOwn(json, 'data'));
}

/** @throws ServingError saying what was expected */
export function parseTypedInput(json: JsonObject): InputValue {
  const unknown = Object.keys(json).find((key) => !keys.has(key));
  if (unknown !== undefined) throw bad(`expected only the keys ${[...keys].join(', ')}, given '${unknown}'`);
  const { b64, data, type, shape } = json;
  if (b64 !== undefined && data !== undefined) throw bad('expected either b64 or data, given both');
  const dimensions = shape === undefined ? undefined : parseShape(shape);
  if (b64 !== undefined)
    return fromBytes(type === undefined ? 'bytes' : parseType(type), dimensions ?? [], decodeBase64(b64));
  return fromData(type === undefined ? undefined : parseType(type), dimensions, data!);
}

function parseType(json: JsonValue): DataType {
  const name = typeof json === 'string' ? (shortNames.get(json) ?? json) : '';
  if (isDataType(name)) return name;
  throw bad(`type: expected a type such as float32, int64, bool, str or bytes, given ${describeGiven(json)}`);
}

function parseShape(json: JsonValue): number[] {
  const shape = Array.isArray(json) ? json.map(dimension) : undefined;
  if (shape !== undefined && elementCount(shape) !== undefined) return shape;
  throw bad(`shape: expected an array of whole numbers, 0 or more, given ${describeGiven(json)}`);
}

function dimension(json: JsonValue): number {
  return json instanceof NumberLiteral ? Number(json.text) : NaN;
}

function decodeBase64(json: JsonValue): Uint8Array {
  if (typeof json === 'string' && json.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(json))
    return Buffer.from(json, 'base64');
  throw bad(`b64: expected base64 text with padding, given ${describeGiven(json)}`);
}

function fromBytes(dtype: DataType, shape: readonly number[], bytes: Uint8Array): InputValue {
  const count = elementCount(shape) ?? 0;
  if (isNumericType(dtype)) {
    const size = count * elementWidth(dtype);
    if (bytes.byteLength !== size)
      throw bad(`b64: expected ${size} bytes for ${dtype} ${formatShape(shape)}, given ${bytes.byteLength}`);
    return new Tensor(dtype, shape, asElements(dtype, bytes));
  }
  if (count !== 1) throw bad(`shape: expected one element for ${dtype}, given ${formatShape(shape)}`);
  return dtype === 'bytes' ? bytes : decodeText(bytes);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw bad(
      `b64: expected UTF-8 text for type str, given ${bytes.byteLength} bytes that are not; use type bytes`,
    );
  }
}

function fromData(
  dtype: DataType | undefined,
  shape: readonly number[] | undefined,
  data: JsonValue,
): InputValue {
  if (dtype === undefined || !isNumericType(dtype))
    throw bad(`type: expected a numeric type beside data, given ${dtype ?? 'none'}`);
  const plain = (json: unknown) => (json instanceof NumberLiteral ? numberFor(dtype, json) : json);
  if (!Array.isArray(data)) return checkShape(tensorOf(dtype, [], [plain(data)]), shape);
  const flat = flatten(data);
  return checkShape(tensorOf(dtype, flat.shape, flat.leaves.map(plain)), shape);
}

function numberFor(dtype: NumericType, literal: NumberLiteral): number | bigint {
  return dtype.startsWith('float') ? Number(literal.text) : literal.value;
}

/** A stated shape gives a flat list its dimensions; a nested one must have them already. */
function checkShape(given: Tensor, shape: readonly number[] | undefined): Tensor {
  if (shape === undefined || sameShape(shape, given.shape)) return given;
  if (given.shape.length > 1)
    throw bad(`data: expected shape ${formatShape(shape)}, given ${formatShape(given.shape)}`);
  return new Tensor(given.dtype, shape, given.data);
}

function bad(message: string): ServingError {
  return new ServingError('BAD_REQUEST', message);
}
