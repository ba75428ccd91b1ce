/** Inference with tensors in JSON. */
import { expect, test } from '@jest/globals';
import { batchedEcho, echo, method } from '../../support/inference.js';
import { jsonInput, RestBench, shown } from '../../support/rest.js';

function bench() {
  const one = new RestBench();
  one.serve({ servable: 'one', methods: [echo] });
  one.serve({ servable: 'many', methods: [batchedEcho] });
  return one;
}

const infer = (model: string, ...inputs: object[]) => bench().inferJson(model, { inputs });
const answer = (datatype: string, shape: number[], data: unknown[], more: object = {}) => [
  200,
  { model_name: 'one', model_version: '1', outputs: [{ name: 'y', datatype, shape, data }], ...more },
];
const refused = (text: string) => [400, { error: text }];

test('a request in lists nested by the shape, or in one list, is answered in one list', async () => {
  const flat = jsonInput('FP32', [2, 2], [1, 2.5, -3e3, 4]);
  const nested = jsonInput(
    'FP32',
    [2, 2],
    [
      [1, 2.5],
      [-3000, 4.0],
    ],
  );
  const expected = answer('FP32', [2, 2], [1, 2.5, -3000, 4]);
  expect(await infer('one', flat)).toEqual(expected);
  expect(await infer('one', nested)).toEqual(expected);
});

test('members come in any order, unknown ones are passed over, and those without a value may be null', async () => {
  const { name, datatype, shape, data } = jsonInput('INT8', [1], [5]);
  const input = { data, later: { a: [1] }, shape, parameters: null, datatype, name };
  const body = { outputs: null, id: 'a "b"', later: [null], parameters: null, inputs: [input] };
  expect(await bench().inferJson('one', body)).toEqual(answer('INT8', [1], [5], { id: 'a "b"' }));
});

test('of a batched model dimension 0 is the batch, over as many batches as it takes', async () => {
  const one = new RestBench();
  const replica = one.serve({ servable: 'one', methods: [batchedEcho] });
  const data = Array.from({ length: 18 }, (_, i) => i);
  expect(await one.inferJson('one', { inputs: [jsonInput('INT16', [9, 2], data)] })).toEqual(
    answer('INT16', [9, 2], data),
  );
  expect(replica.sizes).toEqual([4, 4, 1]);
});

test('integers of 64 bits keep all digits, there and back', async () => {
  for (const [datatype, digits] of [
    ['INT64', '-9223372036854775808,9223372036854775807,9007199254740993,0'],
    ['UINT64', '18446744073709551615,9007199254740993,0,1'],
  ] as const) {
    const body = `{"inputs":[{"name":"x","shape":[4],"datatype":"${datatype}","data":[${digits}]}]}`;
    const reply = await bench().ask('POST', '/v2/models/one/infer', { body });
    expect(reply.body.toString()).toContain(`"data":[${digits}]`);
  }
});

test('every datatype but FP16 has a form in JSON', async () => {
  for (const [datatype, data] of [
    ['BOOL', [true, false]],
    ['INT8', [-128, 127]],
    ['UINT8', [0, 255]],
    ['INT16', [-32768, 32767]],
    ['UINT16', [0, 65535]],
    ['INT32', [-2147483648, 2147483647]],
    ['UINT32', [0, 4294967295]],
    ['INT64', [-1, 1]],
    ['UINT64', [0, 1]],
    ['FP32', [0.5, -3.4028234663852886e38]],
    ['FP64', [0.1, 1e300]],
    ['BYTES', ['', 'Grüße 🚀 "\n']],
  ] as const)
    expect(await infer('one', jsonInput(datatype, [2], data))).toEqual(answer(datatype, [2], [...data]));
  expect(await infer('one', jsonInput('FP16', [1], [1]))).toEqual(
    refused('receiving FP16 data via JSON is not supported. Please use the binary data format for input x'),
  );
});

test('NaN and infinities are tokens, as Triton has them', async () => {
  const body = '{"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[NaN,Infinity,-Infinity]}]}';
  const reply = await bench().ask('POST', '/v2/models/one/infer', { body });
  expect(reply.body.toString()).toContain('"data":[NaN,Infinity,-Infinity]');
});

test('tensors without elements, and scalars', async () => {
  expect(await infer('one', jsonInput('FP32', [2, 0, 3], []))).toEqual(answer('FP32', [2, 0, 3], []));
  expect(await infer('one', jsonInput('FP32', [2, 0, 3], [[], []]))).toEqual(answer('FP32', [2, 0, 3], []));
  expect(await infer('one', jsonInput('INT32', [], [7]))).toEqual(answer('INT32', [], [7]));
});

test('an output that has no form in JSON is refused', async () => {
  const bytes = method('m', [{ name: 'x', dtype: 'bytes' }]);
  const one = new RestBench();
  one.serve({ servable: 'one', methods: [bytes] });
  one.serve({ servable: 'half', methods: [echo] });
  const binary = (datatype: string, size: number) => ({
    name: 'x',
    datatype,
    shape: [1],
    parameters: { binary_data_size: size },
  });
  const ask = async (model: string, input: object, tail: Uint8Array) => {
    const json = Buffer.from(JSON.stringify({ inputs: [input] }));
    const headers = { 'inference-header-content-length': String(json.length) };
    const body = Buffer.concat([json, tail]);
    return shown(await one.ask('POST', `/v2/models/${model}/infer`, { headers, body }));
  };
  expect(await ask('one', binary('BYTES', 5), Uint8Array.of(1, 0, 0, 0, 0xff))).toEqual(
    refused(
      "output 'y': element 0: expected UTF-8, given other bytes. Please use the binary data format for it",
    ),
  );
  expect(await ask('half', binary('FP16', 2), Uint8Array.of(0, 0x3c))).toEqual(
    refused("sending FP16 data via JSON is not supported. Please use the binary data format for output 'y'"),
  );
});

test.each([
  ['', 'failed to parse the request JSON buffer: expected a value, given the end, at byte 0'],
  ['[]', 'failed to parse the request JSON buffer: expected an object, given an array, at byte 0'],
  ['{"inputs":[]} x', "failed to parse the request JSON buffer: expected the end, given 'x', at byte 14"],
  [
    '{"id":"a","id":"b","inputs":[]}',
    'failed to parse the request JSON buffer: expected each key once, given "id" again, at byte 10',
  ],
  ['{"id":5,"inputs":[]}', "Unable to parse 'id': expected a string, given a number, at byte 6"],
  [
    '{}',
    "Unable to parse 'inputs': attempt to access non-existing object member 'inputs'; expected it in the request",
  ],
  ['{"inputs":5}', "Unable to parse 'inputs': expected an array, given a number, at byte 10"],
  [
    '{"inputs":[{"datatype":"FP32","shape":[1],"data":[1]}]}',
    "Unable to parse 'name': attempt to access non-existing object member 'name'; expected it in every input",
  ],
  [
    '{"inputs":[],"outputs":[{}]}',
    "Unable to parse 'name': attempt to access non-existing object member 'name'; expected it in every output",
  ],
  [
    '{"inputs":[],"parameters":{"a":[1]}}',
    "parameter 'a' has invalid type. It should be either 'int', 'bool', or 'string'.",
  ],
  ['{"inputs":[],"parameters":{"priority":1.5}}', 'expected 1 inputs but got 0 inputs'],
  ['{"inputs":[{"name":"\\ud800"}]}', 'expected both halves of a surrogate pair'],
  [
    Buffer.from('7b22696e70757473223aff7d', 'hex'),
    "Unable to parse 'inputs': expected a value, given byte 0xff",
  ],
  [
    Buffer.from('{"id":"\xff","inputs":[]}', 'latin1'),
    "Unable to parse 'id': expected UTF-8, given byte 0xff, at byte 7",
  ],
  [`{"x":${'['.repeat(1000)}`, 'expected at most 68 arrays and objects inside each other, given more'],
])('%p is no request', async (body, text) => {
  const reply = await bench().ask('POST', '/v2/models/one/infer', { body });
  expect(shown(reply)).toEqual(refused(expect.stringContaining(text) as never));
});

const x = jsonInput('FP32', [2], [1, 2]);
test.each([
  [{ ...x, shape: [1, -1] }, "Unable to parse 'shape': expected whole numbers from 0, given -1"],
  [{ ...x, shape: [1.5] }, "Unable to parse 'shape': expected whole numbers from 0, given 1.5"],
  [{ ...x, shape: ['2'] }, "Unable to parse 'shape': expected whole numbers, given string"],
  [{ ...x, shape: 2 }, "Unable to parse 'shape': expected an array, given a number"],
  [{ ...x, shape: [2 ** 32, 2 ** 32] }, 'shape [4294967296,4294967296] is invalid'],
  [{ ...x, shape: Array(100).fill(1) }, 'expected at most 64 dimensions'],
  [
    { ...x, shape: [3] },
    "Shape does not match true shape of 'data' field: input 'x': expected [3], or one list of 3, given [2]",
  ],
  [{ ...x, data: [[1], [2]] }, 'expected [2], or one list of 2, given [2,1]'],
  [
    { ...x, data: [[1, 2], [3]] },
    "Unable to parse 'data': expected 2 elements along axis 1, as in the list before, given 1",
  ],
  [{ ...x, data: 5 }, "Unable to parse 'data': expected an array, given number"],
  [
    { ...x, data: [1, 'a'] },
    "Unable to parse 'data': element 1: expected an integer, as the first one, given a string",
  ],
  [{ ...x, data: [1, null] }, "Unable to parse 'data': element 1: expected a value, given null"],
  [
    { ...x, data: ['a', 'b'] },
    "Unable to parse 'data' of input 'x': element 0: expected a number for float32, given \"a\"",
  ],
  [
    { ...x, data: [1e39, 1] },
    "Unable to parse 'data' of input 'x': element 0: expected -3.4028234663852886e+38 to",
  ],
  [{ ...x, datatype: 'INT8', data: [1, 128] }, 'element 1: expected -128 to 127 for int8, given 128'],
  [{ ...x, datatype: 'INT8', data: [1.5, 1] }, 'element 0: expected a whole number for int8, given 1.5'],
  [{ ...x, datatype: 'BOOL', data: [1, 0] }, 'element 0: expected true or false for bool, given 1'],
  [{ ...x, datatype: 'BYTES' }, 'element 0: expected a string or bytes, given 1'],
  [{ ...x, datatype: 'FP8' }, 'expected a datatype out of BOOL, INT8'],
  [{ ...x, datatype: 'BF16' }, 'receiving BF16 data via JSON is not supported'],
  [{ ...x, name: 'z' }, "unexpected inference input 'z' for model 'one'; expected x"],
  [
    { ...x, data: undefined },
    "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But no field is set",
  ],
  [{ ...x, parameters: { binary_data_size: 8 } }, "But set 'data' 'binary_data_size'"],
])('an input %j is refused', async (input, text) => {
  expect(await infer('one', input)).toEqual(refused(expect.stringContaining(text) as never));
});

test('shared memory is not there', async () => {
  const { data: _data, ...input } = { ...x, parameters: { shared_memory_region: 'r' } };
  const refusal = (what: string) => [
    501,
    { error: `${what}: expected its elements in the request, given shared memory` },
  ];
  expect(await infer('one', input)).toEqual(refusal("input 'x' for model 'one'"));
  const outputs = [{ name: 'y', parameters: { shared_memory_region: 'r' } }];
  expect(await bench().inferJson('one', { inputs: [x], outputs })).toEqual(refusal("output 'y'"));
});

test('more elements than may be read at a time are refused, whatever they are', async () => {
  const many = (element: string) => `[${Array(1_048_577).fill(element).join(',')}]`;
  const body = `{"inputs":[{"name":"x","shape":[1048577],"datatype":"BYTES","data":${many('""')}}]}`;
  const reply = await bench().ask('POST', '/v2/models/one/infer', { body });
  expect(shown(reply)).toEqual(
    refused(expect.stringMatching(/expected at most 104\d{4} elements, given more/) as never),
  );
  const parts = `{"inputs":[],"outputs":${many('{"name":""}').slice(0, 3_900_000)}`;
  const other = await bench().ask('POST', '/v2/models/one/infer', { body: parts });
  expect(other.status).toBe(400);
});

test('requests that come to no method are counted as refusals by their code, once each', async () => {
  const one = bench();
  await one.inferJson('one', { inputs: [jsonInput('INT8', [1], [5])] });
  await one.inferJson('two', {});
  await one.inferJson('one', {});
  await one.inferJson('one', { inputs: [], parameters: { binary_data_output: 1 } });
  await one.inferJson('one', { inputs: [] });
  const codes = ['SERVABLE_NOT_FOUND', 'BAD_REQUEST', 'INPUT_MISMATCH', 'INTERNAL'] as const;
  expect(codes.map((code) => one.plane.refusals.of(code))).toEqual([1, 2, 1, 0]);
});

test('a method that gives many responses is refused, in the words of Triton', async () => {
  const one = bench();
  one.serve({ servable: 'stream', methods: [{ ...echo, streaming: true }] });
  expect(await one.inferJson('stream', { inputs: [jsonInput('FP32', [1], [1])] })).toEqual([
    501,
    {
      error:
        "HTTP end point doesn't support models with decoupled transaction policy; 'stream' gives many responses to a request: expected ModelStreamInfer",
    },
  ]);
});
