/** Every form that an input may have in JSON, over the port: what the replica gets for it, or what is said of it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DataType } from '@serving/common';
import { startRest, type RestFrontend } from '../../support/rest-frontend.js';

const open: Record<string, RestFrontend> = {};
/** Inputs of which nothing is known, whose model says a dtype, and whose configuration does. */
const kinds: readonly (readonly [name: string, dtype?: DataType, isDeclared?: boolean])[] = [
  ['open'],
  ['int64 of a model', 'int64'],
  ['uint8 of a model', 'uint8'],
  ['float64 of a model', 'float64'],
  ['float32 of a model', 'float32'],
  ['float16 of a model', 'float16'],
  ['bool of a model', 'bool'],
  ['string of a model', 'string'],
  ['declared float32', 'float32', true],
  ['declared int16', 'int16', true],
  ['declared uint64', 'uint64', true],
];

beforeAll(async () => {
  for (const [name, dtype, isDeclared] of kinds)
    open[name] = await startRest({
      inputs: [{ name: 'x', ...(dtype && { dtype }), ...(isDeclared && { isDeclared }) }],
    });
});
afterAll(async () => {
  for (const frontend of Object.values(open)) await frontend.stop();
});

const hex = (elements: ArrayBufferView) =>
  Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength).toString('hex');
const int32 = (...values: number[]) => hex(Int32Array.from(values));
const float32 = (...values: number[]) => hex(Float32Array.from(values));
const float64 = (...values: number[]) => hex(Float64Array.from(values));
const int64 = (...values: bigint[]) => hex(BigInt64Array.from(values));
const text = (value: string) => Buffer.from(value).toString('hex');
const base64 = (bytes: string) => Buffer.from(bytes, 'hex').toString('base64');

test.each([
  // R: integers are int32, floats float32, of any nesting.
  ['open', '1', `int32[]=${int32(1)}`],
  ['open', '-2147483648', `int32[]=${int32(-(2 ** 31))}`],
  ['open', '1.0', `float32[]=${float32(1)}`],
  ['open', '1e2', `float32[]=${float32(100)}`],
  ['open', 'true', 'bool[]=01'],
  ['open', '"größe"', `string[]=${text('größe')}`],
  ['open', '[1,2,3]', `int32[3]=${int32(1, 2, 3)}`],
  ['open', '[1]', `int32[1]=${int32(1)}`],
  ['open', '[[1.5,2.0],[3.0,4.25]]', `float32[2,2]=${float32(1.5, 2, 3, 4.25)}`],
  ['open', '[[[true]],[[false]]]', 'bool[2,1,1]=0100'],
  ['open', '["a"]', `string[]=${text('a')}`],
  ['open', '[["a"]]', `string[]=${text('a')}`],
  ['open', '""', 'string[]='],
  ['open', '{"b64":"AQID"}', 'bytes[]=010203'],
  ['open', '{"b64":""}', 'bytes[]='],
  ['open', '[{"b64":"AQID"}]', 'bytes[]=010203'],
  ['open', '[[{"b64":"YQ==","type":"str"}]]', 'string[]=61'],
  ['open', '{"b64":"YQ==","type":"str","shape":[1]}', 'string[]=61'],
  ['open', '{"b64":"YQ==","type":"bytes","shape":[]}', 'bytes[]=61'],
  // What the model takes decides how wide a number is, not of which kind.
  ['int64 of a model', '9007199254740993', `int64[]=${int64(9_007_199_254_740_993n)}`],
  ['int64 of a model', '[-9223372036854775808,1]', `int64[2]=${int64(-(2n ** 63n), 1n)}`],
  ['int64 of a model', '1.0', `float32[]=${float32(1)}`],
  ['uint8 of a model', '[0,255]', 'uint8[2]=00ff'],
  ['float64 of a model', '1.1', `float64[]=${float64(1.1)}`],
  ['float64 of a model', '[1,2.5]', `float64[2]=${float64(1, 2.5)}`],
  ['float64 of a model', '[2.5,1]', `float64[2]=${float64(2.5, 1)}`],
  ['float16 of a model', '[1.0,65504.0]', 'float16[2]=003cff7b'],
  ['float32 of a model', '[1,2]', `int32[2]=${int32(1, 2)}`],
  ['float32 of a model', 'true', 'bool[]=01'],
  ['float32 of a model', '[]', 'float32[0]='],
  ['float32 of a model', '[[],[]]', 'float32[2,0]='],
  ['bool of a model', '[true,false]', 'bool[2]=0100'],
  ['bool of a model', '1', `int32[]=${int32(1)}`],
  ['string of a model', '{"b64":"YQ=="}', 'bytes[]=61'],
  // What the configuration declares holds for either kind.
  ['declared float32', '[[1,2],[3,4]]', `float32[2,2]=${float32(1, 2, 3, 4)}`],
  ['declared float32', '16777217', `float32[]=${float32(16_777_216)}`],
  ['declared float32', '{"b64":"AQAAAA==","type":"int32"}', `int32[]=${int32(1)}`],
  ['declared int16', '[1,2]', 'int16[2]=01000200'],
  ['declared int16', '[1.0,2e0]', 'int16[2]=01000200'],
  ['declared int16', '[1,2.0]', 'int16[2]=01000200'],
  ['declared uint64', '18446744073709551615', `uint64[]=${'ff'.repeat(8)}`],
])('%s: %s', async (kind, json, expected) => {
  expect(await open[kind]!.send(json)).toBe(`x:${expected}`);
});

const dtypes: readonly (readonly [type: string, dtype: DataType, width: number])[] = [
  ['bool', 'bool', 1],
  ['int8', 'int8', 1],
  ['int16', 'int16', 2],
  ['int32', 'int32', 4],
  ['int64', 'int64', 8],
  ['uint8', 'uint8', 1],
  ['uint16', 'uint16', 2],
  ['uint32', 'uint32', 4],
  ['uint64', 'uint64', 8],
  ['fp16', 'float16', 2],
  ['fp32', 'float32', 4],
  ['fp64', 'float64', 8],
  ['float16', 'float16', 2],
  ['float32', 'float32', 4],
  ['float64', 'float64', 8],
];

test.each(dtypes)('base64 of type %s, of every kind of shape', async (type, dtype, width) => {
  const bytes = (count: number) => '01'.repeat(count * width);
  for (const [shape, count, shown] of [
    ['', 1, '[]'],
    [',"shape":[]', 1, '[]'],
    [',"shape":[1]', 1, '[1]'],
    [',"shape":[2,3]', 6, '[2,3]'],
    [',"shape":[0]', 0, '[0]'],
    [',"shape":[2,0]', 0, '[2,0]'],
  ] as const) {
    const json = `{"type":"${type}"${shape},"b64":"${base64(bytes(count))}"}`;
    expect(await open['open']!.send(json)).toBe(`x:${dtype}${shown}=${bytes(count)}`);
  }
});

const wide = 'element 0: expected -2147483648 to 2147483647 for int32, given 3000000000';
test.each([
  ['open', '3000000000', wide],
  ['open', '1e39', 'element 0: expected -3.4028234663852886e+38 to 3.4028234663852886e+38 for float32'],
  ['int64 of a model', '9223372036854775808', 'for int64, given 9223372036854775808'],
  ['uint8 of a model', '[1,-1]', 'element 1: expected 0 to 255 for uint8, given -1'],
  ['float16 of a model', '[1.0,70000.0]', 'element 1: expected -65504 to 65504 for float16, given 70000'],
  ['declared int16', '[1,2.5]', 'element 1: expected a whole number for int16, given 2.5'],
  ['declared int16', '2.5', 'element 0: expected a whole number for int16, given 2.5'],
  ['declared uint64', '-1', 'element 0: expected 0 to 18446744073709551615 for uint64, given -1'],
])('%s: %s is no number of its type, and never wraps', async (kind, json, expected) => {
  const answer = await open[kind]!.send(json);
  expect(answer).toMatch(/^Parser request failed, .*; input x: /);
  expect(answer).toContain(expected);
});
