/** Inference with tensors behind the JSON, or as the whole body. */
import { expect, test } from '@jest/globals';
import { batchedEcho, echo, floatBytes, method } from '../../support/inference.js';
import { binaryBody, jsonInput, readBinary, RestBench, shown, type RestRequest } from '../../support/rest.js';

const two = method('two', [{ name: 'x' }, { name: 'z' }]);

function bench() {
  const one = new RestBench();
  one.serve({ servable: 'one', methods: [echo] });
  one.serve({ servable: 'many', methods: [batchedEcho] });
  one.serve({ servable: 'two', methods: [two] });
  return one;
}

const binaryInput = (size: unknown, more: object = {}) => ({
  name: 'x',
  datatype: 'FP32',
  shape: [2],
  parameters: { binary_data_size: size },
  ...more,
});
const send = (model: string, request: RestRequest, one = bench()) =>
  one.ask('POST', `/v2/models/${model}/infer`, request);

test('a tensor behind the JSON comes back behind the JSON when that is asked for', async () => {
  const json = { inputs: [binaryInput(8)], parameters: { binary_data_output: true } };
  const reply = await send('one', binaryBody(json, floatBytes(1, 2)));
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/octet-stream']);
  const { outputs, raw } = readBinary(reply);
  expect(outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [2] }]);
  expect([...raw[0]!]).toEqual([...floatBytes(1, 2)]);
});

test('without being asked for, outputs are JSON', async () => {
  const reply = await send('one', binaryBody({ inputs: [binaryInput(8)] }, floatBytes(1, 2)));
  expect(reply.headers['inference-header-content-length']).toBeUndefined();
  expect(shown(reply)).toMatchObject([200, { outputs: [{ data: [1, 2] }] }]);
});

test("an output's own parameter is stronger than the request's", async () => {
  const asked = async (outputs: object[], parameters: object) => {
    const body = { inputs: [jsonInput('FP32', [1], [1])], outputs, parameters };
    const reply = await send('one', { body });
    return reply.headers['inference-header-content-length'] === undefined ? 'JSON' : 'binary';
  };
  const y = (value?: boolean) => [
    { name: 'y', parameters: value === undefined ? {} : { binary_data: value } },
  ];
  expect(await asked(y(true), {})).toBe('binary');
  expect(await asked(y(), { binary_data_output: true })).toBe('binary');
  expect(await asked(y(false), { binary_data_output: true })).toBe('JSON');
  expect(await asked(y(), {})).toBe('JSON');
});

test('inputs of both kinds, in the order of the binary ones', async () => {
  const json = {
    inputs: [
      { name: 'z', datatype: 'UINT8', shape: [3], parameters: { binary_data_size: 3 } },
      // As KServe's client writes a tensor without elements.
      binaryInput(0, { shape: [0], data: null }),
    ],
  };
  expect(shown(await send('two', binaryBody(json, Uint8Array.of(1, 2, 3))))).toMatchObject([
    200,
    { outputs: [{ name: 'y', datatype: 'FP32', shape: [0], data: [] }] },
  ]);
  const mixed = { inputs: [{ ...jsonInput('INT8', [1], [4]), name: 'z' }, binaryInput(8)] };
  expect(shown(await send('two', binaryBody(mixed, floatBytes(5, 6))))).toMatchObject([
    200,
    { outputs: [{ data: [5, 6] }] },
  ]);
});

test('data that is null is none: there may be a tensor behind the JSON, of no bytes even', async () => {
  const empty = { inputs: [binaryInput(0, { shape: [0], data: null })] };
  expect(shown(await send('one', { body: empty }))).toMatchObject([200, { outputs: [{ data: [] }] }]);
  const none = { inputs: [{ name: 'x', datatype: 'FP32', shape: [0], data: null }] };
  expect(shown(await send('one', { body: none }))).toMatchObject([
    400,
    { error: expect.stringContaining('But no field is set') },
  ]);
});

test('an output without elements is binary, too', async () => {
  const json = { inputs: [jsonInput('FP64', [0], [])], parameters: { binary_data_output: true } };
  const { outputs, raw } = readBinary(await send('one', { body: json }));
  expect([outputs[0]!.shape, raw[0]!.length]).toEqual([[0], 0]);
});

const refusals: readonly [title: string, request: RestRequest, text: string][] = [
  [
    'a size beyond the body',
    binaryBody({ inputs: [binaryInput(12)] }, floatBytes(1, 2)),
    "unexpected size for input 'x', expecting 4 additional bytes for model 'one'",
  ],
  [
    'bytes that no input takes',
    binaryBody({ inputs: [binaryInput(8)] }, floatBytes(1, 2, 3)),
    "unexpected additional input data for model 'one'",
  ],
  [
    'a size that does not fit the shape',
    binaryBody({ inputs: [binaryInput(4)] }, floatBytes(1)),
    "input byte size mismatch for input 'x' for model 'one'. Expected 8, got 4",
  ],
  [
    'a size without anything behind the JSON',
    { body: { inputs: [binaryInput(8)] } },
    "unexpected size for input 'x', expecting 8 additional bytes for model 'one'",
  ],
  ...[-1, 1.5, 'a', true].map((size): [string, RestRequest, string] => [
    `a size of ${size}`,
    binaryBody({ inputs: [binaryInput(size)] }, floatBytes(1, 2)),
    `Unable to parse 'binary_data_size': expected a number of bytes, given ${size}`,
  ]),
  ...[
    ['-1', 'inference header size should be in range (0, 2), got: -1'],
    ['3', 'inference header size should be in range (0, 2), got: 3'],
    ['99999999999999999999', 'inference header size should be in range (0, 2), got: 99999999999999999999'],
    ['x', 'Unable to parse Inference-Header-Content-Length, got: x; expected a whole number'],
  ].map(([value, text]): [string, RestRequest, string] => [
    `a header ${value}`,
    { headers: { 'inference-header-content-length': value! }, body: '{}' },
    text!,
  ]),
  [
    'a header that ends within the JSON',
    { headers: { 'inference-header-content-length': '5' }, body: '{"inputs":[]}' },
    'failed to parse the request JSON buffer',
  ],
  [
    'elements of BYTES beyond the size',
    binaryBody(
      { inputs: [binaryInput(5, { datatype: 'BYTES', shape: [1] })] },
      Uint8Array.of(9, 0, 0, 0, 65),
    ),
    'element 0: expected a length in 4 bytes and as many bytes after it',
  ],
  [
    'an output parameter that is no switch',
    { body: { inputs: [jsonInput('FP32', [1], [1])], parameters: { binary_data_output: 'yes' } } },
    "Unable to parse 'binary_data_output': expected a boolean, given yes",
  ],
];

test.each(refusals)('%s is refused', async (_title, request, text) => {
  const reply = await send('one', request);
  expect(shown(reply)).toEqual([400, { error: expect.stringContaining(text) }]);
});

const raw = { 'inference-header-content-length': '0' };

test('a header of 0: the body is the one input, as one instance, and all outputs are binary', async () => {
  const one = new RestBench();
  const floats = [{ name: 'x', dtype: 'float32', shape: [2, 'N'] }] as const;
  one.serve({ servable: 'one', methods: [method('m', floats)] });
  one.serve({ servable: 'many', methods: [method('m', floats, { batched: true })] });
  one.serve({ servable: 'text', methods: [method('m', [{ name: 'x', dtype: 'string', shape: [] }])] });
  const body = floatBytes(1, 2, 3, 4, 5, 6);
  const first = readBinary(await send('one', { headers: raw, body }, one));
  expect(first.outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [2, 3] }]);
  expect([...first.raw[0]!]).toEqual([...body]);
  const second = readBinary(await send('many', { headers: raw, body }, one));
  expect(second.outputs[0]!.shape).toEqual([1, 2, 3]);
  const third = readBinary(await send('text', { headers: raw, body: 'any text' }, one));
  expect(third.raw[0]!.subarray(4).toString()).toBe('any text');
});

test('a raw body is refused where it cannot be told what it is', async () => {
  const one = new RestBench();
  const serve = (servable: string, ...inputs: Parameters<typeof method>[1]) =>
    one.serve({ servable, methods: [method('m', inputs)] });
  serve('open', { name: 'x' });
  serve('two', { name: 'x', dtype: 'float32' }, { name: 'z', dtype: 'float32' });
  serve('wide', { name: 'x', dtype: 'float32', shape: ['N', 'M'] });
  serve('texts', { name: 'x', dtype: 'string', shape: [2] });
  serve('fixed', { name: 'x', dtype: 'float32', shape: [2] });
  for (const [model, text] of [
    ['open', "The datatype of the raw input 'x' can not be deduced because model 'open' takes any"],
    ['two', 'Raw request must only have 1 input (found 1) to be deduced but got 2 inputs in'],
    [
      'wide',
      "The shape of the raw input 'x' can not be deduced because there are more than one variable-sized",
    ],
    ['texts', "For BYTE datatype raw input 'x', the model must have input shape [1]"],
    ['fixed', "input byte size mismatch for input 'x' for model 'fixed'. Expected 8, got 4"],
  ] as const)
    expect(shown(await send(model, { headers: raw, body: floatBytes(1) }, one))).toEqual([
      400,
      { error: expect.stringContaining(text) },
    ]);
});
