import { expect, test } from '@jest/globals';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { mindspore } from '@serving/common';
import { measure } from '../../../src/frontend/mindspore-grpc/measure.js';

const roomy = 1_000_000;

/** `count` times the same length-delimited field. */
function repeated(field: number, contents: Uint8Array, count: number): Uint8Array {
  const writer = new BinaryWriter();
  for (let i = 0; i < count; i++) writer.uint32((field << 3) | 2).bytes(contents);
  return writer.finish();
}

function nested(fields: readonly number[], contents: Uint8Array): Uint8Array {
  return fields.reduceRight((inner, field) => repeated(field, inner, 1), contents);
}

const nothing = new Uint8Array(0);

test.each([2, 3])(
  'more empty instances in field %d than may wait are refused before they are decoded',
  (field) => {
    const message = repeated(field, nothing, 10_001);
    expect(measure(message, 10_000)).toMatchObject({
      code: 'QUEUE_FULL',
      message:
        'Serving Error: enqueued requests count exceeds the limit 10000; more instances are given in one request',
    });
    expect(measure(message, 10_001)).toBeUndefined();
  },
);

test('items that are two bytes each are bounded in number', () => {
  const message = nested([2], repeated(1, nothing, 1_000_001));
  expect(measure(message, roomy)?.message).toBe('fields in a request: expected at most 1000000, given more');
});

test('empty entries of bytes_val are bounded in number, tensor by tensor', () => {
  const tensor = (entries: number) => nested([1, 2], repeated(4, nothing, entries));
  const message = (entries: number, times: number) => repeated(2, tensor(entries), times);
  expect(measure(message(10_000, 1), roomy)?.message).toBe(
    'entries in the bytes_val of a tensor in a request: expected at most 16, given more',
  );
  expect(measure(message(16, 1000), roomy)).toBeUndefined();
});

test('shapes are bounded together, too', () => {
  const item = nested([1, 2, 1], repeated(1, new Uint8Array(690), 1));
  const message = repeated(2, item, 6100);
  expect(measure(message, roomy)?.message).toBe(
    'bytes of all shapes in a request: expected at most 4194304, given more',
  );
});

test('as many instances as may wait pass with eight inputs each', () => {
  const tensor: mindspore.Tensor = {
    shape: { dims: [1n, 2n] },
    dtype: 3,
    tensorData: { $case: 'data', value: new Uint8Array(8) },
    bytesVal: [],
  };
  const items = new Map(Array.from({ length: 8 }, (_, i) => [`x${i}`, tensor]));
  const instances = Array.from({ length: 10_000 }, () => ({ items, outputBuffers: new Map() }));
  const request = { servableSpec: undefined, instances, legacyInstances: [] };
  expect(measure(mindspore.PredictRequest.encode(request).finish(), 10_000)).toBeUndefined();
});

test('a shape of thousands of dimensions is refused', () => {
  const message = nested([2, 1, 2, 1], repeated(1, new Uint8Array(20_000), 1));
  expect(measure(message, roomy)?.message).toBe(
    'bytes of a shape in a request: expected at most 704, given more',
  );
});

test('a large honest request passes', () => {
  const data = new Uint8Array(100_000);
  const tensor: mindspore.Tensor = {
    shape: { dims: [100_000n] },
    dtype: 3,
    tensorData: { $case: 'data', value: data },
    bytesVal: [],
  };
  const instance = { items: new Map([['x', tensor]]), outputBuffers: new Map() };
  const request = { servableSpec: undefined, instances: [instance, instance], legacyInstances: [] };
  expect(measure(mindspore.PredictRequest.encode(request).finish(), 2)).toBeUndefined();
});

test('bytes that are no protobuf are left to the decoder', () => {
  expect(measure(new Uint8Array(20_000).fill(0xff), roomy)).toBeUndefined();
});

test('a small message is not looked at', () => {
  expect(measure(repeated(2, nothing, 100), 1)).toBeUndefined();
});
