import { describe, expect, test } from '@jest/globals';
import { ServingError, Tensor } from '@serving/common';
import { parseInstances } from '../../../src/cli/input/parse-instances.js';
import type { InputValue } from '../../../src/values/input-value.js';

function inputOf(json: string): InputValue {
  const [instance] = parseInstances(`{"instances":{"x":${json}}}`);
  return (instance as ReadonlyMap<string, InputValue>).get('x')!;
}

/** dtype, shape and nested values of a tensor; anything else as it is. */
function shown(value: InputValue): unknown {
  return value instanceof Tensor ? [value.dtype, value.shape, value.toNested()] : value;
}

describe('values', () => {
  test.each([
    ['3', ['int32', [], 3]],
    ['-2147483648', ['int32', [], -2147483648]],
    ['3.0', ['float32', [], 3]],
    ['1e2', ['float32', [], 100]],
    ['true', true],
    ['"text"', 'text'],
    [
      '[[1, 2], [3, 4]]',
      [
        'int32',
        [2, 2],
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ],
    ['[[1.0, 2.0]]', ['float32', [1, 2], [[1, 2]]]],
    ['[1, 2.5]', ['float32', [2], [1, 2.5]]],
    ['[true, false]', ['bool', [2], [true, false]]],
    ['["text"]', 'text'],
    ['[["text"]]', 'text'],
    ['{"b64": "AQI="}', Buffer.from([1, 2])],
    ['[{"b64": "AQI="}]', Buffer.from([1, 2])],
    ['{"b64": "w6k=", "type": "str"}', 'é'],
    ['{"b64": "w6k=", "type": "bytes", "shape": [1]}', Buffer.from('é')],
    [
      '{"b64": "AACAPwAAAEAAAEBAAACAQA==", "type": "float32", "shape": [2, 2]}',
      [
        'float32',
        [2, 2],
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ],
    ['{"b64": "ADw=", "type": "fp16"}', ['float16', [], 1]],
    ['{"b64": "/////////38=", "type": "int64"}', ['int64', [], 2n ** 63n - 1n]],
    ['{"b64": "", "type": "int8", "shape": [0]}', ['int8', [0], []]],
    ['{"data": 1, "type": "fp64"}', ['float64', [], 1]],
    ['{"data": [1, 0, true], "type": "bool"}', ['bool', [3], [true, false, true]]],
    ['{"data": [[9007199254740993]], "type": "int64"}', ['int64', [1, 1], [[9007199254740993n]]]],
    ['{"data": 18446744073709551615, "type": "uint64"}', ['uint64', [], 2n ** 64n - 1n]],
    ['{"data": [1, 2], "type": "uint8", "shape": [2, 1]}', ['uint8', [2, 1], [[1], [2]]]],
    ['{"data": [], "type": "float32", "shape": [0]}', ['float32', [0], []]],
  ])('%s', (json, expected) => {
    expect(shown(inputOf(json))).toEqual(expected);
  });
});

describe('refused values', () => {
  test.each([
    ['null', 'expected a number, boolean, string, array, or object with "b64" or "data", given null'],
    ['3000000000', 'given number 3000000000; write larger ones as {"data": ..., "type": "int64"}'],
    ['[[1], [9007199254740993]]', 'at [1][0], given bigint 9007199254740993; write larger ones'],
    ['[true, 1]', 'expected a boolean like the first element, at [1], given number 1'],
    [
      '{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}',
      'given an object with the keys "a", "b", "c", "d", "e", …',
    ],
    ['{}', 'given an object without keys'],
    ['[[1], 2]', 'expected an array at [1] like its neighbours, given number 2'],
    ['[1, true]', 'expected numbers, booleans, or one string or b64 object, at [1], given boolean true'],
    ['["a", "b"]', 'at [0], given string "a"'],
    ['[1, null]', 'at [1], given null'],
    ['[[1], [2, 3]]', 'expected 1 elements at [1] as in shape [2,1], given 2'],
    ['[]', 'an empty array does not tell its type'],
    ['{"value": 1}', 'object with "b64" or "data", given an object with the key "value"'],
    ['{"b64": "AQI=", "dtype": "int8"}', "expected only the keys b64, data, type, shape, given 'dtype'"],
    ['{"b64": "AQI=", "data": 1}', 'expected either b64 or data, given both'],
    ['{"b64": "AQI"}', 'b64: expected base64 text with padding, given string "AQI"'],
    ['{"b64": 1}', 'b64: expected base64 text with padding, given number 1'],
    ['{"b64": "AQI=", "type": "int9"}', 'type: expected a type such as float32'],
    ['{"b64": "AQI=", "type": "int32"}', 'b64: expected 4 bytes for int32 [], given 2'],
    ['{"b64": "AQI=", "shape": [2]}', 'shape: expected one element for bytes, given [2]'],
    [
      '{"b64": "AQI=", "shape": [1.5]}',
      'shape: expected an array of whole numbers, 0 or more, given an array of 1',
    ],
    ['{"b64": "AQI=", "shape": 1}', 'shape: expected an array of whole numbers, 0 or more, given number 1'],
    ['{"b64": "/w==", "type": "str"}', 'expected UTF-8 text for type str'],
    ['{"data": [1]}', 'type: expected a numeric type beside data, given none'],
    ['{"data": "a", "type": "str"}', 'type: expected a numeric type beside data, given string'],
    ['{"data": [256], "type": "uint8"}', 'expected a whole number from 0 to 255 at [0], given number 256'],
    ['{"data": [[1, 2]], "type": "int8", "shape": [2, 1]}', 'data: expected shape [2,1], given [1,2]'],
    ['{"data": [1, 2], "type": "int8", "shape": [3]}', 'expected 3 elements for shape [3], given 2'],
    ['[{"b64": "AQI=", "type": "int16"}]', 'expected one string or bytes value in the array'],
  ])('%s', (json, message) => {
    expect(() => inputOf(json)).toThrow(message);
    expect(() => inputOf(json)).toThrow(/^instances\.x: /);
    expect(() => inputOf(json)).toThrow(ServingError);
  });
});

describe('the request', () => {
  test('holds a list of instances or one', () => {
    expect(parseInstances('{"instances":[{"x":true},{"x":false}], "other": 1}')).toEqual([
      new Map([['x', true]]),
      new Map([['x', false]]),
    ]);
    expect(parseInstances('{"instances":{"__proto__":"a"}}')).toEqual([new Map([['__proto__', 'a']])]);
  });

  test.each([
    ['[{"x": 1}]', 'expected {"instances": [{"name": value, ...}, ...]}, given an array of 1'],
    ['{"foo": 1}', 'expected {"instances": [{"name": value, ...}, ...]}, given an object with the key "foo"'],
    ['{"instances": []}', 'instances: expected at least one instance, given none'],
    ['{"instances": [1]}', 'instances[0]: expected an object of inputs by name, given number 1'],
    ['{"instances": [{"x": 1}, {"x": null}]}', 'instances[1].x: expected a number'],
    ['{"instances": ', 'expected JSON: '],
  ])('%s is refused', (text, message) => {
    expect(() => parseInstances(text)).toThrow(message);
  });
});
