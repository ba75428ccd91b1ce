/** Everything that is said of the server and its models. */
import { expect, test } from '@jest/globals';
import { inference, modelConfig, ServingError } from '@serving/common';
import { batchedEcho, echo, floatsRequest, InferenceBench, method } from '../../support/inference.js';

type Named = { name?: string; version?: string };

const named = ({ name = '', version = '' }: Named) =>
  inference.ModelMetadataRequest.encode({ name, version }).finish();
const nothing = new Uint8Array(0);

async function ask<Reply>(
  bench: InferenceBench,
  rpc: string,
  message: Uint8Array,
  type: { decode(bytes: Uint8Array): Reply },
): Promise<Reply> {
  const { status, body } = await bench.send(rpc, message);
  expect(status).toBe(0);
  return type.decode(Buffer.concat(body));
}

async function refusal(bench: InferenceBench, rpc: string, message: Uint8Array): Promise<string> {
  return bench.send(rpc, message).then(
    () => 'none',
    (thrown: unknown) => {
      const { code, message: text } = ServingError.from(thrown);
      return `${code}: ${text}`;
    },
  );
}

test('every rpc of the service has a route', () => {
  expect(new InferenceBench().rpcs.toSorted()).toEqual([
    'CudaSharedMemoryRegister',
    'CudaSharedMemoryStatus',
    'CudaSharedMemoryUnregister',
    'LogSettings',
    'ModelConfig',
    'ModelInfer',
    'ModelMetadata',
    'ModelReady',
    'ModelStatistics',
    'ModelStreamInfer',
    'RepositoryIndex',
    'RepositoryModelLoad',
    'RepositoryModelUnload',
    'ServerLive',
    'ServerMetadata',
    'ServerReady',
    'SystemSharedMemoryRegister',
    'SystemSharedMemoryStatus',
    'SystemSharedMemoryUnregister',
    'TraceSetting',
  ]);
});

test('the server is live, and ready until it stops', async () => {
  const bench = new InferenceBench();
  const live = () => ask(bench, 'ServerLive', nothing, inference.ServerLiveResponse);
  const ready = () => ask(bench, 'ServerReady', nothing, inference.ServerReadyResponse);
  expect([await live(), await ready()]).toEqual([{ live: true }, { ready: true }]);
  bench.stopping.abort();
  expect([await live(), await ready()]).toEqual([{ live: true }, { ready: false }]);
  expect(await ask(bench, 'ServerMetadata', nothing, inference.ServerMetadataResponse)).toEqual({
    name: 'serving',
    version: '1.2.3',
    extensions: [
      'classification',
      'model_repository',
      'schedule_policy',
      'model_configuration',
      'statistics',
    ],
  });
});

test('a model is ready while a replica of it is live; one that nobody knows is not', async () => {
  const bench = new InferenceBench();
  const replica = bench.serve({ servable: 's', methods: [echo] });
  const ready = async (given: Named) =>
    (await ask(bench, 'ModelReady', named(given), inference.ModelReadyResponse)).ready;
  expect(await ready({ name: 's' })).toBe(true);
  expect(await ready({ name: 's.echo', version: '1' })).toBe(true);
  for (const given of [{ name: 't' }, { name: 's', version: '2' }, { name: 's.e' }])
    expect(await ready(given)).toBe(false);
  bench.plane.registry.remove(replica.id);
  expect(await ready({ name: 's' })).toBe(false);
  expect(await refusal(bench, 'ModelReady', named({ name: 's', version: 'x' }))).toMatch(/^BAD_REQUEST: /);
});

test('metadata has the shapes of tensors: with the batch where there is one', async () => {
  const bench = new InferenceBench();
  const ports = [
    { name: 'a', dtype: 'float32', shape: [2, 'N'] },
    { name: 'b', dtype: 'string', shape: [] },
    { name: 'c' },
  ] as const;
  bench.serve({ servable: 's', version: 1, methods: [method('m', ports)] });
  bench.serve({ servable: 's', version: 3, methods: [method('m', ports, { batched: true })] });
  const metadata = (version: string) =>
    ask(bench, 'ModelMetadata', named({ name: 's', version }), inference.ModelMetadataResponse);
  const shown = ({ inputs }: inference.ModelMetadataResponse) =>
    inputs.map(({ name, datatype, shape }) => [name, datatype, shape.map(Number)]);
  const one = await metadata('1');
  expect(one).toMatchObject({ name: 's', versions: ['1', '3'], platform: 'onnxruntime_onnx' });
  expect(shown(one)).toEqual([
    ['a', 'FP32', [2, -1]],
    ['b', 'BYTES', []],
    ['c', '', [-1]],
  ]);
  expect(one.outputs).toEqual([{ name: 'y', datatype: '', shape: [-1n] }]);
  expect(shown(await metadata(''))).toEqual([
    ['a', 'FP32', [-1, 2, -1]],
    ['b', 'BYTES', [-1]],
    ['c', '', [-1, -1]],
  ]);
});

test('the configuration of a batched model is that of its method and its replicas', async () => {
  const bench = new InferenceBench();
  const batching = { maxBatchSize: 32, preferredBatchSizes: [8, 16], maxQueueDelayMs: 2.5, priority: 3 };
  const ports = [{ name: 'x', dtype: 'string', shape: ['N', 4] }] as const;
  const methods = [method('m', ports, { batched: true, batching })];
  for (const id of ['a', 'b']) bench.serve({ id, servable: 's', executors: 3, methods });
  const { config } = await ask(bench, 'ModelConfig', named({ name: 's' }), inference.ModelConfigResponse);
  expect(config).toMatchObject({
    name: 's',
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    maxBatchSize: 32,
    input: [{ name: 'x', dataType: modelConfig.DataType.TYPE_STRING, dims: [-1n, 4n] }],
    output: [{ name: 'y', dataType: modelConfig.DataType.TYPE_INVALID, dims: [-1n] }],
    instanceGroup: [{ name: 's', count: 6 }],
    schedulingChoice: {
      $case: 'dynamicBatching',
      value: {
        preferredBatchSize: [8, 16],
        maxQueueDelayMicroseconds: 2500n,
        priorityLevels: 2001n,
        defaultPriorityLevel: 998n,
        defaultQueuePolicy: { allowTimeoutOverride: true },
      },
    },
    modelTransactionPolicy: { decoupled: false },
    responseCache: { enable: false },
  });
});

test('the largest batch is the master’s where the method does not say, and 0 where there is no batch', async () => {
  const bench = new InferenceBench();
  bench.serve({ servable: 's', methods: [{ ...batchedEcho, modelBatchSize: 9 }] });
  bench.serve({ servable: 't', methods: [batchedEcho] });
  bench.serve({ servable: 'u', methods: [echo] });
  const sizes = ['s', 't', 'u'].map(async (name) => {
    const { config } = await ask(bench, 'ModelConfig', named({ name }), inference.ModelConfigResponse);
    return [config!.maxBatchSize, config!.schedulingChoice?.$case];
  });
  expect(await Promise.all(sizes)).toEqual([
    [9, 'dynamicBatching'],
    [4, 'dynamicBatching'],
    [0, undefined],
  ]);
});

test('statistics are of one version, of all versions of a model, or of all models', async () => {
  const bench = new InferenceBench();
  for (const version of [1, 2])
    bench.serve({ servable: 's', version, methods: [batchedEcho] }, (work) => {
      work.tookMs = 2;
      work.succeed();
    });
  bench.serve({ servable: 't', methods: [echo] });
  await bench.infer(floatsRequest('s', [3], [1, 2, 3]));
  const asked = async (given: Named) => {
    const reply = await ask(bench, 'ModelStatistics', named(given), inference.ModelStatisticsResponse);
    return reply.modelStats;
  };
  const of = (stats: inference.ModelStatistics[]) => stats.map(({ name, version }) => `${name} ${version}`);
  expect(of(await asked({}))).toEqual(['s 2', 's 1', 't 1']);
  expect(of(await asked({ name: 's' }))).toEqual(['s 1', 's 2']);
  const [two] = await asked({ name: 's.echo', version: '2' });
  const once = { count: 1n, ns: 0n };
  const model = { computeInput: once, computeInfer: { count: 1n, ns: 2_000_000n }, computeOutput: once };
  const none = { count: 0n, ns: 0n };
  expect(two).toMatchObject({
    name: 's.echo',
    version: '2',
    inferenceCount: 3n,
    executionCount: 1n,
    inferenceStats: { success: once, fail: none, queue: once, ...model, cacheHit: none, cacheMiss: none },
    batchStats: [{ batchSize: 3n, ...model }],
  });
  expect(two!.lastInference).toBeGreaterThan(1_600_000_000_000n);
  expect(await refusal(bench, 'ModelStatistics', named({ name: 'u' }))).toMatch(
    /^SERVABLE_NOT_FOUND: Request for unknown model: 'u' is not found/,
  );
});

test('the index lists models with their state', async () => {
  const bench = new InferenceBench();
  const replica = bench.serve({ servable: 's', methods: [echo] });
  bench.serve({ servable: 't', methods: [echo] });
  bench.plane.registry.remove(replica.id);
  const index = async (ready: boolean) => {
    const message = inference.RepositoryIndexRequest.encode({ repositoryName: '', ready }).finish();
    return (await ask(bench, 'RepositoryIndex', message, inference.RepositoryIndexResponse)).models;
  };
  const t = { name: 't', version: '1', state: 'READY', reason: '' };
  expect(await index(false)).toEqual([
    { name: 's', version: '1', state: 'UNAVAILABLE', reason: 'no replica of it is live' },
    t,
  ]);
  expect(await index(true)).toEqual([t]);
});

test.each(['RepositoryModelLoad', 'RepositoryModelUnload'])('%s is refused with the reason', async (rpc) => {
  const bench = new InferenceBench();
  const message = inference.RepositoryModelLoadRequest.encode({
    repositoryName: '',
    modelName: 'm',
    parameters: new Map(),
  }).finish();
  expect(await refusal(bench, rpc, message)).toBe(
    "FIXED_MODELS: model 'm': what is served cannot be changed while the server runs; start workers with the servable, or stop those that have it",
  );
  expect(new ServingError('FIXED_MODELS', '').grpcStatus).toBe(14);
});

test.each(new InferenceBench().rpcs.filter((name) => name.includes('SharedMemory')))(
  '%s is UNIMPLEMENTED',
  async (rpc) => {
    expect(await refusal(new InferenceBench(), rpc, nothing)).toBe(
      `UNSUPPORTED: ${rpc}: shared memory is not offered; expected tensors in the messages themselves`,
    );
  },
);

test('settings can be read and not changed', async () => {
  const bench = new InferenceBench();
  const trace = await ask(bench, 'TraceSetting', nothing, inference.TraceSettingResponse);
  expect(trace.settings.get('trace_level')).toEqual({ value: ['OFF'] });
  const log = await ask(bench, 'LogSettings', nothing, inference.LogSettingsResponse);
  const flags = ['log_info', 'log_warning', 'log_error'].map(
    (name) => log.settings.get(name)?.parameterChoice?.value,
  );
  expect(flags).toEqual([false, true, true]);
  const settings = new Map([['trace_level', { value: ['TIMESTAMPS'] }]]);
  const change = inference.TraceSettingRequest.encode({ settings, modelName: '' }).finish();
  expect(await refusal(bench, 'TraceSetting', change)).toBe(
    'UNSUPPORTED: trace settings cannot be changed while the server runs: the server does not trace; expected none in the request, given trace_level',
  );
  const louder = inference.LogSettingsRequest.encode({
    settings: new Map([['log_info', { parameterChoice: { $case: 'boolParam', value: true } }]]),
  }).finish();
  expect(await refusal(bench, 'LogSettings', louder)).toBe(
    'UNSUPPORTED: log settings cannot be changed while the server runs: the level is that of --log-level; expected none in the request, given log_info',
  );
  const ofModel = inference.TraceSettingRequest.encode({ settings: new Map(), modelName: 'm' }).finish();
  expect(await refusal(bench, 'TraceSetting', ofModel)).toMatch(/^SERVABLE_NOT_FOUND: /);
});

test.each(new InferenceBench().rpcs.filter((name) => !/Infer$|^Server|SharedMemory/.test(name)))(
  '%s says what it expected of bytes that are no request',
  async (rpc) => {
    expect(await refusal(new InferenceBench(), rpc, Uint8Array.of(0x0a, 0xff, 0xff))).toMatch(
      new RegExp(`^BAD_REQUEST: expected an inference\\.${rpc}Request, given 3 bytes that are none: `),
    );
  },
);
