import { expect, test } from '@jest/globals';
import { mindspore } from '@serving/common';
import { readInstances, readRequest } from '../../../src/frontend/mindspore-grpc/deserialize.js';
import { instanceText, signature } from '../../support/fake-replica.js';
import { wireFloats, wireInstance, wireRequest, wireSpec, wireTensor, wireText } from '../../support/wire.js';

const one = [wireInstance([['x', wireFloats([], 1)]])];

function encoded(request: Partial<mindspore.PredictRequest>): Uint8Array {
  const empty = { servableSpec: undefined, instances: [], legacyInstances: [] };
  return mindspore.PredictRequest.encode({ ...empty, ...request }).finish();
}

function read(instances: readonly mindspore.Instance[], inputs: readonly string[] = ['x']) {
  return readInstances(instances, 'add', signature('predict', inputs));
}

/** [position of the first instance, number of instances] of each part. */
function layout(instances: readonly mindspore.Instance[], inputs?: readonly string[]) {
  const { parts, refused } = read(instances, inputs);
  return {
    parts: parts.map(({ first, block }) => [first, block.count]),
    refused: refused.map(({ index }) => index),
  };
}

const readSmall = (message: Uint8Array) => readRequest(message, 1000);

test('reads what is asked for, and keeps the spec as it came', () => {
  const request = readSmall(wireRequest(one, { name: 'größe', method: 'm', version: 2n ** 64n - 1n }));
  expect(request.spec).toEqual({ servable: 'größe', method: 'm', version: 2n ** 64n - 1n });
  expect(request.wireSpec).toEqual({ name: 'größe', methodName: 'm', versionNumber: 2n ** 64n - 1n });
  expect(request.instances).toHaveLength(1);
});

test('a request without a spec asks for nothing by name, and has none to echo', () => {
  const request = readSmall(encoded({ instances: one }));
  expect([request.spec, request.wireSpec]).toEqual([{ servable: '', method: '', version: 0n }, undefined]);
});

test('instances come in field 2, or in field 3 from releases 1.1 and 1.2', () => {
  const other = wireInstance([['x', wireFloats([], 7)]]);
  const servableSpec = wireSpec();
  expect(readSmall(encoded({ servableSpec, legacyInstances: [other] })).instances).toEqual([other]);
  expect(readSmall(encoded({ servableSpec, instances: one, legacyInstances: [other] })).instances).toEqual(
    one,
  );
  expect(readSmall(encoded({ servableSpec })).instances).toEqual([]);
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
    const column = read(readSmall(shifted).instances).parts[0]!.block.column('x');
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
    const { parts, refused } = read(readSmall(message).instances, [name]);
    expect([parts[0]?.block.column(name)?.dtype, refused]).toEqual(['float32', []]);
    expect(read([wireInstance([])], [name]).refused).toHaveLength(1);
  }
});

test('a method without inputs takes instances without any', () => {
  expect(layout([wireInstance([]), ...one], [])).toEqual({ parts: [[0, 2]], refused: [] });
});
