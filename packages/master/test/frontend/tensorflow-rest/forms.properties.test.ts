/**
 * Tensors of every dtype through a master's HTTP and gRPC ports: row and column form say the same, and both say what the
 * Open Inference Protocol gives back as bytes.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  allocate,
  asBytes,
  asElements,
  float16Value,
  isNumericType,
  type DataType,
  type NumericType,
} from '@serving/common';
import fc from 'fast-check';
import { ask, inferInput } from '../../../../../test/support/inference-calls.js';
import { datatypeOf } from '../../../src/frontend/inference-models/data-types.js';
import { method } from '../../support/inference.js';
import { Served } from './served.js';

const numeric = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
] as const satisfies readonly NumericType[];
const methods = [...numeric, 'string' as const, 'bytes' as const].map((dtype) =>
  method(dtype, [{ name: 'x', dtype }], { batched: true }),
);

let served: Served;
let grpc: string;
beforeAll(async () => {
  served = new Served({ limits: { maxBatchSize: 4, minShare: 1 } });
  served.serve({ servable: 's', methods });
  await served.start();
  grpc = await served.master.listenGrpc('127.0.0.1:0', 2 ** 20);
});
afterAll(() => served.master.stop(0));

interface Case {
  readonly dtype: DataType;
  /** Instances first. */
  readonly shape: readonly number[];
  /** JSON of each element. */
  readonly tokens: readonly string[];
}

const ranges = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

const otherTokens: Readonly<Record<Exclude<DataType, keyof typeof ranges>, fc.Arbitrary<string>>> = {
  bool: fc.boolean().map(String),
  float16: fc.nat(0xffff).map((bits) => floatToken(float16Value(bits))),
  float32: fc.float().map(floatToken),
  float64: fc.double().map(floatToken),
  string: fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  bytes: fc.uint8Array({ maxLength: 9 }).map((bytes) => `{"b64":"${Buffer.from(bytes).toString('base64')}"}`),
};

function token(dtype: DataType): fc.Arbitrary<string> {
  if (!isInteger(dtype)) return otherTokens[dtype];
  const [min, max] = ranges[dtype];
  return fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max)).map(String);
}

function isInteger(dtype: DataType): dtype is keyof typeof ranges {
  return dtype in ranges;
}

function floatToken(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

const anyCase: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom<DataType>(...numeric, 'string', 'bytes'),
    fc.integer({ min: 1, max: 9 }),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  )
  .chain(([dtype, count, rest]) => {
    // JSON cannot say how large a dimension behind an empty one is.
    const zero = rest.indexOf(0);
    const shape = [count, ...(zero === -1 ? rest : rest.slice(0, zero + 1))];
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return fc
      .array(token(dtype), { minLength: size, maxLength: size })
      .map((tokens) => ({ dtype, shape, tokens }));
  });

/** The elements as nested lists. */
function nested(shape: readonly number[], tokens: readonly string[]): string {
  const [size, ...rest] = shape;
  if (size === undefined) return tokens[0]!;
  const each = rest.reduce((product, dimension) => product * dimension, 1);
  const lists = Array.from({ length: size }, (_, i) => nested(rest, tokens.slice(i * each, (i + 1) * each)));
  return `[${lists.join(',')}]`;
}

function bytesOf({ dtype, tokens }: Case): Uint8Array {
  if (!isNumericType(dtype)) return Buffer.concat(tokens.flatMap((each) => lengthPrefixed(textBytes(each))));
  const elements = allocate(dtype, tokens.length);
  for (const [i, each] of tokens.entries()) {
    if (dtype === 'bool') elements[i] = Number(each === 'true');
    else if (dtype === 'int64' || dtype === 'uint64') elements[i] = BigInt(each);
    else if (dtype === 'float16') elements[i] = halves.get(floatToken(Number(each)))!;
    else elements[i] = Number(each);
  }
  return asBytes(elements);
}

/** The first bits of each value that a half can have. */
const halves = new Map(
  Array.from({ length: 2 ** 16 }, (_, bits) => [floatToken(float16Value(bits)), bits] as const).toReversed(),
);

function textBytes(each: string): Buffer {
  const value = JSON.parse(each) as string | { readonly b64: string };
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.b64, 'base64');
}

function lengthPrefixed(bytes: Buffer): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

/** What the elements of an answer are, whichever way they came: NaN is NaN, whatever its bits. */
function valuesOf(dtype: DataType, raw: Uint8Array): unknown {
  if (dtype === 'float16') return Array.from(asElements(dtype, raw.slice()) as Uint16Array, float16Value);
  return isNumericType(dtype) ? [...asElements(dtype, raw.slice())] : [...raw];
}

test('row form, named or not, column form and gRPC agree', async () => {
  const property = fc.asyncProperty(anyCase, async (given) => {
    const { dtype, shape, tokens } = given;
    const send = (inputs: string) => served.predict('s', `{"signature_name":"${dtype}",${inputs}}`);
    const text = nested(shape, tokens);
    const perRow = tokens.length / shape[0]!;
    const rows = Array.from({ length: shape[0]! }, (_, i) =>
      nested(shape.slice(1), tokens.slice(i * perRow, (i + 1) * perRow)),
    );
    const column = await send(`"inputs":${text}`);
    const answered = /^\{"outputs":(.*)\}$/s.exec(column)?.[1];
    expect(answered).toBeDefined();
    expect(await send(`"inputs":{"x":${text}}`)).toBe(column);
    expect(await send(`"instances":${text}`)).toBe(`{"predictions":${answered}}`);
    expect(await send(`"instances":[${rows.map((row) => `{"x":${row}}`).join(',')}]`)).toBe(
      `{"predictions":${answered}}`,
    );
    // What comes back can be sent again, and comes back as it is.
    expect(await send(`"inputs":${answered}`)).toBe(column);

    const response = await ask.infer(grpc, {
      modelName: `s.${dtype}`,
      inputs: [inferInput('x', datatypeOf(dtype), shape)],
      rawInputContents: [bytesOf(given)],
    });
    const [output] = response.outputs;
    const back = elementsIn(dtype, answered!);
    // Of one text in a list an open shape makes that text, in every protocol.
    expect(brackets(nested(output!.shape.map(Number), back))).toBe(brackets(answered!));
    expect(valuesOf(dtype, bytesOf({ dtype, shape, tokens: back }))).toEqual(
      valuesOf(dtype, response.rawOutputContents[0]!),
    );
  });
  await fc.assert(property, { numRuns: 60 });
});

/** Of a text what is not in strings, and only the brackets of it. */
function brackets(text: string): string {
  return text.replaceAll(/"(?:\\.|[^"\\])*"/g, '').replaceAll(/[^[\]]/g, '');
}

/** The JSON of each element of nested lists. */
function elementsIn(dtype: DataType, text: string): string[] {
  const pattern = isNumericType(dtype)
    ? /[^[\],]+/g
    : dtype === 'string'
      ? /"(?:\\.|[^"\\])*"/g
      : /\{[^}]*\}/g;
  return text.match(pattern) ?? [];
}
