import { expect, test } from '@jest/globals';
import { ServingError, type inference } from '@serving/common';
import fc from 'fast-check';
import { decodeRequest, inferRequestOf } from '../../../src/frontend/inference-grpc/deserialize.js';
import { contents, encodeInfer, input, parameters } from '../../support/inference.js';

const read = (request: Partial<inference.ModelInferRequest>) =>
  inferRequestOf(decodeRequest(encodeInfer(request)), 9);

const integers = (min: number, max: number) => fc.array(fc.integer({ min, max }));
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Per datatype: its field, the values it may hold, and their bytes. */
const types: Record<
  string,
  [keyof inference.InferTensorContents, fc.Arbitrary<unknown[]>, (values: never) => ArrayBufferView]
> = {
  BOOL: ['boolContents', fc.array(fc.boolean()), (values: boolean[]) => Uint8Array.from(values, Number)],
  INT8: ['intContents', integers(-128, 127), (values: number[]) => Int8Array.from(values)],
  INT16: ['intContents', integers(-32_768, 32_767), (values: number[]) => Int16Array.from(values)],
  INT32: ['intContents', integers(-(2 ** 31), 2 ** 31 - 1), (values: number[]) => Int32Array.from(values)],
  INT64: [
    'int64Contents',
    fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
    (values: bigint[]) => BigInt64Array.from(values),
  ],
  UINT8: ['uintContents', integers(0, 255), (values: number[]) => Uint8Array.from(values)],
  UINT16: ['uintContents', integers(0, 65_535), (values: number[]) => Uint16Array.from(values)],
  UINT32: ['uintContents', integers(0, 2 ** 32 - 1), (values: number[]) => Uint32Array.from(values)],
  UINT64: [
    'uint64Contents',
    fc.array(fc.bigInt(0n, 2n ** 64n - 1n)),
    (values: bigint[]) => BigUint64Array.from(values),
  ],
  FP32: ['fp32Contents', fc.array(fc.float()), (values: number[]) => Float32Array.from(values)],
  FP64: ['fp64Contents', fc.array(fc.double()), (values: number[]) => Float64Array.from(values)],
};

test.each(Object.entries(types))(
  'typed contents of %s become their bytes',
  (datatype, [field, values, encode]) => {
    fc.assert(
      fc.property(values, (given) => {
        const request = read({
          inputs: [input('x', datatype, [given.length], { contents: contents({ [field]: given }) })],
        });
        expect([...(request.inputs[0]!.contents as Uint8Array)]).toEqual([
          ...bytesOf(encode(given as never)),
        ]);
      }),
    );
  },
);

test('typed contents of BYTES become elements', () => {
  const elements = [Uint8Array.of(1, 2), new Uint8Array(0)];
  const { inputs } = read({
    inputs: [input('x', 'BYTES', [2], { contents: contents({ bytesContents: elements }) })],
  });
  expect((inputs[0]!.contents as Uint8Array[]).map((element) => [...element])).toEqual([[1, 2], []]);
});

test('raw contents are views into the message, one for each input', () => {
  const message = encodeInfer({
    inputs: [input('a', 'FP16', [1]), input('b', 'UINT8', [3])],
    rawInputContents: [Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5)],
  });
  const { inputs, retainedBytes } = inferRequestOf(decodeRequest(message), 77);
  expect(inputs.map((one) => [one.name, one.datatype, [...(one.contents as Uint8Array)]])).toEqual([
    ['a', 'FP16', [1, 2]],
    ['b', 'UINT8', [3, 4, 5]],
  ]);
  for (const one of inputs) expect((one.contents as Uint8Array).buffer).toBe(message.buffer);
  expect(retainedBytes).toBe(77);
});

test('everything else of a request', () => {
  const given = { a: true, b: -5n, c: 'text' };
  const request = read({
    modelName: 'm',
    modelVersion: '3',
    id: 'i',
    parameters: parameters(given),
    inputs: [input('x', 'UINT8', [0], { parameters: parameters({ content_type: 'str' }) })],
    outputs: [{ name: 'y', parameters: parameters({ classification: 2n }) }],
  });
  expect(request).toMatchObject({ model: 'm', version: '3', id: 'i' });
  expect([...request.parameters]).toEqual(Object.entries(given));
  expect([...request.inputs[0]!.parameters]).toEqual([['content_type', 'str']]);
  expect(request.outputs.map(({ name, parameters: own }) => [name, ...own])).toEqual([
    ['y', ['classification', 2n]],
  ]);
});

const one = contents({ fp32Contents: [1] });
const region = parameters({ shared_memory_region: 'r' });

test.each<[string, Partial<inference.ModelInferRequest>, string]>([
  [
    'both kinds of contents',
    { inputs: [input('x', 'FP32', [1], { contents: one })], rawInputContents: [new Uint8Array(4)] },
    "INVALID_TENSOR: contents field must not be specified when using raw_input_contents for 'x' for model 'm'",
  ],
  [
    'raw contents for some inputs only',
    { inputs: [input('x', 'FP32', [1]), input('z', 'FP32', [1])], rawInputContents: [new Uint8Array(4)] },
    "INVALID_TENSOR: model 'm': expected as many raw_input_contents as inputs, 2, given 1",
  ],
  [
    'the field of another datatype',
    { inputs: [input('x', 'INT32', [1], { contents: one })] },
    "INVALID_TENSOR: input 'x' for model 'm': expected elements of INT32 in int_contents, given fp32_contents",
  ],
  [
    'a datatype without a field',
    { inputs: [input('x', 'FP16', [1], { contents: one })] },
    "INVALID_TENSOR: input 'x' for model 'm': expected elements of FP16 in raw_input_contents, given fp32_contents",
  ],
  [
    'a value beyond its datatype',
    { inputs: [input('x', 'UINT8', [2], { contents: contents({ uintContents: [255, 256] }) })] },
    "INVALID_TENSOR: input 'x' for model 'm': element 1: expected a value of UINT8, given 256",
  ],
  [
    'an input in shared memory',
    { inputs: [input('x', 'FP32', [1], { parameters: region })] },
    "UNSUPPORTED: input 'x' for model 'm': expected its elements in the request, given shared memory",
  ],
  [
    'an output in shared memory',
    { outputs: [{ name: 'y', parameters: region }] },
    "UNSUPPORTED: output 'y': expected its elements in the request, given shared memory",
  ],
])('%s', (_, request, expected) => {
  let error = 'none';
  try {
    read({ modelName: 'm', ...request });
  } catch (thrown) {
    const { code, message } = ServingError.from(thrown);
    error = `${code}: ${message}`;
  }
  expect(error).toBe(expected);
});

test('any bytes are a request or a BAD_REQUEST', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        inferRequestOf(decodeRequest(bytes), 0);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ServingError);
      }
    }),
    { numRuns: 2000 },
  );
});
