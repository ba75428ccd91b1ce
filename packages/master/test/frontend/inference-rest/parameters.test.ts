/** Parameters of requests over HTTP, and errors that have a status of their own. */
import { expect, test } from '@jest/globals';
import { batchedEcho, echo, method } from '../../support/inference.js';
import { jsonInput, RestBench, shown } from '../../support/rest.js';

const floats = jsonInput('FP32', [3], [1, 3, 2]);

test('outputs are those asked for; unknown and repeated ones are refused', async () => {
  const one = new RestBench();
  one.serve({ servable: 's', methods: [echo] });
  const ask = (...names: string[]) =>
    one.inferJson('s', { inputs: [floats], outputs: names.map((name) => ({ name })) });
  expect(await ask('y')).toMatchObject([200, { outputs: [{ name: 'y' }] }]);
  expect(await ask()).toMatchObject([200, { outputs: [{ name: 'y' }] }]);
  expect(await ask('z')).toEqual([
    400,
    { error: "unexpected inference output 'z' for model 's'; expected y" },
  ]);
  expect(await ask('y', 'y')).toEqual([400, { error: "output 'y' is asked for twice of model 's'" }]);
});

test('classification gives texts', async () => {
  const one = new RestBench();
  one.serve({ servable: 's', methods: [batchedEcho] });
  const outputs = [{ name: 'y', parameters: { classification: 2 } }];
  const inputs = [jsonInput('FP32', [2, 3], [1, 3, 2, 9, 8, 7])];
  expect(await one.inferJson('s', { inputs, outputs })).toMatchObject([
    200,
    {
      outputs: [
        {
          datatype: 'BYTES',
          shape: [2, 2],
          data: ['3.000000:1', '2.000000:2', '9.000000:0', '8.000000:1'],
        },
      ],
    },
  ]);
});

test('priority is the level of the queue, and the header of gRPC counts as well', async () => {
  const one = new RestBench();
  const sent: number[] = [];
  one.serve({ servable: 's', methods: [echo] }, (work) => {
    sent.push(work.contents.calls[0]!.priority);
    work.succeed();
  });
  const priority = (value: unknown, headers = {}) =>
    one.inferJson('s', { inputs: [floats], parameters: { priority: value } }, headers);
  await priority(1);
  await priority(0, { 'serving-priority': '7' });
  expect(sent).toEqual([1000, 7]);
  expect(await priority(2002)).toEqual([
    400,
    { error: "parameter 'priority': expected a whole number from 0 to 2001, given 2002" },
  ]);
  expect(await priority('1')).toMatchObject([400, {}]);
  expect(await priority(1.5)).toMatchObject([400, {}]);
});

test('a timeout, in microseconds, ends what waits with 504', async () => {
  const one = new RestBench();
  one.serve({ servable: 's', methods: [echo] }).recall(1);
  const ended = one.inferJson('s', { inputs: [floats], parameters: { timeout: 3000 } });
  await one.waiting(1);
  one.plane.clock.advance(3);
  expect(await ended).toMatchObject([504, { error: expect.any(String) }]);
});

test('a full queue is 429 with the time to try again', async () => {
  const one = new RestBench();
  const replica = one.serve({ servable: 's', methods: [batchedEcho] });
  replica.recall(1);
  const inputs = [jsonInput('FP32', [150_000, 0], [])];
  const first = one.inferJson('s', { inputs });
  await one.waiting(150_000);
  const refused = await one.ask('POST', '/v2/models/s/infer', { body: { inputs } });
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
  one.plane.registry.remove(replica.id);
  expect(await first).toMatchObject([503, {}]);
});

test('a stage that fails is 500 with its text, an unknown model 404, one without a replica 503', async () => {
  const one = new RestBench();
  const replica = one.serve({ servable: 's', methods: [echo] }, (work) => work.fail(0, 1, 'no luck'));
  const infer = async (model: string) =>
    shown(await one.ask('POST', `/v2/models/${model}/infer`, { body: { inputs: [floats] } }));
  expect(await infer('s')).toEqual([500, { error: 'no luck' }]);
  expect(await infer('t')).toMatchObject([
    404,
    { error: expect.stringContaining("model: 't' is not found") },
  ]);
  expect(await infer('s/versions/9')).toMatchObject([404, { error: expect.stringContaining('version 9') }]);
  expect(await infer('s/versions/x')).toMatchObject([400, { error: expect.stringContaining("string 'x'") }]);
  one.plane.registry.remove(replica.id);
  expect(await infer('s')).toMatchObject([503, { error: expect.stringContaining('not at ready state') }]);
});

test('names are taken out of the path decoded', async () => {
  const one = new RestBench();
  one.serve({ servable: 's', methods: [method('größe %+', [{ name: 'x' }])] });
  const path = `/v2/models/${encodeURIComponent('s.größe %+')}/versions/1/infer`;
  const reply = await one.ask('POST', path, { body: { inputs: [floats] } });
  expect(shown(reply)).toMatchObject([200, { model_name: 's.größe %+', model_version: '1' }]);
});
