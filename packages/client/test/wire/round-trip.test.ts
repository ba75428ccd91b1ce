import { expect, test } from '@jest/globals';
import {
  asBytes,
  asElements,
  dataTypes,
  elementWidth,
  isNumericType,
  mindspore,
  Tensor,
  type DataType,
  type Value,
} from '@serving/common';
import * as fc from 'fast-check';
import type { SentValue } from '../../src/values/input-value.js';
import { tensor } from '../../src/values/tensor-input.js';
import { decodeReply } from '../../src/wire/decode-reply.js';
import { encodeRequest } from '../../src/wire/encode-request.js';
import { echo } from '../support/wire-values.js';

const target = { servable: 's', method: 'm', version: 0n };

/** The values as a server returns them that answers with its inputs. */
function throughServer(instances: readonly Record<string, SentValue>[]): Record<string, Value>[] {
  const request = mindspore.PredictRequest.decode(encodeRequest(target, instances));
  const whole = { servableSpec: undefined, instances: [], errorMsg: [], ...echo(request) };
  const reply = mindspore.PredictReply.encode(whole).finish();
  return decodeReply(reply, instances.length).map((result) => {
    if (!result.ok) throw result.error;
    return result.outputs;
  });
}

/** Dimensions whose zeros, if any, come last, as the protocol has them. */
const shapes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }).map((shape) => [...shape, 0]),
);

/** Any bit pattern of the type, so NaN payloads, infinities, -0 and the extremes of integers are among them. */
function values(dtype: DataType): fc.Arbitrary<SentValue> {
  if (dtype === 'string') return fc.string({ unit: 'grapheme' });
  if (dtype === 'bytes') return fc.uint8Array();
  return shapes.chain((shape) => {
    const bytes = shape.reduce((product, size) => product * size, 1) * elementWidth(dtype);
    const byte = fc.integer({ min: 0, max: dtype === 'bool' ? 1 : 255 });
    return fc
      .array(byte, { minLength: bytes, maxLength: bytes })
      .map((data) => tensor(dtype, shape, asElements(dtype, Uint8Array.from(data))));
  });
}

function expectSame(given: Value | undefined, expected: Value): void {
  if (!(expected instanceof Tensor)) return expect(given).toEqual(expected);
  expect(given).toBeInstanceOf(Tensor);
  const { dtype, shape, data } = given as Tensor;
  expect({ dtype, shape }).toEqual({ dtype: expected.dtype, shape: expected.shape });
  expect(asBytes(data)).toEqual(asBytes(expected.data));
}

test('covers the fourteen types', () => expect(dataTypes).toHaveLength(14));

test.each(dataTypes)('%s values come back bit by bit, in order', (dtype) => {
  fc.assert(
    fc.property(fc.array(values(dtype), { minLength: 1, maxLength: 4 }), (given) => {
      const returned = throughServer(given.map((value) => ({ value })));
      expect(returned).toHaveLength(given.length);
      for (const [index, value] of given.entries()) expectSame(returned[index]!['value'], value);
    }),
  );
});

test('inputs of any name and type come back side by side', () => {
  const anyValue = fc.constantFrom(...dataTypes).chain(values);
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), anyValue), (instance) => {
      const [returned] = throughServer([instance]);
      expect(new Set(Object.keys(returned!))).toEqual(new Set(Object.keys(instance)));
      for (const [name, value] of Object.entries(instance)) expectSame(returned![name], value);
    }),
  );
});

const extremes: [DataType, (number | bigint)[]][] = [
  ['int64', [-(2n ** 63n), 2n ** 63n - 1n, -1n, 2n ** 53n + 1n]],
  ['uint64', [0n, 2n ** 64n - 1n]],
  ['float16', [NaN, Infinity, -Infinity, -0, 65504, 2 ** -24]],
  ['float32', [NaN, Infinity, -Infinity, -0, 2 ** -149]],
  ['float64', [NaN, Infinity, -Infinity, -0, Number.MIN_VALUE, Number.MAX_VALUE]],
];

test.each(extremes)('%s keeps its extremes as values', (dtype, data) => {
  if (!isNumericType(dtype)) throw new Error('not numeric');
  const [returned] = throughServer([{ x: tensor(dtype, [data.length], data as number[]) }]);
  expect((returned!['x'] as Tensor).toNested()).toEqual(data);
});
