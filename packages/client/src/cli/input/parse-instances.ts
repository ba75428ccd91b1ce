/** The JSON of MindSpore Serving's REST interface as instances. */
import { ServingError } from '@serving/common';
import { describeGiven } from '../../values/describe-given.js';
import type { InputValue, Instance } from '../../values/input-value.js';
import { flatten, leafPath } from '../../values/nested-array.js';
import { tensorOf } from '../../values/tensor-input.js';
import { isObject, NumberLiteral, parseJson, type JsonValue } from './json-text.js';
import { isTypedInput, parseTypedInput } from './typed-input.js';

/**
 * `{"instances": [{name: value, …}, …]}` or `{"instances": {name: value, …}}`. Whole numbers become int32, numbers
 * with a fraction or exponent float32, arrays that mix the two float32; any other type is stated, see `typed-input.ts`.
 * @throws ServingError saying where in the JSON what was expected
 */
export function parseInstances(text: string): Instance[] {
  const json = parseJson(text);
  const instances = isObject(json) && Object.hasOwn(json, 'instances') ? json['instances'] : undefined;
  if (instances === undefined)
    throw bad(`expected {"instances": [{"name": value, ...}, ...]}, given ${describeGiven(json)}`);
  if (!Array.isArray(instances)) return [parseInstance(instances, 'instances')];
  if (instances.length === 0) throw bad('instances: expected at least one instance, given none');
  return instances.map((instance: JsonValue, index) => parseInstance(instance, `instances[${index}]`));
}

function parseInstance(json: JsonValue, where: string): Instance {
  if (!isObject(json))
    throw bad(`${where}: expected an object of inputs by name, given ${describeGiven(json)}`);
  return new Map(Object.entries(json).map(([name, value]) => [name, parseInput(value, `${where}.${name}`)]));
}

function parseInput(json: JsonValue, where: string): InputValue {
  try {
    return parseValue(json);
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown;
    throw new ServingError(thrown.code, `${where}: ${thrown.message}`, { cause: thrown });
  }
}

function parseValue(json: JsonValue): InputValue {
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (Array.isArray(json)) return parseArray(json);
  if (json instanceof NumberLiteral) return numbers([], [json]);
  if (isTypedInput(json)) return parseTypedInput(json);
  const expected = 'a number, boolean, string, array, or object with "b64" or "data"';
  throw bad(`expected ${expected}, given ${describeGiven(json)}`);
}

function parseArray(json: readonly JsonValue[]): InputValue {
  const { shape, leaves } = flatten(json);
  const values = leaves as readonly JsonValue[];
  const [first] = values;
  if (first === undefined)
    throw bad('an empty array does not tell its type; write {"data": [], "type": "float32", "shape": [0]}');
  if (values.length === 1 && (typeof first === 'string' || isTypedInput(first))) return single(first);
  if (typeof first === 'boolean') return booleans(shape, values);
  const odd = values.findIndex((value) => !(value instanceof NumberLiteral));
  if (odd === -1) return numbers(shape, values as readonly NumberLiteral[]);
  const expected = `numbers, booleans, or one string or b64 object, at ${leafPath(odd, shape)}`;
  throw bad(`expected ${expected}, given ${describeGiven(values[odd])}`);
}

function booleans(shape: readonly number[], values: readonly JsonValue[]): InputValue {
  const odd = values.findIndex((value) => typeof value !== 'boolean');
  if (odd === -1) return tensorOf('bool', shape, values);
  const expected = `a boolean like the first element, at ${leafPath(odd, shape)}`;
  throw bad(`expected ${expected}, given ${describeGiven(values[odd])}`);
}

/** REST allows an array around one string or bytes value. */
function single(json: JsonValue): InputValue {
  const value = parseValue(json);
  if (typeof value === 'string' || ArrayBuffer.isView(value)) return value;
  throw bad(
    'expected one string or bytes value in the array; write a typed tensor without an array around it',
  );
}

function numbers(shape: readonly number[], literals: readonly NumberLiteral[]): InputValue {
  if (literals.some((literal) => !literal.isInteger))
    return tensorOf(
      'float32',
      shape,
      literals.map((literal) => Number(literal.text)),
    );
  try {
    return tensorOf(
      'int32',
      shape,
      literals.map((literal) => literal.value),
    );
  } catch (cause) {
    if (!(cause instanceof ServingError)) throw cause;
    throw bad(`${cause.message}; write larger ones as {"data": ..., "type": "int64"}`);
  }
}

function bad(message: string): ServingError {
  return new ServingError('BAD_REQUEST', message);
}
