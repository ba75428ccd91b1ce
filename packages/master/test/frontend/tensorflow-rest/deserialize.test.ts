import { expect, test } from '@jest/globals';
import { ServingError } from '@serving/common';
import { atOnce } from '../../support/slices.js';
import { decodePredict } from '../../../src/frontend/tensorflow-rest/deserialize.js';

const read = (text: string) => atOnce(decodePredict(Buffer.from(text)));

function refusal(text: string): string {
  try {
    return `no error but ${JSON.stringify(read(text))}`;
  } catch (thrown) {
    const { code, message } = ServingError.from(thrown);
    return `${code}: ${message}`;
  }
}

test('members come in any order, and others are passed over', () => {
  const body = read(
    ' {"later": [NaN, {"instances": 1}], "instances": [[1, 2]], "signature_name": "s", "x": null} ',
  );
  expect(body).toMatchObject({ signature: 's', form: 'row', inputs: { shape: [1, 2] } });
  expect(read('{"inputs":1}')).toMatchObject({ signature: undefined, form: 'column', inputs: { shape: [] } });
});

test('an object of b64 alone is bytes, any other is named inputs', () => {
  const columns = read('{"inputs": {"b64": [1], "x": 2}}').inputs as ReadonlyMap<string, unknown>;
  expect([...columns.keys()]).toEqual(['b64', 'x']);
  const rows = read('{"instances": [{"b64": 5}, {"b64": 6}]}').inputs as ReadonlyMap<
    string,
    readonly unknown[]
  >;
  expect([...rows].map(([name, tensors]) => [name, tensors.length])).toEqual([['b64', 2]]);
  expect(read('{"inputs": {"b64": "AQI="}}').inputs).toMatchObject({
    shape: [],
    leaves: { kind: 'bytes', values: [Buffer.of(1, 2)] },
  });
  expect(read('{"instances": [ { "b64" : "AQ==" }, {"b64": ""}]}').inputs).toMatchObject({
    shape: [2],
    leaves: { kind: 'bytes' },
  });
});

test.each([
  ['', 'JSON Parse error: The document is empty'],
  ['[]', 'JSON Parse error: expected an object, given an array at offset: 0'],
  ['{"instances": [1]} x', "JSON Parse error: expected the end, given 'x' at offset: 19"],
  ['{"instances": [1,]}', "JSON Parse error: expected a value, given ']' at offset: 17"],
  ['{"instances": [nul]}', "JSON Parse error: expected 'l' of null, given ']' at offset: 18"],
  ['{"instances": [{"x": 1,}]}', `JSON Parse error: expected '"' of a key, given '}' at offset: 23`],
  ['{"instances": [?]}', "JSON Parse error: expected a value, given '?' at offset: 15"],
  ['{"instances": [{"b64": ?}]}', "JSON Parse error: expected a value, given '?' at offset: 23"],
  [
    '{"inputs": {"b64": "AQ==", "b64": "AQ=="}}',
    'JSON Parse error: expected each key once, given "b64" again at offset: 27',
  ],
  ['{}', "Missing 'inputs' or 'instances' key"],
  ['{"signature_name": 1, "instances": [1]}', "'signature_name' key must be a string value, given a number"],
  [
    '{"instances": [1], "inputs": [1]}',
    "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist, given both",
  ],
  ['{"instances": {"x": 1}}', "Excepting 'instances' to be an list/array, given an object"],
  ['{"instances": []}', "No values in 'instances' array; expected at least one"],
  ['{"instances": [{"x": 1}, 2]}', 'Expecting object but got a number at item 1 of input list'],
  [
    '{"instances": [1, {"x": 1}]}',
    "Failed to process 'instances' list. Error: element 1: expected an integer, as the first one, given bytes at offset: 18",
  ],
  [
    '{"instances": [[{}]]}',
    'expected a value, a list or {"b64": "<base64>"}, given an object with no key at offset: 16',
  ],
  [
    '{"inputs": [{"b64": "AQ==", "x": 1}]}',
    'expected a value, a list or {"b64": "<base64>"}, given an object with the key "x" at offset: 12',
  ],
  [
    '{"instances": [{"x": 1}, {"y": 1}]}',
    "Failed to process element: 1 of 'instances' list. JSON object: keys must be equal to: x, as those of the first; given the key 'y'",
  ],
  [
    '{"instances": [{"x": 1, "y": 1}, {"y": 1}]}',
    "Failed to process element: 1 of 'instances' list. JSON object: keys must be equal to: x,y, as those of the first; given no key 'x'",
  ],
  [
    '{"instances": [[1, 2], [3]]}',
    "Failed to process 'instances' list. Error: expected 2 elements along axis 1, as in the list before, given 1 at offset: 23",
  ],
  [
    '{"inputs": {"x": [1, "a"]}}',
    "Failed to process named input: x in 'inputs' object. Error: element 1: expected an integer, as the first one, given a string at offset: 21",
  ],
  [
    '{"inputs": [1, null]}',
    "Failed to process 'inputs'. Error: element 1: expected a value, given null at offset: 15",
  ],
  [
    '{"inputs": [{"b64": "A"}]}',
    'Unable to base64 decode: expected a multiple of 4 characters of base64, given 1 at offset: 12',
  ],
  [
    `{"inputs": ${'['.repeat(100)}`,
    'JSON Parse error: expected at most 64 arrays and objects inside each other, given more at offset: 74',
  ],
])('%j is refused', (text, expected) => {
  expect(refusal(text)).toBe(`BAD_REQUEST: ${expected}`);
});

test.each([
  ['strings', `{"inputs": [${'"",'.repeat(1_050_000)}""]}`],
  [
    'strings of several inputs',
    `{"inputs": {"a": [${'"",'.repeat(600_000)}""], "b": [${'"",'.repeat(600_000)}""]}}`,
  ],
  ['values of named inputs', `{"instances": [${'{"x":1},'.repeat(210_000)}{"x":1}]}`],
])('more %s than a request may have are refused', (_what, text) => {
  expect(refusal(text)).toBe(
    'BAD_REQUEST: the request has more values than are taken: expected at most 32 Mi numbers, or a million strings, or 200,000 values of named inputs of instances, given more',
  );
});

test('as many strings as a request may have are taken, whatever else it holds', () => {
  const { inputs } = read(`{"inputs": {"a": [${'"",'.repeat(999_999)}""], "b": [1, 2]}}`);
  expect((inputs as ReadonlyMap<string, unknown>).size).toBe(2);
});
