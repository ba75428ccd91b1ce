import { describe, expect, test } from '@jest/globals';
import { mindspore } from '@serving/common';
import { InferError } from '../../src/infer-error.js';
import { encodeRequest } from '../../src/wire/encode-request.js';
import type { Instance } from '../../src/values/input-value.js';

const target = { servable: 'add', method: 'add_common', version: 3n };

function encoded(...instances: Instance[]): mindspore.PredictRequest {
  return mindspore.PredictRequest.decode(encodeRequest(target, instances));
}

function itemOf(instance: Instance, name: string): mindspore.Tensor | undefined {
  return encoded(instance).instances[0]!.items.get(name);
}

test('names servable, method and version, and keeps the order of the instances', () => {
  const request = encoded({ x: 1 }, { x: 2 });
  expect(request.servableSpec).toEqual({ name: 'add', methodName: 'add_common', versionNumber: 3n });
  expect(request.legacyInstances).toEqual([]);
  expect(request.instances.map(({ items }) => items.get('x')!.tensorData!.value)).toEqual(
    [1, 2].map((value) => Buffer.from(Float32Array.of(value).buffer)),
  );
});

test('a number has no dimensions, strings and bytes have one of one', () => {
  expect(itemOf({ x: 1 }, 'x')).toMatchObject({ dtype: 11, shape: { dims: [] }, bytesVal: [] });
  expect(itemOf({ x: 'é' }, 'x')).toMatchObject({
    dtype: 13,
    shape: { dims: [1n] },
    tensorData: undefined,
    bytesVal: [Buffer.from('é')],
  });
  expect(itemOf({ x: Uint8Array.of(0, 255) }, 'x')).toMatchObject({
    dtype: 14,
    shape: { dims: [1n] },
    bytesVal: [Buffer.from([0, 255])],
  });
});

describe('names that objects treat specially', () => {
  test.each([
    ['an object from JSON', JSON.parse('{"__proto__": true, "constructor": false}') as Instance],
    [
      'a Map',
      new Map([
        ['__proto__', true],
        ['constructor', false],
      ]),
    ],
  ])('are inputs like any other in %s', (_what, instance) => {
    const { items } = encoded(instance).instances[0]!;
    expect([...items.keys()]).toEqual(['__proto__', 'constructor']);
  });

  test('inherited properties are no inputs', () => {
    const bare = Object.assign(Object.create(null) as Record<string, number>, { x: 1 });
    expect([...encoded(bare).instances[0]!.items.keys()]).toEqual(['x']);
  });
});

describe('refuses', () => {
  test.each([
    [
      'a wrong input by instance and name',
      [{ x: 1 }, { x: [[1], [2, 3]] }],
      "instance 1, input 'x': expected 1 elements at [1]",
    ],
    [
      'a text that UTF-8 cannot hold',
      [{ x: 'a' }, { x: 'a\ud800' }],
      "instance 1, input 'x': expected text that UTF-8 can hold, given half of a surrogate pair at position 1",
    ],
    ['an input that is missing its value', [{ x: undefined }], "instance 0, input 'x': expected a number"],
    [
      'a promise',
      [Promise.resolve({})],
      'instance 0: expected an object or Map of inputs by name, given Promise object',
    ],
    ['an array', [[1]], 'instance 0: expected an object or Map of inputs by name, given an array of 1'],
    ['nothing', [undefined], 'given undefined'],
    ['a Map with other keys', [new Map([[1, 2]])], 'instance 0: expected names as keys, given number 1'],
  ])('%s', (_what, instances, message) => {
    const encode = () => encodeRequest(target, instances as unknown as Instance[]);
    expect(encode).toThrow(message);
    expect(encode).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUTS', grpcStatus: undefined, retryable: false }),
    );
    expect(encode).toThrow(InferError);
  });
});
