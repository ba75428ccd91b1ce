import { expect, test } from '@jest/globals';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { dataTypes, dataTypeToWire, elementWidth, isNumericType, mindspore } from '@serving/common';
import { TensorFields } from '../../../src/frontend/mindspore-grpc/tensor-fields.js';
import type { TensorLayout } from '../../../src/frontend/instance-blocks.js';
import { checkTensor } from '../../../src/frontend/mindspore-grpc/validate.js';
import { WireCursor } from '../../../src/frontend/mindspore-grpc/wire-cursor.js';
import { wireTensor, wireText } from '../../support/wire.js';

const { MS_FLOAT32, MS_UINT8, MS_STRING, MS_BYTES } = mindspore.DataType;
const prefix = 'Instances input x check failed, detail: ';

/** The tensor as it is read from a message, and its elements. */
function check(tensor: mindspore.Tensor): TensorLayout & { readonly bytes: Uint8Array } {
  const message = mindspore.Tensor.encode(tensor, new BinaryWriter().fork()).join().finish();
  const fields = new TensorFields();
  fields.read(new WireCursor(message));
  const layout = checkTensor('x', fields);
  const bytes = isNumericType(layout.dtype)
    ? message.subarray(fields.dataStart, fields.dataEnd)
    : message.subarray(fields.elementStart, fields.elementEnd);
  return { ...layout, bytes };
}

/** The text a tensor is refused with, without what all texts begin with. */
function refusal(tensor: mindspore.Tensor): string {
  try {
    check(tensor);
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: 'ServingError', code: 'INVALID_TENSOR', mindsporeCode: 2 });
    const { message } = thrown as Error;
    expect(message.startsWith(prefix)).toBe(true);
    return message.slice(prefix.length);
  }
  return 'accepted';
}

function single(
  dtype: mindspore.DataType,
  dims: readonly number[],
  ...bytesVal: Uint8Array[]
): mindspore.Tensor {
  return { shape: { dims: dims.map(BigInt) }, dtype, tensorData: undefined, bytesVal };
}

test('each of the 12 numeric types is taken with exactly its bytes', () => {
  for (const dtype of dataTypes.filter(isNumericType)) {
    const wire: mindspore.DataType = dataTypeToWire(dtype);
    const bytes = new Uint8Array(6 * elementWidth(dtype) + 1).subarray(1);
    expect(check(wireTensor(wire, [2, 3], bytes))).toEqual({ dtype, shape: [2, 3], bytes });
    for (const length of [bytes.length - 1, 0])
      expect(refusal(wireTensor(wire, [2, 3], bytes.subarray(0, length)))).toBe(
        `Tensor check failed: input data size ${length} invalid; expected ${bytes.length} bytes for ${dtype} [2,3], given ${length}`,
      );
  }
});

test('strings and bytes are one element with no dimensions or one of 1', () => {
  for (const [wire, dtype] of [
    [MS_STRING, 'string'],
    [MS_BYTES, 'bytes'],
  ] as const) {
    const element = Uint8Array.of(0xff, 0);
    for (const dims of [[], [1]])
      expect(check(single(wire, dims, element))).toEqual({
        dtype,
        shape: [],
        bytes: element,
      });
    expect(check(single(wire, [], new Uint8Array(0))).bytes).toEqual(new Uint8Array(0));
    for (const elements of [[], [element, element]])
      expect(refusal(single(wire, [], ...elements))).toBe(
        `Instance tensor check failed: bytes or string type shape batch size can only be 1; expected one entry in bytes_val, given ${elements.length}`,
      );
    for (const dims of [[2], [0], [1, 1], [-1]])
      expect(refusal(single(wire, dims, element))).toBe(
        `Instance tensor check failed: bytes or string type input  shape can only be (1,) or empty, but given shape is [${dims.join(',')}]`,
      );
  }
});

test('data beside the element of a string is unused', () => {
  const tensor = { ...wireText('a'), tensorData: { $case: 'data' as const, value: new Uint8Array(99) } };
  expect(check(tensor).bytes).toEqual(Buffer.from('a'));
});

test('a scalar is a tensor without dimensions, or without a shape at all', () => {
  const bytes = new Uint8Array(4);
  expect(check(wireTensor(MS_FLOAT32, [], bytes)).shape).toEqual([]);
  expect(check({ ...wireTensor(MS_FLOAT32, [], bytes), shape: undefined }).shape).toEqual([]);
  expect(check(wireTensor(MS_FLOAT32, [1], bytes)).shape).toEqual([1]);
});

test('an empty tensor has its 0 at the end, and absent data is no bytes', () => {
  const empty = wireTensor(MS_FLOAT32, [2, 0], new Uint8Array(0));
  expect(check(empty)).toMatchObject({ shape: [2, 0], bytes: new Uint8Array(0) });
  expect(check({ ...empty, tensorData: undefined }).bytes).toEqual(new Uint8Array(0));
  expect(refusal({ ...wireTensor(MS_FLOAT32, [], new Uint8Array(4)), tensorData: undefined })).toMatch(
    /^Tensor check failed: input data size 0 invalid/,
  );
});

test('dimensions below 0, zeros before the end and too many elements are refused before any size is reckoned with', () => {
  for (const dims of [[-1], [2, -2], [0, 2], [0, 0], [2 ** 32], [2 ** 31, 2], [65536, 65536], [-1, -4]]) {
    expect(refusal(wireTensor(MS_UINT8, dims, new Uint8Array(4)))).toBe(
      `Tensor check failed: input  shape [${dims.join(',')}] invalid; expected dimensions from 0, a 0 only at the end, and at most 2^32-1 elements`,
    );
  }
  expect(refusal(wireTensor(MS_UINT8, [2 ** 32 - 1], new Uint8Array(4)))).toMatch(
    /input data size 4 invalid/,
  );
});

test('dimensions of 64 bits are named exactly', () => {
  for (const dimension of [2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])
    expect(refusal(wireTensor(MS_UINT8, [1, dimension], new Uint8Array(0)))).toBe(
      `Tensor check failed: input  shape [1,${dimension}] invalid; expected dimensions below 2^32`,
    );
});

test('the text about a shape stays short, however many dimensions are given', () => {
  const many = (last: bigint) => [...Array.from({ length: 5000 }, () => 1), last];
  expect(refusal(wireTensor(MS_UINT8, many(1n), new Uint8Array(1))).length).toBeLessThan(400);
  expect(refusal(wireTensor(MS_UINT8, many(2n ** 60n), new Uint8Array(1))).length).toBeLessThan(400);
  expect(refusal({ ...wireText('a'), shape: { dims: many(1n).map(BigInt) } }).length).toBeLessThan(400);
});

test('data types that are none are refused by their number', () => {
  for (const dtype of [0, 15, -1, 2 ** 31 - 1])
    expect(refusal(wireTensor(dtype, [], new Uint8Array(1)))).toBe(
      `Tensor check failed: input data type ${dtype} invalid; expected MS_BOOL (1) to MS_BYTES (14)`,
    );
});

test('shared memory named by a client is never touched', () => {
  const value = { memoryKey: '/dev/shm/x', bytesSize: 4n, dataOffset: 0n, dataSize: 4n };
  for (const dtype of [MS_FLOAT32, MS_STRING]) {
    const tensor: mindspore.Tensor = {
      ...wireTensor(dtype, [], new Uint8Array(0)),
      tensorData: { $case: 'shmData', value },
    };
    expect(refusal(tensor)).toMatch(/^Tensor check failed: shared memory named by a client is not accepted/);
  }
});
