import { expect, test } from '@jest/globals';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { mindspore } from '@serving/common';
import { instanceCount, RequestReader } from '../../../src/frontend/mindspore-grpc/deserialize.js';
import { readInstances } from '../../../src/frontend/mindspore-grpc/read-instances.js';
import { instanceText, signature } from '../../support/fake-replica.js';
import { wireFloats, wireInstance, wireRequest, wireSpec, wireTensor, wireText } from '../../support/wire.js';

const one = [wireInstance([['x', wireFloats([], 1)]])];

function encoded(request: Partial<mindspore.PredictRequest>): Uint8Array {
  const empty = { servableSpec: undefined, instances: [], legacyInstances: [] };
  return mindspore.PredictRequest.encode({ ...empty, ...request }).finish();
}

const readSmall = (message: Uint8Array) => new RequestReader(1000).read(message);

function readFrom(message: Uint8Array, inputs: readonly string[] = ['x']) {
  return readInstances(readSmall(message), 'add', signature('predict', inputs));
}

function read(instances: readonly mindspore.Instance[], inputs?: readonly string[]) {
  return readFrom(wireRequest(instances), inputs);
}

function texts(message: Uint8Array): string[] {
  return readFrom(message).parts.flatMap(({ block }) =>
    Array.from({ length: block.count }, (_, i) => instanceText(block, i)),
  );
}

/** [position of the first instance, number of instances] of each part. */
function layout(instances: readonly mindspore.Instance[], inputs?: readonly string[]) {
  const { parts, refused } = read(instances, inputs);
  return {
    parts: parts.map(({ first, block }) => [first, block.count]),
    refused: refused.map(({ index }) => index),
  };
}

test('reads what is asked for, and keeps the spec as it came', () => {
  const request = readSmall(wireRequest(one, { name: 'größe', method: 'm', version: 2n ** 64n - 1n }));
  expect(request.spec.requested).toEqual({ servable: 'größe', method: 'm', version: 2n ** 64n - 1n });
  expect(mindspore.PredictReply.decode(request.spec.echo)).toEqual({
    servableSpec: { name: 'größe', methodName: 'm', versionNumber: 2n ** 64n - 1n },
    instances: [],
    errorMsg: [],
  });
  expect(instanceCount(request)).toBe(1);
});

test('a request without a spec asks for nothing by name, and has none to echo', () => {
  const { spec } = readSmall(encoded({ instances: one }));
  expect([spec.requested, spec.echo.length]).toEqual([{ servable: '', method: '', version: 0n }, 0]);
});

test('instances come in field 2, or in field 3 from releases 1.1 and 1.2', () => {
  const other = [wireInstance([['x', wireFloats([], 7)]])];
  const [ofOne, ofOther] = ['x:float32[]=0000803f', 'x:float32[]=0000e040'];
  expect(texts(encoded({ legacyInstances: other }))).toEqual([ofOther]);
  expect(texts(encoded({ instances: one, legacyInstances: other }))).toEqual([ofOne]);
  expect(texts(encoded({ servableSpec: wireSpec() }))).toEqual([]);
});

test('a spec that comes again is read as it was, however many others come between', () => {
  const reader = new RequestReader(1000);
  for (let i = 0; i < 100; i++) {
    const name = `servable${i % 30}`;
    const { requested, echo } = reader.read(wireRequest(one, { name, version: BigInt(i % 7) })).spec;
    expect(requested).toEqual({ servable: name, method: 'predict', version: BigInt(i % 7) });
    expect(mindspore.PredictReply.decode(echo).servableSpec).toMatchObject({ name });
  }
});

test.each([2, 3])('more empty instances in field %d than may wait are refused together', (field) => {
  const message = new Uint8Array(2 * 10_001);
  for (let i = 0; i < message.length; i += 2) message[i] = (field << 3) | 2;
  const { refusal, places } = new RequestReader(10_000).read(message);
  expect(refusal).toMatchObject({
    code: 'QUEUE_FULL',
    message:
      'Serving Error: enqueued requests count exceeds the limit 10000; more instances are given in one request (--max-queue-instances)',
  });
  expect(places).toHaveLength(2 * 10_000);
  const allowed = new RequestReader(10_001).read(message);
  expect([allowed.refusal, instanceCount(allowed)]).toEqual([undefined, 10_001]);
});

test('items that are four bytes each are bounded in number', () => {
  const refusalOf = (count: number) => {
    const items = Buffer.alloc(4 * count, Buffer.of(0x0a, 2, 0x12, 0));
    return readSmall(new BinaryWriter().uint32(0x12).bytes(items).finish()).refusal;
  };
  expect(refusalOf(1_000_001)).toMatchObject({
    code: 'BAD_REQUEST',
    message: 'items in a request: expected at most 1000000, given more',
  });
  expect(refusalOf(1_000_000)).toBeUndefined();
});

test('nothing is kept of dimensions and elements by the hundred thousand but that they are too many', () => {
  const dims = Array<bigint>(100_000).fill(2n ** 62n);
  const elements = Array.from({ length: 100_000 }, () => new Uint8Array(0));
  const shape = { ...wireFloats([], 1), shape: { dims } };
  const text = { ...wireText(''), bytesVal: elements };
  const [first, second] = read([shape, text].map((tensor) => wireInstance([['x', tensor]]))).refused;
  expect(first!.error.message).toMatch(/expected dimensions below 2\^32$/);
  expect(first!.error.message.length).toBeLessThan(2000);
  expect(second!.error.message).toMatch(/expected one entry in bytes_val, given 100000$/);
});

test('bytes that are no request are refused', () => {
  for (const bytes of [
    Uint8Array.of(0xff),
    Uint8Array.of(10, 200, 1),
    Buffer.from('GET / HTTP/1.1'),
    Uint8Array.of(7),
  ])
    expect(() => readSmall(bytes)).toThrow(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(
          new RegExp(
            `^expected a mindspore.serving.proto.PredictRequest, given ${bytes.length} bytes that are none`,
          ),
        ),
      }),
    );
});

test('neighbours of one layout share a block, in order', () => {
  const { parts, refused } = read([1, 2, 3].map((value) => wireInstance([['x', wireFloats([], value)]])));
  expect([parts.length, parts[0]?.block.count, refused]).toEqual([1, 3, []]);
  expect([0, 1, 2].map((i) => instanceText(parts[0]!.block, i))).toEqual([
    'x:float32[]=0000803f',
    'x:float32[]=00000040',
    'x:float32[]=00004040',
  ]);
});

test('another shape or dtype begins another block', () => {
  const instances = [
    wireFloats([2], 1, 2),
    wireFloats([1, 2], 1, 2),
    wireFloats([1, 2], 3, 4),
    wireText('a'),
  ];
  expect(layout(instances.map((tensor) => wireInstance([['x', tensor]])))).toEqual({
    parts: [
      [0, 1],
      [1, 2],
      [3, 1],
    ],
    refused: [],
  });
});

test('a text with dimension 1 and one without share a block', () => {
  const instances = [wireText('a', [1]), wireText('b')].map((tensor) => wireInstance([['x', tensor]]));
  expect(layout(instances).parts).toEqual([[0, 2]]);
});

test('the views reach into the message, aligned or not', () => {
  const message = wireRequest([
    wireInstance([['x', wireFloats([2], 1, 2)]]),
    wireInstance([['x', wireFloats([2], 3, 4)]]),
  ]);
  for (let shift = 0; shift < 8; shift++) {
    const shifted = new Uint8Array(message.length + shift).subarray(shift);
    shifted.set(message);
    const column = readFrom(shifted).parts[0]!.block.column('x');
    const segments = column?.kind === 'numeric' ? column.segments : [];
    expect(segments.map((segment) => segment.buffer)).toEqual([shifted.buffer, shifted.buffer]);
    expect(Buffer.concat(segments)).toEqual(Buffer.from(Float32Array.of(1, 2, 3, 4).buffer));
  }
});

test('columns stand in the order of the method, whatever the order of the items', () => {
  const items: [string, mindspore.Tensor][] = [
    ['b', wireText('b')],
    ['a', wireFloats([], 1)],
  ];
  const { parts } = read([wireInstance(items), wireInstance(items.toReversed())], ['a', 'b']);
  expect(parts.map(({ block }) => [block.count, block.columns.map((column) => column.name)])).toEqual([
    [2, ['a', 'b']],
  ]);
});

test('a missing input fails its own instance only, in the words of MindSpore Serving', () => {
  const instances = [
    wireInstance([['x', wireFloats([], 1)]]),
    wireInstance([['y', wireFloats([], 1)]]),
    wireInstance([]),
    wireInstance([['x', wireFloats([], 2)]]),
  ];
  expect(layout(instances)).toEqual({
    parts: [
      [0, 1],
      [3, 1],
    ],
    refused: [1, 2],
  });
  const [wrong, none] = read(instances).refused.map(({ error }) => error);
  expect(wrong).toMatchObject({ code: 'INPUT_MISMATCH', mindsporeCode: 2 });
  expect(wrong!.message).toBe(
    'Cannot find input x in instance input , servable add, method predict; expected inputs: x, given: y',
  );
  expect(none!.message).toMatch(/; expected inputs: x, given: none$/);
});

test('a malformed input fails its own instance only', () => {
  const bad = wireInstance([['x', wireTensor(mindspore.DataType.MS_FLOAT32, [2], new Uint8Array(7))]]);
  expect(layout([bad, ...one, bad, ...one, ...one])).toEqual({
    parts: [
      [1, 1],
      [3, 2],
    ],
    refused: [0, 2],
  });
});

test('items that are no inputs are ignored even when they are malformed', () => {
  const extra: [string, mindspore.Tensor] = [
    'z',
    wireTensor(mindspore.DataType.UNRECOGNIZED, [-1], new Uint8Array(3)),
  ];
  const { parts, refused } = read([wireInstance([extra, ['x', wireFloats([], 1)], ['__proto__', extra[1]]])]);
  expect([parts[0]?.block.columns.map((column) => column.name), refused]).toEqual([['x'], []]);
});

test('an input may have any name, those of objects included', () => {
  for (const name of ['__proto__', 'constructor', 'toString', '', 'größe']) {
    const message = wireRequest([wireInstance([[name, wireFloats([], 1)]])]);
    const { parts, refused } = readFrom(message, [name]);
    expect([parts[0]?.block.column(name)?.dtype, refused]).toEqual(['float32', []]);
    expect(read([wireInstance([])], [name]).refused).toHaveLength(1);
  }
});

test('a method without inputs takes instances without any', () => {
  expect(layout([wireInstance([]), ...one], [])).toEqual({ parts: [[0, 2]], refused: [] });
});
