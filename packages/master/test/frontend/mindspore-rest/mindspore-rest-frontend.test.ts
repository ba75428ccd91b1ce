/** The REST API over the port: order of checks, statuses, what becomes of partly bad requests, what is passed on. */
import { afterEach, expect, test } from '@jest/globals';
import { failure, ServingError } from '@serving/common';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Exposition } from '../../../../../test/support/exposition.js';
import { eventually } from '../../../../../test/support/eventually.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { signature } from '../../support/fake-replica.js';
import { startRest, type RestFrontend, type RestSetUp } from '../../support/rest-frontend.js';

const running: RestFrontend[] = [];
afterEach(async () => {
  for (const frontend of running.splice(0)) await frontend.stop();
});

async function start(setUp?: RestSetUp): Promise<RestFrontend> {
  const frontend = await startRest(setUp);
  running.push(frontend);
  return frontend;
}

const one = '{"instances":[{"x":1}]}';

test('instances are answered in their order, over several batches', async () => {
  const rest = await start({ master: { limits: { maxBatchSize: 4, minShare: 1 } } });
  const values = Array.from({ length: 11 }, (_, i) => i);
  const { json } = await rest.post(JSON.stringify({ instances: values.map((x) => ({ x })) }));
  const hex = (value: number) => Buffer.from(Int32Array.of(value).buffer).toString('hex');
  expect(json.instances).toEqual(values.map((value) => ({ y: `x:int32[]=${hex(value)}` })));
  expect(rest.replica.works.length).toBeGreaterThan(1);
});

test('both orders of the path, a version or none, an object or a list, and any content type', async () => {
  const rest = await start();
  for (const path of ['/model/add:predict', '/model/add/version/1:predict', '/version/1/model/add:predict'])
    for (const body of [one, '{"instances":{"x":1}}'])
      for (const type of ['application/json', 'text/plain', 'no type']) {
        const { status, json } = await rest.post(body, path, { headers: { 'content-type': type } });
        expect([status, json]).toEqual([200, { instances: [{ y: 'x:int32[]=01000000' }] }]);
      }
  const compressed = await rest.post(new Uint8Array(gzipSync(one)), '/model/add:predict?verbose=1', {
    headers: { 'content-encoding': 'gzip' },
  });
  expect(compressed.json.instances).toHaveLength(1);
});

const unknown = 'Request servable(mul) method(predict) , servable is not available';
const missing = 'Request servable(add) method(predict)  version(9) , servable is not available';

test('checks come in the order of the original: verb, size, JSON, path, instances, what they are for', async () => {
  const rest = await start({ maxMessageBytes: 100 });
  const tooLarge = ' '.repeat(101);
  const noInstances = "Parser request failed, key 'instances' expects";
  for (const [method, path, body, text] of [
    ['PUT', '/none', tooLarge, 'http message only support POST right now'],
    ['POST', '/none', tooLarge, 'http message is bigger than 100'],
    ['POST', '/none', '', 'http message invalid'],
    ['POST', '/none', '{', 'Illegal JSON format.'],
    ['POST', '/none', '{}', 'please check url, the keyword:[model] must contain.'],
    ['POST', '/model/mul', '{}', 'please check url, the keyword:[service method] must contain.'],
    ['POST', '/model/mul:predict', '{}', noInstances],
    ['POST', '/model/mul:predict', '{"instances":{"x":[1,"a"]}}', 'Parser request failed, json array'],
    ['POST', '/model/mul:predict', one, unknown],
    ['POST', '/model/add/version/9:predict', one, missing],
    ['POST', '/model/add:m', one, 'Request servable(add) method(m) , method is not available'],
    ['POST', '/model/add:predict', '{"instances":{"z":1}}', 'Cannot find input x in instance input ,'],
  ] as const) {
    const { status, headers, json } = await rest.post(body, path, { method });
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(json).toEqual({ error_msg: expect.stringContaining(text) });
    expect(json.error_msg!.indexOf(text)).toBe(0);
  }
});

test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
  '%s is answered with what is taken',
  async (method) => {
    const rest = await start();
    const response = await fetch(`http://${rest.address}/model/add:predict`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([200, 'POST']);
    expect(await response.json()).toEqual({
      error_msg: `http message only support POST right now; /model/add:predict: expected POST, given ${method}`,
    });
  },
);

test('a path that is not percent-encoded is told of, and other protocols keep theirs', async () => {
  const rest = await start();
  const { status, json } = await rest.post(one, '/model/%zz:predict');
  expect([status, json.error_msg]).toEqual([200, expect.stringContaining('percent-encoded')]);
  expect((await fetch(`http://${rest.address}/livez`)).status).toBe(200);
});

test('a servable is found by its decoded name', async () => {
  const rest = await start();
  expect((await rest.post(one, '/model/%61dd:pre%64ict')).json.instances).toHaveLength(1);
  expect((await rest.post(one, '/model/conversion%3A:m')).json.error_msg).toContain(
    'Request servable(conversion:) method(m) , servable is not available',
  );
});

test('instances that all fail alike are one error, else each has its own', async () => {
  const rest = await start();
  const bad = '{"x":[1,"a"]}';
  const alike = await rest.post(`{"instances":[${bad},${bad}]}`);
  expect(Object.keys(alike.json)).toEqual(['error_msg']);
  const different = await rest.post(`{"instances":[${bad},{"x":null}]}`);
  expect(different.json.instances!.map(({ error_msg }) => error_msg)).toEqual([
    expect.stringContaining('elements type is not equal'),
    expect.stringContaining('json value is null'),
  ]);
  rest.replica.onSend = (work) => {
    work.send(failure(0, 1, new ServingError('INPUT_MISMATCH', 'does not fit')));
    work.succeed(1);
    rest.replica.grant();
  };
  const partly = await rest.post('{"instances":[{"x":1},{"x":2},{"x":null}]}');
  expect(partly.json.instances).toEqual([
    { error_msg: 'does not fit' },
    { y: 'x:int32[]=02000000' },
    { error_msg: expect.stringContaining('json value is null') },
  ]);
});

test('with status codes, errors have those of their kind', async () => {
  const rest = await start({ statusCodes: true, maxMessageBytes: 100 });
  const statusOf = async (body: string, path?: string, more?: RequestInit) => {
    const { status, json } = await rest.post(body, path, more);
    return [status, json.error_msg === undefined ? 'instances' : 'error_msg'];
  };
  expect(await statusOf(one)).toEqual([200, 'instances']);
  expect(await statusOf(one, undefined, { method: 'PUT' })).toEqual([405, 'error_msg']);
  expect(await statusOf(' '.repeat(101))).toEqual([413, 'error_msg']);
  expect(await statusOf('{')).toEqual([400, 'error_msg']);
  expect(await statusOf(one, '/none')).toEqual([404, 'error_msg']);
  expect(await statusOf(one, '/model/add/version/x:m')).toEqual([400, 'error_msg']);
  expect(await statusOf(one, '/model/mul:predict')).toEqual([404, 'error_msg']);
  expect(await statusOf('{"instances":{"x":null}}')).toEqual([400, 'error_msg']);
  expect(await statusOf('{"instances":[{"x":1},{"x":null}]}')).toEqual([200, 'instances']);
  rest.replica.onSend = (work) => {
    work.fail();
    rest.replica.grant();
  };
  expect(await statusOf(one)).toEqual([500, 'error_msg']);
  // Each for a reason of its own: the gravest.
  expect(await statusOf('{"instances":[{"x":1},{"x":null}]}')).toEqual([500, 'instances']);
  rest.master.removeReplica(rest.replica.id);
  expect(await statusOf(one)).toEqual([503, 'error_msg']);
});

test('overload is told at once, with status codes as 429 and when to try again', async () => {
  for (const statusCodes of [true, false]) {
    const rest = await start({ statusCodes, master: { limits: { maxQueueInstances: 1 } } });
    rest.replica.onSend = () => undefined;
    // One runs, one waits; whichever comes too many is answered first.
    const posts = [rest.post(one), rest.post(one), rest.post(one)];
    const { status, headers, json } = await Promise.race(posts);
    expect([status, headers.has('retry-after')]).toEqual(statusCodes ? [429, true] : [200, false]);
    expect(json.error_msg).toMatch(/^Serving Error: enqueued requests count exceeds the limit 1/);
    rest.replica.onSend = (work) => work.succeed();
    rest.replica.last.succeed();
    rest.replica.grant(2);
    const answers = await Promise.all(posts);
    expect(answers.filter((answer) => answer.json.instances?.length === 1)).not.toEqual([]);
  }
});

test('more instances than could ever wait are refused before they are read', async () => {
  const rest = await start({ master: { limits: { maxQueueInstances: 10 } } });
  const { json } = await rest.post(`{"instances":[${Array(8193).fill('{"x":1}').join()}]}`);
  expect(json).toEqual({
    error_msg:
      'Serving Error: enqueued requests count exceeds the limit 10; more instances are given in one request (--max-queue-instances)',
  });
});

test('priority and trace context come with the call, as over gRPC', async () => {
  const rest = await start();
  const headers = { 'serving-priority': '7', traceparent: '00-ab-cd-01' };
  await rest.post(one, undefined, { headers });
  expect(rest.replica.last.contents.calls).toMatchObject([{ traceparent: '00-ab-cd-01', priority: 7 }]);
  const { json } = await rest.post(one, undefined, { headers: { 'serving-priority': 'high' } });
  expect(json.error_msg).toMatch(/^header .*: expected a whole number .*, given 'high'$/);
});

test('a caller that goes away cancels what it has asked for', async () => {
  const rest = await start();
  rest.replica.onSend = () => undefined;
  const socket = connect(Number(rest.address.split(':').at(-1)), '127.0.0.1');
  socket.write(`POST /model/add:predict HTTP/1.1\r\nhost: a\r\ncontent-length: ${one.length}\r\n\r\n${one}`);
  await eventually('the batch is sent', () => rest.replica.works.length === 1);
  socket.destroy();
  await eventually('the batch is cancelled', () => rest.replica.cancelled.length === 1);
});

test('an internal error has an id and hides its cause', async () => {
  const rest = await start({ statusCodes: true, inputs: signature('predict').inputs });
  rest.replica.onSend = (work) => {
    work.send(failure(0, 1, ServingError.from(new TypeError('secret'))));
    rest.replica.grant();
  };
  const { status, json } = await rest.post(one);
  expect([status, json.error_msg]).toEqual([
    500,
    expect.stringMatching(/^internal error, id [0-9a-f-]{36}$/),
  ]);
});

test('a stop answers what is not finished in time', async () => {
  const rest = await start({ statusCodes: true, master: { clock: new ManualClock() } });
  rest.replica.onSend = () => undefined;
  const answer = rest.post(one);
  await eventually('the batch is sent', () => rest.replica.works.length === 1);
  await rest.stop();
  const { status, json } = await answer;
  expect([status, json.error_msg]).toEqual([503, expect.stringContaining('the server is stopping')]);
});

test('requests that come to no method are counted as refusals, once each', async () => {
  const rest = await start();
  await rest.post(one);
  await rest.post(one, '/model/mul:predict');
  await rest.post('{', '/model/add:predict');
  await rest.post(one, '/none');
  const metrics = await (await fetch(`http://${rest.address}/metrics`)).text();
  const counts = ['SERVABLE_NOT_FOUND', 'BAD_REQUEST', 'UNKNOWN_PATH', 'INTERNAL'].map((code) =>
    new Exposition(metrics).sum('serving_refused_requests_total', { code }),
  );
  expect(counts).toEqual([1, 1, 1, 0]);
});
