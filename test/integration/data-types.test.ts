/** Every element type goes through a function stage, and all that onnxruntime takes through a model, bit by bit. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { outputsOf, Tensor, tensor, type NumericType, type Value } from '@serving/client';
import { startMaster, type Master } from '../support/processes.js';
import { configuration, functionServable, identityModel, servables } from '../support/servables.js';

const bits = (dtype: NumericType, ...patterns: (number | bigint)[]): Tensor => {
  const wide = dtype.endsWith('64');
  const words = wide ? BigUint64Array.from(patterns.map(BigInt)) : Uint32Array.from(patterns.map(Number));
  if (dtype === 'float16')
    return new Tensor(dtype, [patterns.length], Uint16Array.from(patterns.map(Number)));
  const array = { float32: Float32Array, float64: Float64Array }[dtype as 'float32' | 'float64'];
  return new Tensor(dtype, [patterns.length], new array(words.buffer));
};

/** Quiet NaNs with a payload, -0, infinities, subnormals: bit patterns that arithmetic would not keep. */
const numeric: Record<NumericType, readonly Tensor[]> = {
  bool: [tensor('bool', [2], [true, false]), tensor('bool', [], true)],
  int8: [tensor('int8', [3], [-128, 0, 127])],
  uint8: [tensor('uint8', [2], [0, 255]), tensor('uint8', [2, 0], [])],
  int16: [tensor('int16', [2], [-32_768, 32_767])],
  uint16: [tensor('uint16', [1], [65_535])],
  int32: [tensor('int32', [2], [-(2 ** 31), 2 ** 31 - 1])],
  uint32: [tensor('uint32', [1], [2 ** 32 - 1])],
  int64: [
    tensor('int64', [4], [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, -1n]),
    tensor('int64', [0], []),
  ],
  uint64: [tensor('uint64', [2], [2n ** 64n - 1n, 0n])],
  float16: [bits('float16', 0x7e01, 0xfe55, 0x8000, 0x7c00, 0xfc00, 0x0001)],
  float32: [
    bits('float32', 0x7fc0_1234, 0xffc0_4321, 0x8000_0000, 0x7f80_0000, 0x0000_0001),
    tensor('float32', [], 0.1),
    tensor('float32', [2, 3, 0], []),
    tensor('float32', [1, 2, 1], [1, 2]),
  ],
  float64: [bits('float64', 0x7ff8_0000_0000_1234n, 0x8000_0000_0000_0000n, 0x7ff0_0000_0000_0000n, 1n)],
};
const texts = [
  '',
  'plain',
  'Grüße, 世界 🚀 \u0000 \u200d',
  '\ufeffwith a byte order mark',
  'e\u0301',
  'x'.repeat(100_000),
];
const blobs = [
  new Uint8Array(0),
  Uint8Array.of(0, 0, 0),
  Uint8Array.of(0, 255, 128, 0),
  new Uint8Array(70_000).fill(7),
];
const all: Record<string, readonly (Tensor | string | Uint8Array)[]> = {
  ...numeric,
  string: texts,
  bytes: blobs,
};

const modelTypes = Object.keys(numeric) as NumericType[];

let master: Master;
beforeAll(async () => {
  const models = Object.fromEntries(
    modelTypes.map((dtype) => [`1/${dtype}.onnx`, identityModel(['N', 'M'], dtype)]),
  );
  const directory = servables({
    echo: functionServable(`
const seen = (value) => value instanceof Tensor ? value.dtype + ' ' + value.data.constructor.name : value.constructor.name;
registerMethod('echo', { inputs: ['x'], outputs: ['y', 'kind'] }, (x) => addStage((x) => [x, seen(x)], [x], { outputs: 2 }));
registerMethod('direct', { inputs: ['x'], outputs: ['y'] }, (x) => x);
const given = [7, 7n, true, 'text', Buffer.from('bytes'), new Uint8Array([1]), new Int16Array([1, -2]), new Float64Array(0), new BigUint64Array([2n ** 64n - 1n])];
registerMethod('plain', { inputs: ['i'], outputs: ['y'] }, (i) => addStage((i) => given[i.data[0]], [i]));
`),
    identity: {
      ...models,
      'servable_config.ts': configuration(
        modelTypes
          .map(
            (dtype) =>
              `registerMethod('${dtype}', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(${dtype === 'bool' ? 'boolModel' : `${dtype}Model`}, [x]));`,
          )
          .join('\n')
          .replace(
            /^/,
            `${modelTypes.map((dtype) => `const ${dtype}Model = declareModel({ file: '${dtype}.onnx' });`).join('\n')}\n`,
          ),
      ),
    },
  });
  master = await startMaster(['--servable', 'echo,identity', '--directory', directory, '--executors', '1']);
});

const bytesOf = ({ data }: Tensor) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

function expectSame(given: Value | undefined, expected: Value): void {
  if (!(expected instanceof Tensor)) return expect(given).toEqual(expected);
  if (!(given instanceof Tensor)) throw new Error(`expected a tensor, given ${typeof given}`);
  expect({ dtype: given.dtype, shape: given.shape, bytes: bytesOf(given) }).toEqual({
    dtype: expected.dtype,
    shape: expected.shape,
    bytes: bytesOf(expected),
  });
}

describe.each(Object.entries(all))('%s', (dtype, values) => {
  test.each(['echo', 'direct'])('comes out of %s as it went in, alone and among others', async (method) => {
    const client = master.client('echo', method);
    for (const x of values) expectSame(outputsOf((await client.infer({ x }))[0])['y'], x);
    const results = await client.infer(values.map((x) => ({ x })));
    for (const [i, x] of values.entries()) expectSame(outputsOf(results[i]!)['y'], x);
  });

  test('reaches a stage as what the documentation says', async () => {
    const [result] = await master.client('echo', 'echo').infer({ x: values[0]! });
    const [value] = values;
    const kind =
      value instanceof Tensor ? `${dtype} ${value.data.constructor.name}` : value!.constructor.name;
    expect(outputsOf(result)['kind']).toBe(kind);
  });
});

test.each(modelTypes)('%s goes through a model bit by bit', async (dtype) => {
  const [x] = numeric[dtype];
  const client = master.client('identity', dtype);
  expectSame(outputsOf((await client.infer({ x: x! }))[0])['y'], x!);
  const empty = new Tensor(dtype, [0], x!.data.slice(0, 0));
  expectSame(outputsOf((await client.infer({ x: empty }))[0])['y'], empty);
});

test('all types in one request, in the order they were sent', async () => {
  const values = Object.values(all).flat();
  const results = await master.client('echo', 'echo').infer(values.map((x) => ({ x })));
  for (const [i, x] of values.entries()) expectSame(outputsOf(results[i]!)['y'], x);
});

test('plain JavaScript values that a stage returns', async () => {
  const client = master.client('echo', 'plain');
  const results = await client.infer(Array.from({ length: 9 }, (_, i) => ({ i: tensor('int32', [], i) })));
  const expected: Value[] = [
    tensor('float32', [], 7),
    tensor('int64', [], 7n),
    tensor('bool', [], true),
    'text',
    Uint8Array.from(Buffer.from('bytes')),
    Uint8Array.of(1),
    tensor('int16', [2], [1, -2]),
    tensor('float64', [0], []),
    tensor('uint64', [1], [2n ** 64n - 1n]),
  ];
  for (const [i, value] of expected.entries()) expectSame(outputsOf(results[i]!)['y'], value);
});
