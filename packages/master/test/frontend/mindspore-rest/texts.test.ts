/** Every text of MindSpore Serving's REST API for a request that is wrong, over the port. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startRest, type RestFrontend } from '../../support/rest-frontend.js';

let rest: RestFrontend;
beforeAll(async () => {
  rest = await startRest({ maxMessageBytes: 4096 });
});
afterAll(() => rest.stop());

const prefix = 'Parser request failed, ';

test.each([
  ['', 'http message invalid'],
  ['{', 'Illegal JSON format.'],
  ['{"instances":[{"x":01}]}', 'Illegal JSON format.'],
  ['{"instances":[{"x":1}]} trailing', 'Illegal JSON format.'],
  [`{"instances":${'['.repeat(100)}`, 'Illegal JSON format.'],
  [' '.repeat(4097), 'http message is bigger than 4096'],
  ['{}', `${prefix}key 'instances' expects to exist once, but actually 0 times`],
  ['[1]', `${prefix}key 'instances' expects to exist once, but actually 0 times`],
  ['{"Instances":[]}', `${prefix}key 'instances' expects to exist once, but actually 0 times`],
  [
    '{"instances":{"x":1},"instances":{"x":1}}',
    `${prefix}key 'instances' expects to exist once, but actually 2 times`,
  ],
  ['{"instances":[]}', `${prefix}instances value is array type, but no value`],
  ['{"instances":1}', `${prefix}instances no key mode is not supported`],
  ['{"instances":null}', `${prefix}instances no key mode is not supported`],
  ['{"instances":[1,2]}', `${prefix}instances no key mode is not supported`],
  ['{"instances":[[1],{"x":1}]}', `${prefix}instances no key mode is not supported`],
  ['{"instances":{}}', `${prefix}json object, value is empty`],
  ['{"instances":[{}]}', `${prefix}json array, instance is object type, but no value`],
  ['{"instances":{"":1}}', `${prefix}string key is empty`],
])('body %.40s', async (body, text) => {
  const { status, headers, json } = await rest.post(body);
  expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(json).toEqual({ error_msg: expect.stringContaining(text) });
  expect(json.error_msg!.startsWith(text)).toBe(true);
});

test('an instance that is none fails, where the first one is one', async () => {
  const { json } = await rest.post('{"instances":[{"x":1},2,{},{"x":"a"}]}');
  expect(json.instances).toEqual([
    { y: 'x:int32[]=01000000' },
    { error_msg: `${prefix}json array, instance is not object type; given number` },
    { error_msg: `${prefix}json array, instance is object type, but no value` },
    { y: 'x:string[]=61' },
  ]);
});

const onlyKeys = "only support specified ['b64', 'type', 'shape']";
const b64Once = "json object, 'b64' should be specified only one time";
const oneItem = 'json array, string or bytes type only support one item';
const noElement = 'json array, data should be number, bool, string or bytes';
const onlyScalar =
  "json object, only support scalar when data type is string or bytes, please check 'type' or 'shape'";
const badShape = "json object, key is 'shape', invalid shape value";

test.each([
  ['null', 'json value is null, it is not supported'],
  ['{}', 'json object, value is empty'],
  ['{"a":1,"b64":"","type":"str","shape":[]}', `json object, items size is more than 3, ${onlyKeys}`],
  ['{"b64":"","c":1}', "json object, key is not ['b64', 'type', 'shape'], fail key:c"],
  ['{"type":"str"}', b64Once],
  ['{"b64":"","b64":""}', b64Once],
  ['{"b64":"","type":"str","type":"str"}', "json object, 'type' should be specified no more than one time"],
  ['{"b64":"","shape":[],"shape":[]}', "json object, 'shape' should be specified no more than one time"],
  ['{"b64":"","type":1}', "json object, key is 'type', value should be string type"],
  ['{"b64":"","type":"int"}', "json object, specified type:'int' is illegal"],
  ['{"b64":"","type":"complex64"}', "json object, specified type:'complex64' is illegal"],
  ['{"b64":"","shape":1}', "json object, key is 'shape', value should be array type"],
  ['{"b64":"","shape":[-1]}', "json object, key is 'shape', array value should be unsigned integer"],
  ['{"b64":"","shape":[1.0]}', "json object, key is 'shape', array value should be unsigned integer"],
  ['{"b64":"","shape":["1"]}', "json object, key is 'shape', array value should be unsigned integer"],
  ['{"b64":"","type":"int8","shape":[0,1]}', `${badShape} [0,1]`],
  ['{"b64":"","type":"int8","shape":[4294967296]}', `${badShape} [4294967296]`],
  ['{"b64":"","type":"int8","shape":[65536,65536]}', `${badShape} [65536,65536]`],
  [`{"b64":"AA==","type":"int8","shape":[${Array(65).fill(1).join()}]}`, `${badShape} [1,1`],
  ['{"b64":"","shape":[2]}', onlyScalar],
  ['{"b64":"","type":"str","shape":[0]}', onlyScalar],
  ['{"b64":1}', 'get scalar data failed, type is string, but json is not string type'],
  ['{"b64":null,"type":"int8"}', 'get scalar data failed, type is string, but json is not string type'],
  ['{"b64":"AAA"}', "'AAA' is illegal b64 encode string"],
  ['{"b64":"A-_="}', 'decode base64 failed, size is not matched.'],
  ['{"b64":"=AAA"}', 'decode base64 failed, size is not matched.'],
  [
    '{"b64":"AAAA","type":"int32"}',
    'size is not matched, decode base64 size:3; Given info: type:int32; type size:4; element nums:1',
  ],
  [
    '{"b64":"AACAPw==","type":"fp32","shape":[2]}',
    'size is not matched, decode base64 size:4; Given info: type:float32; type size:4; element nums:2',
  ],
  ['[]', 'json array, shape is empty'],
  ['[[],[]]', 'json array, shape is empty'],
  ['["a","b"]', oneItem],
  ['[{"b64":""},{"b64":""}]', oneItem],
  ['[[1],2]', 'invalid json array: json type is not array'],
  ['[[1,2],[3]]', 'invalid json array: json size is 1, the dim 1 expected to be 2'],
  ['[[1],[2,3,4]]', 'invalid json array: json size is 3, the dim 1 expected to be 1'],
  ['[1,[2]]', noElement],
  ['[1,null]', noElement],
  ['[null]', noElement],
  ['[1,{"b64":""}]', noElement],
  ['[1,2.0]', 'json array, elements type is not equal'],
  ['[1.5,2]', 'json array, elements type is not equal'],
  ['[1,true]', 'json array, elements type is not equal'],
  ['[true,"a"]', 'json array, elements type is not equal'],
  ['[1,"a"]', 'json array, elements type is not equal'],
  [
    '[{"b64":"AQ==","type":"int8"}]',
    'json array, item is object type, object only support string or bytes type',
  ],
])('input %.60s', async (x, text) => {
  expect((await rest.send(x)).startsWith(`${prefix}${text}`)).toBe(true);
  // It is that instance's own, and what follows is read.
  const { json } = await rest.post(`{"instances":[{"x":${x}},{"x":1}],"more":[]}`);
  expect(json.instances).toEqual([
    { error_msg: expect.stringContaining(`${prefix}${text}`) },
    { y: 'x:int32[]=01000000' },
  ]);
});

test('errors show no more of hostile names and texts than tells them', async () => {
  const name = 'n'.repeat(1000);
  for (const instance of [
    `{"${name}":null}`,
    `{"x":{"${name}":1}}`,
    `{"x":{"b64":"","type":"${name}"}}`,
    `{"x":{"b64":"${name}A"}}`,
  ]) {
    const { json } = await rest.post(`{"instances":${instance}}`);
    expect(json.error_msg!.length).toBeLessThan(500);
  }
});

test('a missing input is told with what was given', async () => {
  const { json } = await rest.post('{"instances":{"a":1,"b":2,"a":3}}');
  expect(json.error_msg).toBe(
    'Cannot find input x in instance input , servable add, method predict; expected inputs: x, given: a, b',
  );
});

test('what is no input of the method is ignored once it is in order, and the last of a name counts', async () => {
  const { json } = await rest.post('{"instances":{"x":1,"more":[1.5],"x":2},"signature_name":{"a":[]}}');
  expect(json.instances).toEqual([{ y: 'x:int32[]=02000000' }]);
  expect((await rest.post('{"instances":{"x":1,"more":[1.5,"a"]}}')).json.error_msg).toContain(
    'elements type is not equal; input more: element 1',
  );
});
