import { expect, test } from '@jest/globals';
import {
  dataTypeFromWire,
  dataTypes,
  dataTypeToWire,
  elementWidth,
  isDataType,
  isNumericType,
  mindsporeTypeName,
} from '../../src/tensor/data-type.js';
import { DataType as WireDataType } from '../../src/gen/serving/link/v1/frame.js';
import { DataType as PublicDataType } from '../../src/gen/mindspore_serving/proto/ms_service.js';

test('there are 14 element types, numbered 1 to 14', () => {
  expect(dataTypes.map(dataTypeToWire)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});

test('every wire number leads back to its element type', () => {
  expect(dataTypes.map((dtype) => dataTypeFromWire(dataTypeToWire(dtype)))).toEqual([...dataTypes]);
});

test('numbers that no element type has lead nowhere', () => {
  expect([0, 15, -1, 1.5, Number.NaN, 2 ** 31].map(dataTypeFromWire)).toEqual(Array(6).fill(undefined));
});

test('the wire numbers are those of both generated enums', () => {
  for (const dtype of dataTypes) {
    expect(WireDataType[dataTypeToWire(dtype)]).toBe(dtype.toUpperCase());
    expect(PublicDataType[dataTypeToWire(dtype)]).toBe(`MS_${dtype.toUpperCase()}`);
  }
});

test('widths are those of the values; string and bytes have none', () => {
  expect(dataTypes.map(elementWidth)).toEqual([1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8, 0, 0]);
  expect(dataTypes.filter((dtype) => !isNumericType(dtype))).toEqual(['string', 'bytes']);
});

test('names are recognised exactly, and names of object members are not names of types', () => {
  expect(dataTypes.every(isDataType)).toBe(true);
  expect(['Float32', 'float', '', '__proto__', 'constructor', 'toString'].some(isDataType)).toBe(false);
});

test("MindSpore Serving's error texts capitalise the name after kMSI_", () => {
  expect(mindsporeTypeName('uint8')).toBe('kMSI_Uint8');
  for (const dtype of dataTypes) {
    expect(mindsporeTypeName(dtype)).toBe(`kMSI_${dtype[0]!.toUpperCase()}${dtype.slice(1)}`);
  }
});
