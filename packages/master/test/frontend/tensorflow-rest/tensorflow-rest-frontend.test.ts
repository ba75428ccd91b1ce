import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Block } from '@serving/common';
import { batchedEcho, echo, giveBack, method } from '../../support/inference.js';
import { errorOf, Served } from './served.js';

const typed = (dtype: Parameters<typeof method>[1][number]['dtype'], more = {}) =>
  method(dtype!, [{ name: 'x', dtype: dtype! }], more);
const two = method('two', [{ name: 'a' }, { name: 'b' }], {
  batched: true,
  outputs: [{ name: 'y' }, { name: 'z_bytes' }],
});

let served: Served;
beforeAll(async () => {
  served = new Served({ limits: { maxBatchSize: 4, minShare: 1, maxQueueInstances: 50 } });
  served.serve({ servable: 'one', methods: [echo] });
  served.serve({ servable: 'many', methods: [batchedEcho] });
  served.serve({
    servable: 'types',
    methods: (
      ['bool', 'int8', 'int32', 'uint32', 'int64', 'uint64', 'float16', 'float32', 'string', 'bytes'] as const
    ).map((dtype) => typed(dtype, { batched: true })),
  });
  served.serve({ servable: 'two', methods: [two] }, (work) => {
    let first = 0;
    for (const { columns, count } of work.contents.sections) {
      const [a, b] = columns;
      const outputs = new Block(count, [
        { ...a!, name: 'y' },
        { ...b!, name: 'z_bytes' },
      ]).all();
      work.send({ first, count, sequence: 0, last: true, outcome: { ok: true, outputs } });
      first += count;
    }
  });
  await served.start();
});
afterAll(() => served.master.stop(0));

test('row form is a list of instances, and so is the answer', async () => {
  expect(await served.predict('many', { instances: [1.5, 2.5, 5.5] })).toBe('{"predictions":[1.5,2.5,5.5]}');
  expect(await served.predict('many', { instances: [[[1, 2]], [[3, 4]]] })).toBe(
    '{"predictions":[[[1,2]],[[3,4]]]}',
  );
  expect(await served.predict('many', { instances: [{ x: [1] }, { x: [2] }] })).toBe(
    '{"predictions":[[1],[2]]}',
  );
  expect(await served.predict('many', { instances: ['foo', 'bär', ''] })).toBe(
    '{"predictions":["foo","bär",""]}',
  );
});

test('column form is a tensor for each input', async () => {
  expect(
    await served.predict('many', {
      inputs: [
        [1, 2],
        [3, 4],
      ],
    }),
  ).toBe('{"outputs":[[1,2],[3,4]]}');
  expect(await served.predict('many', { inputs: { x: [true, false] } })).toBe('{"outputs":[true,false]}');
});

test('several inputs and outputs go by name; outputs whose names end in _bytes are base64', async () => {
  const rows = {
    instances: [
      { a: 1, b: 'foo' },
      { b: 'bar', a: 2 },
    ],
  };
  expect(await served.predict('two', rows)).toBe(
    '{"predictions":[{"y":1,"z_bytes":{"b64":"Zm9v"}},{"y":2,"z_bytes":{"b64":"YmFy"}}]}',
  );
  expect(await served.predict('two', { inputs: { a: [1, 2], b: ['foo', 'bar'] } })).toBe(
    '{"outputs":{"y":[1,2],"z_bytes":[{"b64":"Zm9v"},{"b64":"YmFy"}]}}',
  );
});

test('bytes go in and out as base64', async () => {
  const bytes = { b64: Buffer.from([0xff, 0, 1]).toString('base64') };
  const given = JSON.stringify(bytes);
  expect(await served.predict('many', { instances: [bytes, bytes] })).toBe(
    `{"predictions":[${given},${given}]}`,
  );
  expect(await served.predict('many', { instances: [{ x: bytes }] })).toBe(`{"predictions":[${given}]}`);
  expect(await served.predict('one', { inputs: bytes })).toBe(`{"outputs":${given}}`);
  expect(await served.predict('types', { signature_name: 'bytes', instances: ['text'] })).toBe(
    '{"predictions":[{"b64":"dGV4dA=="}]}',
  );
  expect(await served.predict('types', { signature_name: 'string', instances: [{ b64: 'dGV4dA==' }] })).toBe(
    '{"predictions":["text"]}',
  );
});

test('of a method that is not batched each row is an instance, and a column is one', async () => {
  const replica = served.serve({ servable: 'single', methods: [echo] });
  expect(
    await served.predict('single', {
      instances: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    }),
  ).toBe('{"predictions":[[1,2],[3,4],[5,6]]}');
  expect(replica.last.texts).toHaveLength(3);
  expect(replica.last.contents.sections[0]!.columns[0]!.shape).toEqual([2]);
  expect(
    await served.predict('single', {
      inputs: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    }),
  ).toBe('{"outputs":[[1,2],[3,4],[5,6]]}');
  expect(replica.last.texts).toHaveLength(1);
  expect(replica.last.contents.sections[0]!.columns[0]!.shape).toEqual([3, 2]);
  expect(await served.predict('single', { inputs: 7 })).toBe('{"outputs":7}');
});

test('more instances than a batch holds come back in their order', async () => {
  const instances = Array.from({ length: 11 }, (_, i) => [i, i + 0.5]);
  expect(JSON.parse(await served.predict('many', { instances }))).toEqual({ predictions: instances });
  expect(JSON.parse(await served.predict('many', { inputs: instances }))).toEqual({ outputs: instances });
});

test('numbers become the declared dtype, exactly or not at all', async () => {
  const as = (dtype: string, values: string) =>
    served.predict('types', `{"signature_name":"${dtype}","instances":[${values}]}`);
  expect(await as('float32', '1, -2.5, NaN, Infinity, -Infinity, -0.0, 1e3')).toBe(
    '{"predictions":[1.0,-2.5,NaN,Infinity,-Infinity,-0.0,1000.0]}',
  );
  expect(await as('float16', '1, 65504, NaN')).toBe('{"predictions":[1.0,65504.0,NaN]}');
  expect(await as('int32', '1.0, -2147483648, 2e3')).toBe('{"predictions":[1,-2147483648,2000]}');
  expect(await as('int64', '9223372036854775807, -9223372036854775808, 9007199254740993')).toBe(
    '{"predictions":[9223372036854775807,-9223372036854775808,9007199254740993]}',
  );
  expect(await as('uint64', '18446744073709551615')).toBe('{"predictions":[18446744073709551615]}');
  expect(await as('bool', 'true, false')).toBe('{"predictions":[true,false]}');
});

test.each([
  ['int32', '1, 1.5', 'element 1: expected a whole number for int32, given 1.5'],
  ['int32', '2147483648', 'element 0: expected -2147483648 to 2147483647 for int32, given 2147483648'],
  ['int8', '-129', 'element 0: expected -128 to 127 for int8, given -129'],
  ['uint32', '-1', 'element 0: expected 0 to 4294967295 for uint32, given -1'],
  [
    'int64',
    '9223372036854775808',
    'element 0: expected -9223372036854775808 to 9223372036854775807 for int64, given 9223372036854775808',
  ],
  ['int32', 'NaN', 'element 0: expected a whole number for int32, given NaN'],
  [
    'float32',
    '1e39',
    'element 0: expected -3.4028234663852886e+38 to 3.4028234663852886e+38 for float32, given 1e+39',
  ],
  ['float32', '"a"', 'element 0: expected a number for float32, given "a"'],
  ['float32', 'true', 'element 0: expected a number for float32, given true'],
  ['float32', '{"b64":""}', 'element 0: expected a number for float32, given bytes'],
  ['bool', '1', 'element 0: expected true or false for bool, given 1'],
  ['string', '1', 'element 0: expected a string, given 1'],
  ['string', '{"b64":"/w=="}', 'element 0: expected UTF-8 for string, given other bytes'],
])('%s is not made of %s', async (dtype, values, text) => {
  const body = (inputs: string) => `{"signature_name":"${dtype}",${inputs}}`;
  expect(await served.refusal('types', body(`"instances":[${values}]`))).toBe(`400 input 'x': ${text}`);
  expect(await served.refusal('types', body(`"inputs":[${values}]`))).toBe(`400 input 'x': ${text}`);
});

test('a value of named inputs that does not fit is named with its row', async () => {
  const named = (...values: string[]) =>
    `{"signature_name":"int32","instances":[${values.map((value) => `{"x":${value}}`).join(',')}]}`;
  expect(await served.refusal('types', named('[1,2]', '[3,4.5]'))).toBe(
    "400 Failed to process element: 1 key: x of 'instances' list. Error: element 1: expected a whole number for int32, given 4.5",
  );
  expect(await served.refusal('types', named('[1,2]', '[3]'))).toBe(
    "400 Failed to process element: 1 key: x of 'instances' list. Error: Expecting shape [2] but got: [1]",
  );
  expect(await served.refusal('types', named('[1,2]', '[[3],4]'))).toMatch(
    /^400 Failed to process element: 1 key: x of 'instances' list. Error: expected an array at axis 1, as before, given a number at offset: \d+$/,
  );
});

test('of an input that is open integers beside floats are floats, in rows as in columns', async () => {
  for (const body of [
    { instances: [1, 2.5] },
    { instances: [{ x: 1 }, { x: 2.5 }] },
    { instances: [{ x: 1.0 }, { x: 2.5 }] },
  ])
    expect(await served.predict('many', body)).toBe('{"predictions":[1.0,2.5]}');
  expect(await served.predict('many', { instances: [{ x: 2.5 }, { x: 1 }] })).toBe(
    '{"predictions":[2.5,1.0]}',
  );
  expect(await served.predict('many', { instances: [[], []] })).toBe('{"predictions":[[],[]]}');
  expect(await served.refusal('many', { instances: [{ x: 1 }, { x: 'a' }] })).toBe(
    "400 Failed to process element: 1 key: x of 'instances' list. Error: expected elements of int32, as in those before, given string",
  );
});

test.each([
  [
    'two',
    { instances: [1] },
    'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map: a, b',
  ],
  [
    'two',
    { inputs: [1] },
    'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map: a, b',
  ],
  ['two', { inputs: { a: [1] } }, "Missing named input: b in 'inputs' object."],
  [
    'two',
    { instances: [{ a: 1 }] },
    "Failed to process element: 0 of 'instances' list. JSON object: keys must be equal to: a,b; given no key 'b'",
  ],
  ['two', { instances: [{ a: 1, b: 1, c: 1 }] }, 'JSON object: does not have named input: c; expected a, b'],
  ['two', { inputs: { a: [1], b: [1], c: [1] } }, 'JSON object: does not have named input: c; expected a, b'],
  [
    'two',
    { inputs: { a: [1, 2], b: [1] } },
    "input 'b' batch size does not match other inputs for 'two'; expected 2, given 1",
  ],
  [
    'many',
    { inputs: 1 },
    "input 'x' has no shape but model requires batch dimension for 'many'; expected [n,…]",
  ],
  ['many', { inputs: [] }, "model 'many': expected a batch of at least 1 instance, given 0"],
])('inputs of %s: %j are refused', async (model, body, text) => {
  expect(await served.refusal(model, body)).toBe(`400 ${text}`);
});

test('shapes are checked where they are declared', async () => {
  const pair = [{ name: 'x', dtype: 'float32', shape: [2] } as const];
  served.serve({
    servable: 'shaped',
    methods: [method('batch', pair, { batched: true }), method('each', pair)],
  });
  const send = (signature_name: string, body: object) =>
    served.refusal('shaped', { signature_name, ...body });
  expect(await send('batch', { instances: [[1, 2, 3]] })).toMatch(
    /^400 unexpected shape for input 'x' for model 'shaped'. Expected \[-1,2\], got \[1,3\]/,
  );
  expect(await send('each', { instances: [[1, 2, 3]] })).toBe(
    "400 unexpected shape for input 'x' for model 'shaped'. Expected [-1,2], got [1,3]",
  );
  expect(await send('each', { inputs: [1, 2, 3] })).toBe(
    "400 unexpected shape for input 'x' for model 'shaped'. Expected [2], got [3]",
  );
});

test('a signature is a method; serving_default is the default one', async () => {
  served.serve({ servable: 'sums', methods: [method('m', [{ name: 'x' }], { isDefault: true }), echo] });
  served.serve({ servable: 'sums.m', version: 3, methods: [echo] });
  served.serve({ servable: 'odd', methods: [method('serving_default', [{ name: 'x' }]), echo] });
  served.serve({ servable: 'none', methods: [method('m', [{ name: 'x' }]), echo] });
  for (const [model, signature] of [
    ['sums', 'serving_default'],
    ['sums', 'echo'],
    ['sums', 'm'],
    ['sums.echo', 'serving_default'],
    ['sums.echo', 'echo'],
    ['odd', 'serving_default'],
  ] as const)
    expect(await served.predict(model, { instances: [1], signature_name: signature })).toBe(
      '{"predictions":[1]}',
    );
  expect(await served.predict('sums.m/versions/3', { inputs: 1 })).toBe('{"outputs":1}');
  expect(await served.refusal('sums', { instances: [1], signature_name: 'x' })).toBe(
    '400 Serving signature name: "x" not found in signature def; expected one of: serving_default, m, echo',
  );
  expect(await served.refusal('sums.echo', { instances: [1], signature_name: 'm' })).toBe(
    '400 Serving signature name: "m" not found in signature def; expected one of: serving_default, echo',
  );
  expect(await served.refusal('none', { instances: [1] })).toBe(
    '400 Serving signature name: "serving_default" not found in signature def; expected one of: m, echo',
  );
});

test('models and versions that there are not', async () => {
  expect(await served.refusal('half', { instances: [1] })).toMatch(
    /^404 Servable not found for request: Latest\(half\); expected one of: one, many, /,
  );
  expect(await served.refusal('one/versions/9', { instances: [1] })).toBe(
    '404 Servable not found for request: Specific(one, 9); expected one of: 1',
  );
  expect(await served.refusal('one/versions/x', { instances: [1] })).toBe(
    '400 Failed to convert version: x to numeric.',
  );
  expect(await served.predict('one/versions/0', { instances: [1] })).toBe('{"predictions":[1]}');
});

test('a version without a replica is not available', async () => {
  const replica = served.serve({ servable: 'gone', version: 2, methods: [echo] });
  served.master.removeReplica(replica.id);
  expect(await served.refusal('gone', { instances: [1] })).toBe(
    '503 Servable not found for request: Latest(gone); no replica of version 2 is live',
  );
});

test('one instance that fails fails its request', async () => {
  served.serve({ servable: 'failing', methods: [batchedEcho] }, (work) => {
    work.succeed(0, 1);
    work.fail(1, 1, 'the second threw');
    work.succeed(2, 1);
  });
  expect(await served.refusal('failing', { instances: [1, 2, 3] })).toBe('500 the second threw');
});

test('rows may have outputs of different shapes, which in a column are no tensor', async () => {
  served.serve({ servable: 'uneven', methods: [batchedEcho] }, (work) => {
    const [section] = work.contents.sections;
    const [column] = section!.columns;
    for (let i = 0; i < work.count; i++) {
      const block = new Block(section!.count, [{ ...column!, name: 'y', shape: i === 0 ? [1] : [1, 1] }]);
      work.send({
        first: i,
        count: 1,
        sequence: 0,
        last: true,
        outcome: { ok: true, outputs: { block, from: i, to: i + 1 } },
      });
    }
  });
  expect(await served.predict('uneven', { instances: [1, 2] })).toBe('{"predictions":[[1],[[2]]]}');
  expect(await served.refusal('uneven', { inputs: [1, 2] })).toMatch(
    /^400 output 'y': expected one datatype and shape of all instances of the request/,
  );
});

test('a full queue is 429 and says when to try again', async () => {
  const replica = served.serve({ servable: 'busy', methods: [batchedEcho] }, giveBack);
  replica.recall(1);
  const instances = Array.from({ length: 30 }, () => 1);
  const send = () => served.post('/models/busy:predict', { instances });
  // Nobody takes what waits, so of two one is refused.
  const answer = await Promise.race([send(), send()]);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
  replica.grant();
});

test('a request that no queue could hold is refused for good', async () => {
  const instances = Array.from({ length: 51 }, () => 1);
  expect(await served.refusal('many', { instances })).toMatch(/^400 .*50/);
});

test('a request that comes to no method is counted as refused', async () => {
  const before = await served.refused('BAD_REQUEST');
  await served.refusal('one', '{');
  await served.refusal('one', { signature_name: 'x', instances: [1] });
  await served.predict('one', { instances: [1] });
  expect(await served.refused('BAD_REQUEST')).toBe(before + 2);
});

test('the priority of the header counts', async () => {
  expect(
    errorOf(await served.post('/models/one:predict', { instances: [1] }, { 'serving-priority': 'x' })),
  ).toMatch(/^400 header serving-priority: /);
});

test.each([
  ['GET', '', 404],
  ['GET', '/', 404],
  ['GET', '/models', 404],
  ['POST', '/models/one:generate', 404],
  ['POST', '/models/:predict', 404],
  ['GET', '/models/one/versions', 404],
  ['GET', '/models/one/metadata/x', 404],
  ['GET', '/models/one:predict', 405],
  ['PUT', '/models/one/versions/1:predict', 405],
  ['POST', '/models/one', 405],
  ['DELETE', '/models/one/metadata', 405],
  ['PATCH', '/models', 405],
  ['GET', '/models/%ff', 400],
  ['POST', '/models/one:classify', 501],
  ['POST', '/models/one/versions/1:regress', 501],
  ['GET', '/models/one/labels/stable', 501],
  ['GET', '/models/one/labels/stable/metadata', 501],
  ['POST', '/models/one/labels/stable:predict', 501],
])('%s /v1%s is answered with %s, in the form of this API', async (verb, path, status) => {
  const answer = await served.ask(path, { method: verb, ...(verb === 'POST' ? { body: '{}' } : {}) });
  expect(errorOf(answer)).toMatch(new RegExp(`^${status} .*(expected|Malformed request)`));
  expect(answer.headers.get('content-type')).toBe('application/json');
});

test('what is not served is told in TensorFlow Serving words', async () => {
  expect(errorOf(await served.ask('/foo'))).toBe(
    '404 Malformed request: GET /v1/foo; expected /v1/models/<model>[/versions/<number>] with :predict, /metadata or nothing behind it',
  );
  const wrong = await served.ask('/models/one:predict');
  expect(errorOf(wrong)).toBe('405 /v1/models/one:predict: expected POST, given GET');
  expect(wrong.headers.get('allow')).toBe('POST');
});
