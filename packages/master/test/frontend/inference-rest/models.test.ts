/** Everything that is said over HTTP of the server and its models. */
import { expect, test } from '@jest/globals';
import { batchedEcho, echo, floatsRequest, method } from '../../support/inference.js';
import { RestBench, shown } from '../../support/rest.js';

test('the server is live, and ready until it stops', async () => {
  const bench = new RestBench();
  expect(await bench.get('/v2/health/live')).toEqual([200, { live: true }]);
  expect(await bench.get('/v2/health/ready')).toEqual([200, { ready: true }]);
  bench.stopping.abort();
  expect(await bench.get('/v2/health/live')).toEqual([200, { live: true }]);
  expect(await bench.get('/v2/health/ready')).toEqual([400, { ready: false }]);
  expect(await bench.get('/v2')).toEqual([
    200,
    {
      name: 'serving',
      version: '1.2.3',
      extensions: [
        'classification',
        'model_repository',
        'schedule_policy',
        'model_configuration',
        'statistics',
        'binary_tensor_data',
      ],
    },
  ]);
});

test('a model is ready while a replica of it is live', async () => {
  const bench = new RestBench();
  const replica = bench.serve({ servable: 's', methods: [echo] });
  expect(await bench.get('/v2/models/s/ready')).toEqual([200, { name: 's', ready: true }]);
  expect(await bench.get('/v2/models/s.echo/versions/1/ready')).toEqual([
    200,
    { name: 's.echo', ready: true },
  ]);
  expect(await bench.get('/v2/models/t/ready')).toMatchObject([404, { error: expect.any(String) }]);
  expect(await bench.get('/v2/models/s/versions/2/ready')).toMatchObject([404, {}]);
  expect(await bench.get('/v2/models/s/versions/x/ready')).toMatchObject([400, {}]);
  bench.plane.registry.remove(replica.id);
  expect(await bench.get('/v2/models/s/ready')).toEqual([400, { name: 's', ready: false }]);
});

test('metadata has the shapes of tensors', async () => {
  const bench = new RestBench();
  const ports = [
    { name: 'a', dtype: 'float32', shape: [2, 'N'] },
    { name: 'b', dtype: 'string', shape: [] },
    { name: 'c' },
  ] as const;
  bench.serve({ servable: 's', version: 1, methods: [method('m', ports)] });
  bench.serve({ servable: 's', version: 3, methods: [method('m', ports, { batched: true })] });
  const outputs = [{ name: 'y', datatype: '', shape: [-1] }];
  const head = { name: 's', versions: ['1', '3'], platform: 'onnxruntime_onnx' };
  expect(await bench.get('/v2/models/s/versions/1')).toEqual([
    200,
    {
      ...head,
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [2, -1] },
        { name: 'b', datatype: 'BYTES', shape: [] },
        { name: 'c', datatype: '', shape: [-1] },
      ],
      outputs,
    },
  ]);
  expect(await bench.get('/v2/models/s')).toMatchObject([
    200,
    { ...head, inputs: [{ shape: [-1, 2, -1] }, { shape: [-1] }, { shape: [-1, -1] }] },
  ]);
});

test('the configuration has what clients read unasked, with enums by name', async () => {
  const bench = new RestBench();
  const batching = { maxBatchSize: 32, preferredBatchSizes: [8, 16], maxQueueDelayMs: 2.5, priority: 3 };
  const ports = [{ name: 'x', dtype: 'string', shape: ['N', 4] }] as const;
  bench.serve({ servable: 's', executors: 3, methods: [method('m', ports, { batched: true, batching })] });
  bench.serve({ servable: 'plain', methods: [echo] });
  bench.serve({ servable: 'many', methods: [{ ...echo, streaming: true }] });
  const [status, config] = (await bench.get('/v2/models/s/config')) as [number, object];
  expect(status).toBe(200);
  expect(config).toMatchObject({
    name: 's',
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    version_policy: { all: {} },
    max_batch_size: 32,
    input: [{ name: 'x', data_type: 'TYPE_STRING', format: 'FORMAT_NONE', dims: [-1, 4] }],
    output: [{ name: 'y', data_type: 'TYPE_INVALID', dims: [-1] }],
    instance_group: [{ name: 's', kind: 'KIND_AUTO', count: 3 }],
    dynamic_batching: {
      preferred_batch_size: [8, 16],
      max_queue_delay_microseconds: 2500,
      priority_levels: 2001,
      default_priority_level: 998,
      default_queue_policy: { timeout_action: 'REJECT', allow_timeout_override: true },
    },
    model_transaction_policy: { decoupled: false },
    response_cache: { enable: false },
  });
  expect(JSON.stringify(config)).not.toContain('undefined');
  const [, plain] = (await bench.get('/v2/models/plain/versions/1/config')) as [number, object];
  expect(plain).toMatchObject({ max_batch_size: 0 });
  expect(await bench.get('/v2/models/many/config')).toMatchObject([
    200,
    { model_transaction_policy: { decoupled: true } },
  ]);
  expect(Object.keys(plain)).not.toContain('dynamic_batching');
});

test('statistics are of one version, of all versions of a model, or of all models', async () => {
  const bench = new RestBench();
  for (const version of [1, 2])
    bench.serve({ servable: 's', version, methods: [batchedEcho] }, (work) => {
      work.tookMs = 2;
      work.succeed();
    });
  bench.serve({ servable: 'stats', methods: [echo] });
  await bench.infer(floatsRequest('s', [3], [1, 2, 3]));
  const of = async (path: string) => {
    const [, reply] = (await bench.get(path)) as [
      number,
      { model_stats: { name: string; version: string }[] },
    ];
    return reply.model_stats;
  };
  const names = async (path: string) => (await of(path)).map(({ name, version }) => `${name} ${version}`);
  // What is meant is every model, not the one of this name.
  expect(await names('/v2/models/stats')).toEqual(['s 2', 's 1', 'stats 1']);
  expect(await names('/v2/models/stats/versions/1/stats')).toEqual(['stats 1']);
  expect(await names('/v2/models/s/stats')).toEqual(['s 1', 's 2']);
  const [two] = await of('/v2/models/s/versions/2/stats');
  const once = { count: 1, ns: 0 };
  const none = { count: 0, ns: 0 };
  const model = { compute_input: once, compute_infer: { count: 1, ns: 2_000_000 }, compute_output: once };
  expect(two).toEqual({
    name: 's',
    version: '2',
    last_inference: expect.any(Number),
    inference_count: 3,
    execution_count: 1,
    inference_stats: { success: once, fail: none, queue: once, ...model, cache_hit: none, cache_miss: none },
    batch_stats: [{ batch_size: 3, ...model }],
    memory_usage: [],
    response_stats: {},
  });
  expect(await bench.get('/v2/models/u/stats')).toMatchObject([404, {}]);
});

test('the index lists models with their state', async () => {
  const bench = new RestBench();
  const replica = bench.serve({ servable: 's', methods: [echo] });
  bench.serve({ servable: 't', methods: [echo] });
  bench.plane.registry.remove(replica.id);
  const t = { name: 't', version: '1', state: 'READY', reason: '' };
  const s = { name: 's', version: '1', state: 'UNAVAILABLE', reason: 'no replica of it is live' };
  const index = async (body?: unknown, repository = '') =>
    shown(await bench.ask('POST', `/v2/repository${repository}/index`, { body }));
  for (const body of [undefined, {}, { ready: false }, { ready: null, later: 1 }])
    expect(await index(body)).toEqual([200, [s, t]]);
  expect(await index({ ready: true }, '/any')).toEqual([200, [t]]);
  expect(await index({ ready: 'yes' })).toEqual([
    400,
    { error: "Invalid value for 'ready': expected a boolean, given string" },
  ]);
  expect(await index('{')).toMatchObject([400, { error: expect.stringContaining('failed to parse') }]);
});

test.each(['load', 'unload'])('%s is 503 with the reason', async (action) => {
  const bench = new RestBench();
  for (const repository of ['', '/r'])
    expect(
      shown(await bench.ask('POST', `/v2/repository${repository}/models/m/${action}`, { body: '{}' })),
    ).toEqual([
      503,
      {
        error:
          "model 'm': what is served cannot be changed while the server runs; start workers with the servable, or stop those that have it",
      },
    ]);
});

test('settings can be read and not changed', async () => {
  const bench = new RestBench();
  bench.serve({ servable: 's', methods: [echo] });
  const trace = {
    trace_level: ['OFF'],
    trace_rate: '1000',
    trace_count: '-1',
    log_frequency: '0',
    trace_file: '',
    trace_mode: 'triton',
  };
  for (const path of ['/v2/trace/setting', '/v2/models/s/trace/setting']) {
    expect(await bench.get(path)).toEqual([200, trace]);
    expect(shown(await bench.ask('POST', path, { body: { trace_rate: null } }))).toEqual([200, trace]);
    expect(shown(await bench.ask('POST', path, { body: { trace_rate: '5' } }))).toEqual([
      501,
      {
        error:
          'trace settings cannot be changed while the server runs: the server does not trace; expected none in the request, given trace_rate',
      },
    ]);
  }
  expect(await bench.get('/v2/models/t/trace/setting')).toMatchObject([404, {}]);
  const log = {
    log_file: '',
    log_info: false,
    log_warning: true,
    log_error: true,
    log_verbose_level: 0,
    log_format: 'default',
  };
  expect(await bench.get('/v2/logging')).toEqual([200, log]);
  expect(shown(await bench.ask('POST', '/v2/logging'))).toEqual([200, log]);
  expect(shown(await bench.ask('POST', '/v2/logging', { body: { log_info: true } }))).toMatchObject([
    501,
    {},
  ]);
});

test.each(['system', 'cuda'])('%s shared memory is 501', async (kind) => {
  const bench = new RestBench();
  for (const region of ['', '/region/r'])
    for (const [verb, action] of [
      ['GET', 'status'],
      ['POST', 'register'],
      ['POST', 'unregister'],
    ] as const) {
      const path = `/v2/${kind}sharedmemory${region}/${action}`;
      expect(shown(await bench.ask(verb, path))).toEqual([
        501,
        { error: `${path}: shared memory is not offered; expected tensors in the messages themselves` },
      ]);
    }
});

test('every path takes its verbs and no other', async () => {
  const bench = new RestBench();
  for (const { path, handlers } of bench.routes) {
    if (path.endsWith('*')) continue;
    const verb = 'GET' in handlers ? ('POST' in handlers ? 'PUT' : 'POST') : 'GET';
    const url = path.replaceAll(/:\w+/g, 'a');
    const reply = await bench.ask(verb, url, { body: verb === 'GET' ? undefined : '{}' });
    const allow = Object.keys(handlers);
    expect([url, reply.status, reply.headers['allow']]).toEqual([url, 405, allow.join(', ')]);
    expect(shown(reply)[1]).toEqual({ error: `${url}: expected ${allow.join(' or ')}, given ${verb}` });
  }
});

test.each([
  '/v2/',
  '/v2/nothing',
  '/v2/health',
  '/v2/models/m/generate',
  '/v2/models/m/infer/',
  '/v2/models',
])('%s is no path', async (path) => {
  for (const verb of ['GET', 'POST'])
    expect(shown(await new RestBench().ask(verb, path))).toEqual([
      404,
      { error: `Not Found: nothing is served at ${path}` },
    ]);
});

test('only answers of inference are compressed: a client of Triton decodes no others', async () => {
  const bench = new RestBench();
  bench.serve({ servable: 'x'.repeat(2000), methods: [echo] });
  bench.serve({ servable: 's', methods: [echo] });
  const headers = { 'accept-encoding': 'gzip, deflate' };
  const coding = async (verb: string, path: string, body?: unknown) =>
    (await bench.ask(verb, path, { headers, body })).headers['content-encoding'];
  expect(await coding('POST', '/v2/repository/index')).toBeUndefined();
  expect(await coding('GET', '/v2/models/stats')).toBeUndefined();
  expect(await coding('GET', '/v2/models/unknown')).toBeUndefined();
  const data = Array(1000).fill(1);
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1000], data }];
  expect(await coding('POST', '/v2/models/s/infer', { inputs })).toBe('gzip');
});
