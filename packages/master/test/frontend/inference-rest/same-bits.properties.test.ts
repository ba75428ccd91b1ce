/** Random tensors of every datatype: JSON and binary data over HTTP, and gRPC, give back the same bits. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batchedEcho, echo, input } from '../../support/inference.js';
import type { HttpReply } from '../../../../../test/support/http-exchange.js';
import { binaryBody, readBinary, RestBench } from '../../support/rest.js';

const arrays = {
  BOOL: Uint8Array,
  INT8: Int8Array,
  UINT8: Uint8Array,
  INT16: Int16Array,
  UINT16: Uint16Array,
  INT32: Int32Array,
  UINT32: Uint32Array,
  INT64: BigInt64Array,
  UINT64: BigUint64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};
type Datatype = keyof typeof arrays;

interface Sample {
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly raw: Uint8Array;
  /** Undefined where the bits have no form in JSON. */
  readonly elements: readonly string[] | undefined;
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

const numeric: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom(...(Object.keys(arrays) as Datatype[])), shapes)
  .chain(([datatype, shape]) => {
    const bytes = sizeOf(shape) * arrays[datatype].BYTES_PER_ELEMENT;
    return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((random) => {
      const raw = datatype === 'BOOL' ? random.map((byte) => byte & 1) : random;
      return { datatype, shape, raw, elements: textsOf(datatype, raw) };
    });
  });

/** NaNs have many forms in bits and one in JSON. */
function textsOf(datatype: Datatype, raw: Uint8Array): string[] | undefined {
  if (datatype === 'FP16') return undefined;
  const elements = new arrays[datatype](raw.slice().buffer);
  const texts = Array.from(elements as ArrayLike<number | bigint>, (element) => {
    if (datatype === 'BOOL') return String(element === 1);
    return Object.is(element, -0) ? '-0.0' : String(element);
  });
  return texts.includes('NaN') ? undefined : texts;
}

const text: fc.Arbitrary<Sample> = shapes.chain((shape) => {
  const count = sizeOf(shape);
  const one = fc.string({ unit: 'grapheme', maxLength: 5 });
  return fc.array(one, { minLength: count, maxLength: count }).map((texts) => ({
    datatype: 'BYTES',
    shape,
    raw: Buffer.concat(texts.map(lengthPrefixed)),
    elements: texts.map((each) => JSON.stringify(each)),
  }));
});

function lengthPrefixed(element: string): Buffer {
  const bytes = Buffer.from(element);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The elements of the one output in the JSON of a reply, by JavaScript's own means. */
function rawOf({ body }: HttpReply, datatype: string): Uint8Array {
  const [, list] = /"data":\[(.*)\]\}\]\}$/s.exec(body.toString('utf8'))!;
  if (datatype === 'BYTES') return Buffer.concat((JSON.parse(`[${list}]`) as string[]).map(lengthPrefixed));
  const texts = list === '' ? [] : list!.split(',');
  const of = arrays[datatype as Datatype] as unknown as { from(values: unknown[]): { buffer: ArrayBuffer } };
  const isWide = datatype === 'INT64' || datatype === 'UINT64';
  const values = texts.map((each) =>
    isWide ? BigInt(each) : datatype === 'BOOL' ? Number(each === 'true') : Number(each),
  );
  return new Uint8Array(of.from(values).buffer);
}

const nested = (shape: readonly number[], elements: readonly string[]): string => {
  if (shape.length === 0) return elements[0]!;
  const [size, ...rest] = shape;
  const each = sizeOf(rest);
  const parts = Array.from({ length: size! }, (_, i) =>
    nested(rest, elements.slice(i * each, (i + 1) * each)),
  );
  return `[${parts.join(',')}]`;
};

const bench = new RestBench();
bench.serve({ servable: 'one', methods: [echo] });
bench.serve({ servable: 'many', methods: [batchedEcho] });

async function check(model: string, { datatype, shape, raw, elements }: Sample, asLists: boolean) {
  const given = { name: 'x', datatype, shape };
  const path = `/v2/models/${model}/infer`;

  const grpc = await bench.infer({
    modelName: model,
    inputs: [input('x', datatype, shape)],
    rawInputContents: [raw],
  });
  const expected = grpc.outputs[0]!.shape.map(Number);
  expect(Buffer.from(grpc.rawOutputContents[0]!).equals(raw)).toBe(true);

  const json = {
    inputs: [{ ...given, parameters: { binary_data_size: raw.length } }],
    parameters: { binary_data_output: true },
  };
  const binary = readBinary(await bench.ask('POST', path, binaryBody(json, raw)));
  expect(binary.outputs).toEqual([{ name: 'y', datatype, shape: expected }]);
  expect(Buffer.from(binary.raw[0]!).equals(raw)).toBe(true);

  if (elements === undefined) return;
  const data = asLists && shape.length > 0 ? nested(shape, elements) : `[${elements.join(',')}]`;
  const body = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":${JSON.stringify(shape)},"data":${data}}]}`;
  const reply = await bench.ask('POST', path, { body });
  expect([reply.status, reply.status === 200 ? '' : reply.body.toString()]).toEqual([200, '']);
  expect(Buffer.from(rawOf(reply, datatype)).equals(raw)).toBe(true);
}

test('one instance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: numeric }, text), fc.boolean(), (sample, asLists) =>
      check('one', sample, asLists),
    ),
    { numRuns: 150 },
  );
});

test('a batch', async () => {
  const batch = fc.oneof({ weight: 4, arbitrary: numeric }, text).filter(({ shape }) => (shape[0] ?? 0) > 0);
  await fc.assert(
    fc.asyncProperty(batch, fc.boolean(), (sample, asLists) => check('many', sample, asLists)),
    { numRuns: 100 },
  );
});
