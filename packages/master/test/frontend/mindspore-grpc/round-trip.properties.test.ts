/** Tensors of all types through the protocol's reader and writer: bit by bit what a client sent is what it gets back. */
import { expect, test } from '@jest/globals';
import {
  dataTypes,
  dataTypeToWire,
  elementWidth,
  isNumericType,
  mindspore,
  type DataType,
  type NumericType,
} from '@serving/common';
import fc from 'fast-check';
import { RequestReader } from '../../../src/frontend/mindspore-grpc/deserialize.js';
import { readInstances } from '../../../src/frontend/mindspore-grpc/read-instances.js';
import { ReplyWriter } from '../../../src/frontend/mindspore-grpc/serialize.js';
import { signature } from '../../support/fake-replica.js';
import { wireInstance, wireRequest, wireTensor } from '../../support/wire.js';

// The same for all messages, as in a server: what one leaves behind must not show in the next.
const reader = new RequestReader(100_000);
const writer = new ReplyWriter();
const names = ['x', 'größe', '__proto__', ''] as const;

/** What an instance's reply holds of its request, by a server that answers with its inputs. */
function throughServer(instances: readonly mindspore.Instance[], inputs: readonly string[]) {
  const request = reader.read(wireRequest(instances));
  const { parts, refused } = readInstances(request, 'add', signature('predict', inputs));
  expect(refused).toEqual([]);
  const outcomes = parts.map(({ first, block }) => ({
    first,
    count: block.count,
    outcome: { ok: true, outputs: block.all() } as const,
  }));
  const inOrder = outcomes.toSorted((a, b) => a.first - b.first);
  const reply = mindspore.PredictReply.decode(writer.write(request.spec.echo, inOrder));
  expect([reply.errorMsg, reply.instances.length]).toEqual([[], instances.length]);
  return reply.instances.map(({ items }) => items);
}

/** Zeros, if any, come last: the protocol takes them there only. */
const shape = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), fc.constantFrom([], [], [0]))
  .map(([sizes, zero]) => [...sizes, ...zero]);

/** NaNs that signal or have a payload, -0, infinities, subnormals and the ends of 64-bit integers, little end first. */
const oddities: Readonly<Partial<Record<NumericType, readonly bigint[]>>> = {
  float16: [0x7d01n, 0xfe55n, 0x8000n, 0x7c00n, 1n],
  float32: [0x7f80_0001n, 0xffc0_4321n, 0x8000_0000n, 0xff80_0000n, 1n],
  float64: [0x7ff0_0000_0000_0001n, 0xfff8_0000_0000_4321n, 1n << 63n, 0x7ff0n << 48n, 1n],
  int64: [1n << 63n, (1n << 63n) - 1n, (1n << 53n) + 1n],
  uint64: [(1n << 64n) - 1n, 1n << 63n, (1n << 53n) + 1n],
};

function element(dtype: NumericType): fc.Arbitrary<readonly number[]> {
  const width = elementWidth(dtype);
  const bits = fc.array(fc.nat(255), { minLength: width, maxLength: width });
  const odd = (oddities[dtype] ?? []).map((value) =>
    Array.from({ length: width }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)),
  );
  return odd.length === 0 ? bits : fc.oneof(bits, fc.constantFrom(...odd));
}

function tensor(dtype: DataType): fc.Arbitrary<mindspore.Tensor> {
  const wire = dataTypeToWire(dtype);
  if (!isNumericType(dtype))
    return fc
      .uint8Array({ maxLength: 9 })
      .map((bytes) => ({ shape: { dims: [] }, dtype: wire, tensorData: undefined, bytesVal: [bytes] }));
  return shape.chain((dims) => {
    const count = dims.reduce((product, size) => product * size, 1);
    return fc
      .array(element(dtype), { minLength: count, maxLength: count })
      .map((elements) => wireTensor(wire, dims, Uint8Array.from(elements.flat())));
  });
}

/** In one form, whichever way the message was read. */
function shown({ dtype, shape: dims, tensorData, bytesVal }: mindspore.Tensor): string {
  const data = tensorData?.$case === 'data' ? tensorData.value : undefined;
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return `${dtype} [${dims?.dims.join()}] ${data === undefined ? '' : hex(data)} (${bytesVal.map(hex).join()})`;
}

test.each(dataTypes)('%s of any shape comes back bit by bit', (dtype) => {
  fc.assert(
    fc.property(fc.array(tensor(dtype), { minLength: 1, maxLength: 5 }), (tensors) => {
      const returned = throughServer(
        tensors.map((one) => wireInstance([['x', one]])),
        ['x'],
      );
      expect(returned.map((items) => shown(items.get('x')!))).toEqual(tensors.map(shown));
    }),
    { numRuns: 200 },
  );
});

test('inputs of every type and name come back side by side, in their order', () => {
  const any = fc.constantFrom(...dataTypes).chain(tensor);
  const instance = fc.tuple(any, any, any, any);
  fc.assert(
    fc.property(fc.array(instance, { minLength: 1, maxLength: 4 }), (instances) => {
      const itemsOf = (tensors: readonly mindspore.Tensor[]) =>
        names.map((name, index) => [name, tensors[index]!] as const);
      const returned = throughServer(
        instances.map((tensors) => wireInstance(itemsOf(tensors))),
        names,
      );
      expect(returned.map((items) => Array.from(items, ([name, one]) => [name, shown(one)]))).toEqual(
        instances.map((tensors) => itemsOf(tensors).map(([name, one]) => [name, shown(one)])),
      );
    }),
    { numRuns: 300 },
  );
});
