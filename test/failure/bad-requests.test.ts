/** Requests that make no sense: each is answered with what was expected and given, and the server goes on. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { mindspore } from '@serving/common';
import { outputsOf } from '@serving/client';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '../support/eventually.js';
import { startMaster, type Master } from '../support/processes.js';
import { callRaw, callWire, element, floats, rawTensor, type WireTensor } from '../support/raw-calls.js';
import { addModel, configuration, servables } from '../support/servables.js';

const { MS_FLOAT32, MS_INT32, MS_STRING, MS_INT64, MS_BYTES } = mindspore.DataType;
const FAILED = 1;
const INVALID_INPUTS = 2;

let master: Master;
beforeAll(async () => {
  const add = configuration(`
const add = declareModel({ file: 'add.onnx', withBatchDim: false });
registerMethod('add', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(add, [x1, x2]));
registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);
registerMethod('proto', { inputs: ['__proto__', 'constructor'], outputs: ['toString', '__proto__'] }, (a, b) => [a, b]);
registerMethod('nothing', { inputs: [], outputs: ['y'] }, () => addStage(() => 7, []));
`);
  const directory = servables({
    add: { 'servable_config.ts': add, '1/add.onnx': addModel([2, 2]) },
    batched: { '1/add.onnx': addModel(['N', 2]) },
  });
  const limits = ['--max-message-mb', '1', '--max-queue-instances', '20000'];
  master = await startMaster(['--servable', 'add,batched', '--directory', directory, ...limits]);
});

const one = floats([2, 2], [1, 1, 1, 1]);
const good = [['x1', floats([2, 2], [1, 2, 3, 4])] as const, ['x2', one] as const];

afterEach(async () => {
  const { errors, instances } = await callWire(master.address, {
    servable: 'add',
    method: 'add',
    instances: [good],
  });
  expect(errors).toEqual([]);
  expect(instances[0]!.get('y')!.tensorData).toEqual(floats([2, 2], [2, 3, 4, 5]).tensorData);
});

/** The one error that a request with this x1 is answered with. */
async function refusal(x1: WireTensor, method = 'add', name = 'x1'): Promise<string> {
  const instances = [[[name, x1] as const, ['x2', one] as const]];
  const reply = await callWire(master.address, { servable: 'add', method, instances });
  expect(reply.instances).toEqual([]);
  expect(reply.errors).toHaveLength(1);
  expect(reply.errors[0]!.code).toBe(INVALID_INPUTS);
  return reply.errors[0]!.text;
}

async function refusedCall(call: Parameters<typeof callWire>[1]): Promise<string> {
  const reply = await callWire(master.address, call);
  expect(reply).toMatchObject({ instances: [], errors: [{ code: INVALID_INPUTS }] });
  return reply.errors[0]!.text;
}

test('an unknown servable is named, with those there are', async () => {
  expect(await refusedCall({ servable: 'sub', method: 'add', instances: [good] })).toBe(
    'Request servable(sub) method(add) , servable is not available; expected one of: add, batched',
  );
  expect(await refusedCall({ servable: '', method: '', instances: [] })).toMatch(
    /^Request servable\(\) method\(\) ,/,
  );
});

test('an unknown version is named, with those there are', async () => {
  expect(await refusedCall({ servable: 'add', method: 'add', version: 7n, instances: [good] })).toBe(
    'Request servable(add) method(add)  version(7) , servable is not available; expected version 0 or one of: 1',
  );
  const largest = await refusedCall({
    servable: 'add',
    method: 'add',
    version: 2n ** 64n - 1n,
    instances: [good],
  });
  expect(largest).toMatch(/version\(18446744073709551615\)/);
});

test('an unknown method is named, with those there are', async () => {
  for (const method of ['sub', '__proto__', 'constructor', '']) {
    expect(await refusedCall({ servable: 'add', method, instances: [good] })).toBe(
      `Request servable(add) method(${method}) , method is not available; expected one of: add, echo, proto, nothing`,
    );
  }
});

test('a missing input is named, and only its own instance fails', async () => {
  const lacking = [['x1', one] as const];
  expect(await refusedCall({ servable: 'add', method: 'add', instances: [lacking] })).toBe(
    'Cannot find input x2 in instance input , servable add, method add; expected inputs: x1, x2, given: x1',
  );
  const mixed = await callWire(master.address, {
    servable: 'add',
    method: 'add',
    instances: [good, [], good],
  });
  expect(mixed.errors.map(({ code }) => code)).toEqual([0, INVALID_INPUTS, 0]);
  expect(mixed.errors[1]!.text).toMatch(/^Cannot find input x1 .*given: none$/);
  expect(mixed.instances.map((items) => items.size)).toEqual([1, 0, 1]);
});

test('an input that the method does not have is ignored', async () => {
  const instances = [[...good, ['x3', one] as const]];
  expect(await callWire(master.address, { servable: 'add', method: 'add', instances })).toMatchObject({
    errors: [],
  });
});

test('a wrong dtype for the model is refused', async () => {
  const ints = rawTensor(MS_INT32, [2n, 2n], new Uint8Array(16));
  expect(await refusal(ints)).toBe(
    'Given model input 0 data type kMSI_Int32 not match the data type kMSI_Float32 defined in model; input x1: expected float32 [2,2], given int32 [2,2]',
  );
  expect(await refusal(element(MS_STRING, [Buffer.from('1')]))).toMatch(
    /^Given model input 0 data type kMSI_String not match the data type kMSI_Float32 .* given string \[\]$/,
  );
  expect(await refusal(element(MS_BYTES, [Buffer.from('1')]))).toMatch(/given bytes \[\]$/);
});

test.each([0, 15, 99, -1])('a dtype numbered %i, which there is not, is refused', async (dtype) => {
  expect(await refusal(rawTensor(dtype, [2n, 2n], new Uint8Array(16)))).toMatch(
    /^Instances input x1 check failed, detail: Tensor check failed: input data type \S+ invalid; expected MS_BOOL \(1\) to MS_BYTES \(14\)$/,
  );
});

test('a wrong shape for the model is refused', async () => {
  expect(await refusal(floats([2, 3], [1, 2, 3, 4, 5, 6]))).toBe(
    'Given model input 0 size 24 not match the size 16 defined in model; input x1: expected float32 [2,2], given float32 [2,3]',
  );
  expect(await refusal(floats([4], [1, 2, 3, 4]))).toBe(
    'Given model input 0 shape [4] not match the shape [2,2] defined in model; input x1: expected float32 [2,2], given float32 [4]',
  );
  expect(await refusal(floats([0], []))).toMatch(/size 0 not match the size 16 .* given float32 \[0\]$/);
  expect(await refusal(floats([], [1]))).toMatch(/size 4 not match the size 16 .* given float32 \[\]$/);
});

test('instances of a batch that do not fit fail alone', async () => {
  const pair = (values: number[]) =>
    ['x1', 'x2'].map((name) => [name, floats([values.length], values)] as const);
  const instances = [pair([1, 2]), pair([1, 2, 3]), pair([3, 4])];
  const reply = await callWire(master.address, { servable: 'batched', method: 'predict', instances });
  expect(reply.errors.map(({ code }) => code)).toEqual([0, INVALID_INPUTS, 0]);
  expect(reply.errors[1]!.text).toMatch(
    /size 12 not match the size 8 .* expected float32 \[2\], given float32 \[3\]$/,
  );
  expect(reply.instances[2]!.get('y')!.tensorData).toEqual(floats([2], [6, 8]).tensorData);
});

test.each([
  [0, 'given 0'],
  [15, 'given 15'],
  [17, 'given 17'],
])('%i bytes for 2x2 floats are refused', async (size, given) => {
  expect(await refusal(rawTensor(MS_FLOAT32, [2n, 2n], new Uint8Array(size)))).toBe(
    `Instances input x1 check failed, detail: Tensor check failed: input data size ${size} invalid; expected 16 bytes for float32 [2,2], ${given}`,
  );
});

test('numbers in bytes_val instead of data are refused', async () => {
  expect(await refusal(element(MS_FLOAT32, [new Uint8Array(16)], [2n, 2n]))).toMatch(
    /input data size 0 invalid; expected 16 bytes for float32 \[2,2\], given 0$/,
  );
});

test.each([
  [[-1n]],
  [[-1n, -4n]],
  [[0n, 4n]],
  [[2n ** 32n]],
  [[65_536n, 65_536n]],
  [[2n ** 53n + 1n]],
  [[2n ** 62n, 4n]],
  [[2n ** 63n - 1n, 2n ** 63n - 1n]],
  [[-(2n ** 63n)]],
  [Array<bigint>(70).fill(1n)],
])('negative, overflowing or endless dims are refused %#', async (dims) => {
  const text = await refusal(rawTensor(MS_FLOAT32, dims, new Uint8Array(4)));
  expect(text).toMatch(
    /^Instances input x1 check failed, detail: Tensor check failed: input {2}shape \[[-\d,…]*\] invalid; expected/,
  );
  expect(text.length).toBeLessThan(1000);
});

test('a shape of dimensions by the hundred thousand is refused in a short text', async () => {
  const text = await refusal(rawTensor(MS_FLOAT32, Array<bigint>(100_000).fill(1n), new Uint8Array(4)));
  expect(text).toMatch(/input {2}shape \[(1,)+…\] invalid; expected dimensions from 0/);
  expect(text.length).toBeLessThan(1000);
});

test('text and bytes take exactly one element and a shape of one', async () => {
  const hello = Buffer.from('hello');
  expect(await refusal(element(MS_STRING, []), 'echo', 'x')).toMatch(
    /^Instances input x check failed, detail: Instance tensor check failed: bytes or string type shape batch size can only be 1; expected one entry in bytes_val, given 0$/,
  );
  expect(await refusal(element(MS_BYTES, [hello, hello]), 'echo', 'x')).toMatch(/given 2$/);
  expect(await refusal(element(MS_STRING, [hello], [2n]), 'echo', 'x')).toMatch(
    /^Instances input x check failed, detail: Instance tensor check failed: .*shape can only be \(1,\) or empty, but given shape is \[2\]$/,
  );
});

test('integers above 2^53 pass as they are', async () => {
  const bytes = new Uint8Array(BigInt64Array.of(2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n).buffer);
  const instances = [[['x', rawTensor(MS_INT64, [3n], bytes)] as const]];
  const reply = await callWire(master.address, { servable: 'add', method: 'echo', instances });
  expect(reply.errors).toEqual([]);
  expect(reply.instances[0]!.get('y')!.tensorData).toEqual({ $case: 'data', value: bytes });
});

test('inputs and outputs may be named __proto__, constructor and toString', async () => {
  const instances = [[['__proto__', floats([1], [5])] as const, ['constructor', floats([1], [6])] as const]];
  const reply = await callWire(master.address, { servable: 'add', method: 'proto', instances });
  expect(reply.errors).toEqual([]);
  expect([...reply.instances[0]!.keys()].toSorted()).toEqual(['__proto__', 'toString']);
  expect(reply.instances[0]!.get('__proto__')!.tensorData).toEqual(floats([1], [6]).tensorData);
  expect(
    await refusedCall({ servable: 'add', method: 'proto', instances: [[['constructor', one]]] }),
  ).toMatch(/^Cannot find input __proto__ /);
  const instance = JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, number>;
  const [result] = await master.client('add', 'proto').infer(instance);
  expect(outputsOf(result)).toMatchObject({ toString: { data: Float32Array.of(1) } });
});

test('no instances are refused', async () => {
  expect(await refusedCall({ servable: 'add', method: 'add', instances: [] })).toBe(
    'Instances count of request cannot be 0, servable: add, method: add; expected at least one instance, given none',
  );
});

test('a method without inputs takes instances without items', async () => {
  const reply = await callWire(master.address, {
    servable: 'add',
    method: 'nothing',
    instances: [[], [], []],
  });
  expect(reply.errors).toEqual([]);
  expect(reply.instances.map((items) => items.get('y')!.tensorData)).toEqual(
    Array(3).fill(floats([], [7]).tensorData),
  );
});

test('10,000 instances come back in order', async () => {
  const instances = Array.from({ length: 10_000 }, (_, i) => ({
    x1: Float32Array.of(i, -i),
    x2: Float32Array.of(0, 1),
  }));
  const results = await master.client('batched', 'predict').infer(instances);
  expect(results).toHaveLength(10_000);
  for (const [i, result] of results.entries())
    if (!result.ok || !('data' in Object(result.outputs['y']))) throw new Error(`instance ${i} failed`);
  const sums = results.map((result) => (outputsOf(result)['y'] as { data: Float32Array }).data);
  expect(sums.every((sum, i) => sum[0] === i && sum[1] === 1 - i)).toBe(true);
});

test('more instances than may wait are refused at once', async () => {
  const instances = Array.from({ length: 20_001 }, (): [string, WireTensor][] => [
    ['x', element(MS_BYTES, [Buffer.of(1)])],
  ]);
  const reply = await callWire(master.address, { servable: 'add', method: 'echo', instances });
  expect(reply).toEqual({
    instances: [],
    errors: [
      {
        code: FAILED,
        text: 'Serving Error: enqueued requests count exceeds the limit 20000; more instances are given in one request (--max-queue-instances)',
      },
    ],
  });
});

test('a request over the limit is RESOURCE_EXHAUSTED', async () => {
  const x = rawTensor(mindspore.DataType.MS_UINT8, [2n ** 20n], new Uint8Array(2 ** 20));
  const call = callWire(master.address, { servable: 'add', method: 'echo', instances: [[['x', x]]] });
  await expect(call).rejects.toMatchObject({
    code: 8,
    details: expect.stringMatching(/larger than max/) as unknown,
  });
  await expect(master.client('add', 'echo').infer({ x: new Uint8Array(2 ** 20) })).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringMatching(
      /larger than max .*; the server takes messages of 1 MiB at most \(--max-message-mb\)$/,
    ) as unknown,
  });
});

test('bytes that are no message are INVALID_ARGUMENT', async () => {
  const text = Buffer.from('{"instances": [{"x1": 1, "x2": 2}]}');
  for (const message of [Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff), Uint8Array.of(0xff), text]) {
    await expect(callRaw(master.address, message)).rejects.toMatchObject({
      code: 3,
      details: expect.stringMatching(
        /expected a mindspore\.serving\.proto\.PredictRequest, given \d+ bytes/,
      ) as unknown,
    });
  }
});

test('an empty message names no servable', async () => {
  const reply = mindspore.PredictReply.decode(await callRaw(master.address, new Uint8Array(0)));
  expect(reply.errorMsg).toHaveLength(1);
  expect(reply.errorMsg[0]!.errorCode).toBe(2n);
});

test.each([
  ['random bytes', () => randomBytes(4096)],
  ['an HTTP/1.1 request', () => Buffer.from('POST /model/add:add HTTP/1.1\r\nHost: x\r\n\r\n')],
])('%s on the port end that connection only', async (_what, bytes) => {
  const [host, port] = master.address.split(':') as [string, string];
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume().write(bytes());
  await once(socket, 'close');
  expect(master.outcome).toBeUndefined();
});

test('a broken HTTP/2 frame ends its session with a GOAWAY', async () => {
  const [host, port] = master.address.split(':') as [string, string];
  const socket = connect(Number(port), host);
  const received: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => received.push(bytes));
  // A SETTINGS frame of one byte, which there cannot be (RFC 9113 §6.5).
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x01\x04\0\0\0\0\0\0');
  // Frame type 7 of the connection, no stream taken, error code 6, FRAME_SIZE_ERROR, and why (§6.8, §7).
  const why = Buffer.from('SETTINGS have 1 bytes, expected a multiple of 6');
  const head = Buffer.from([0, 0, 8 + why.length, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6]);
  const goaway = Buffer.concat([head, why]);
  await eventually('a GOAWAY comes', () => Buffer.concat(received).includes(goaway));
  socket.destroy();
});
