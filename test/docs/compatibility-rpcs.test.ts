/** docs/compatibility-protocols.md has every rpc, and what it says of each is what a call of it gives. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { grpcHealth, grpcReflection, grpcStatus, inference, mindspore, publicFiles } from '@serving/common';
import { grpcFrontEnds, type GrpcFrontEndSettings } from '../../packages/master/dist/frontend/front-ends.js';
import { inferInput } from '../support/inference-calls.js';
import { startMaster } from '../support/processes.js';
import { floats } from '../support/raw-calls.js';
import { known, rowsOf, said, statusIn, tableNames } from './protocol-tables.js';

interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

interface KnownCall {
  readonly request: Uint8Array;
  /** Expects of the reply what the request was for. */
  readonly check: (reply: Uint8Array) => void;
  /** A request for what is not there, of an rpc that differs. */
  readonly change?: Uint8Array;
}

function encode<Message>(type: MessageType<Message>, given: Partial<Message>): Uint8Array {
  return type.encode({ ...type.decode(new Uint8Array(0)), ...given }).finish();
}

/** A call that is answered with at least `expected`. */
function call<Request, Reply>(
  [type, given]: readonly [MessageType<Request>, Partial<Request>],
  [replyType, expected]: readonly [MessageType<Reply>, object],
): KnownCall {
  const check = (reply: Uint8Array) => expect(replyType.decode(reply)).toMatchObject(expected);
  return { request: encode(type, given), check };
}

/** A call that is refused whatever it says. */
function refusal(request: Uint8Array = new Uint8Array(0)): KnownCall {
  const check = () => {
    throw new Error('expected no reply');
  };
  return { request, check };
}

const floatBytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const infer = {
  modelName: 'add-batch',
  inputs: ['x1', 'x2'].map((name) => inferInput(name, 'FP32', [1, 2, 2])),
  rawInputContents: [floatBytes(1, 2, 3, 4), floatBytes(1, 2, 3, 4)],
};
const inferred = { modelName: 'add-batch', rawOutputContents: [Buffer.from(floatBytes(2, 4, 6, 8))] };
const model = { name: 'add-batch' };

const inferenceCalls: Readonly<Record<string, KnownCall>> = {
  ServerLive: call([inference.ServerLiveRequest, {}], [inference.ServerLiveResponse, { live: true }]),
  ServerReady: call([inference.ServerReadyRequest, {}], [inference.ServerReadyResponse, { ready: true }]),
  ModelReady: call([inference.ModelReadyRequest, model], [inference.ModelReadyResponse, { ready: true }]),
  ServerMetadata: call(
    [inference.ServerMetadataRequest, {}],
    [inference.ServerMetadataResponse, { name: 'serving' }],
  ),
  ModelMetadata: call(
    [inference.ModelMetadataRequest, model],
    [inference.ModelMetadataResponse, { outputs: [{ name: 'y', datatype: 'FP32' }] }],
  ),
  ModelInfer: call([inference.ModelInferRequest, infer], [inference.ModelInferResponse, inferred]),
  ModelStreamInfer: call(
    [inference.ModelInferRequest, infer],
    [inference.ModelStreamInferResponse, { errorMessage: '', inferResponse: inferred }],
  ),
  ModelConfig: call(
    [inference.ModelConfigRequest, model],
    [inference.ModelConfigResponse, { config: model }],
  ),
  ModelStatistics: call(
    [inference.ModelStatisticsRequest, model],
    [inference.ModelStatisticsResponse, { modelStats: [model] }],
  ),
  RepositoryIndex: call(
    [inference.RepositoryIndexRequest, { ready: true }],
    [inference.RepositoryIndexResponse, { models: expect.arrayContaining([expect.objectContaining(model)]) }],
  ),
  RepositoryModelLoad: refusal(encode(inference.RepositoryModelLoadRequest, { modelName: 'add' })),
  RepositoryModelUnload: refusal(encode(inference.RepositoryModelUnloadRequest, { modelName: 'add' })),
  SystemSharedMemoryStatus: refusal(),
  SystemSharedMemoryRegister: refusal(
    encode(inference.SystemSharedMemoryRegisterRequest, { name: 'r', key: '/r', byteSize: 16n }),
  ),
  SystemSharedMemoryUnregister: refusal(),
  CudaSharedMemoryStatus: refusal(),
  CudaSharedMemoryRegister: refusal(
    encode(inference.CudaSharedMemoryRegisterRequest, { name: 'r', byteSize: 16n }),
  ),
  CudaSharedMemoryUnregister: refusal(),
  TraceSetting: {
    ...call([inference.TraceSettingRequest, {}], [inference.TraceSettingResponse, {}]),
    change: encode(inference.TraceSettingRequest, {
      settings: new Map([['trace_level', { value: ['TIMESTAMPS'] }]]),
    }),
  },
  LogSettings: {
    ...call([inference.LogSettingsRequest, {}], [inference.LogSettingsResponse, {}]),
    change: encode(inference.LogSettingsRequest, {
      settings: new Map([['log_info', { parameterChoice: { $case: 'boolParam', value: false } }]]),
    }),
  },
};

const serving = { status: grpcHealth.HealthCheckResponse_ServingStatus.SERVING };
const asked = { messageRequest: { $case: 'listServices', value: '' } } as const;
const reflectionCalls = {
  ServerReflectionInfo: call(
    [grpcReflection.ServerReflectionRequest, asked],
    [grpcReflection.ServerReflectionResponse, { messageResponse: { $case: 'listServicesResponse' } }],
  ),
};
const predict = {
  servableSpec: { name: 'add', methodName: 'add_common', versionNumber: 0n },
  instances: [
    {
      items: new Map(
        ['x1', 'x2'].map((name) => [
          name,
          { ...mindspore.Tensor.decode(new Uint8Array(0)), ...floats([2, 2], [1, 2, 3, 4]) },
        ]),
      ),
      outputBuffers: new Map(),
    },
  ],
};

const calls: Readonly<Record<string, Readonly<Record<string, KnownCall>>>> = {
  'inference.GRPCInferenceService': inferenceCalls,
  'mindspore.serving.proto.MSService': {
    Predict: call(
      [mindspore.PredictRequest, predict],
      [mindspore.PredictReply, { errorMsg: [], instances: [{}] }],
    ),
  },
  'serving.predict.v1.PredictService': {
    PredictStream: call(
      [mindspore.PredictRequest, predict],
      [mindspore.PredictReply, { errorMsg: [], instances: [{}] }],
    ),
  },
  'grpc.health.v1.Health': {
    Check: call([grpcHealth.HealthCheckRequest, {}], [grpcHealth.HealthCheckResponse, serving]),
    List: call([grpcHealth.HealthListRequest, {}], [grpcHealth.HealthListResponse, {}]),
    Watch: call([grpcHealth.HealthCheckRequest, {}], [grpcHealth.HealthCheckResponse, serving]),
  },
  'grpc.reflection.v1.ServerReflection': reflectionCalls,
  'grpc.reflection.v1alpha.ServerReflection': reflectionCalls,
  'tensorflow.serving.PredictionService': {
    Predict: refusal(),
    GetModelMetadata: refusal(),
    Classify: refusal(),
    Regress: refusal(),
    MultiInference: refusal(),
  },
  'tensorflow.serving.ModelService': { GetModelStatus: refusal(), HandleReloadConfigRequest: refusal() },
};

let address: string;
beforeAll(async () => {
  const options = '--servable add,add-batch --directory examples/add --executors 1';
  ({ address } = await startMaster(options.split(' ')));
});

/** The first reply to a request, or the name of the status that the call ends with. A unary call is, on the wire, a stream of one. */
function firstReply(path: string, request: Uint8Array): Promise<Uint8Array | string> {
  const client = new Client(address, credentials.createInsecure());
  const identity = (bytes: Buffer) => bytes;
  return new Promise<Uint8Array | string>((resolve) => {
    const stream = client.makeBidiStreamRequest(path, identity, identity);
    stream.on('data', (reply: Buffer) => {
      resolve(reply);
      stream.cancel();
    });
    stream.on('error', ({ code }: ServiceError) => resolve(grpcStatusName(code)));
    stream.end(Buffer.from(request));
  }).finally(() => client.close());
}

function grpcStatusName(code: number): string {
  return Object.entries(grpcStatus).find(([, one]) => one === code)?.[0] ?? `status ${code}`;
}

const services = tableNames('rpcs of ').map((name) => name.slice('rpcs of '.length));
const listed = services.flatMap((service) =>
  rowsOf(`rpcs of ${service}`).map(([rpc]) => `/${service}/${rpc}`),
);

describe.each(services)('%s', (service) => {
  test.each(rowsOf(`rpcs of ${service}`))('%s: %s', async (rpc, cell, text) => {
    const { request, check, change } = known(calls[service] ?? {}, rpc);
    const path = `/${service}/${rpc}`;
    const row = said(cell);
    const reply = await firstReply(path, request);
    if (row.outcome === 'refused') {
      expect(reply).toBe(row.status);
      return;
    }
    if (typeof reply === 'string') throw new Error(`the call ended with ${reply}`);
    check(reply);
    if (row.outcome === 'differs') expect(await firstReply(path, change!)).toBe(statusIn(text));
    else expect(row.outcome).toBe('supported');
  });
});

test('every rpc of the public schemas has a row', () => {
  const rpcs = publicFiles.flatMap(({ services: names, symbols }) =>
    names.flatMap((name) =>
      symbols
        .filter((symbol) => symbol.startsWith(`${name}.`))
        .map((symbol) => `/${name}/${symbol.slice(name.length + 1)}`),
    ),
  );
  expect(rpcs.length).toBeGreaterThan(20);
  expect(rpcs.filter((rpc) => !listed.includes(rpc))).toEqual([]);
});

test('every rpc that this test knows has a row', () => {
  const tried = Object.entries(calls).flatMap(([service, rpcs]) =>
    Object.keys(rpcs).map((rpc) => `/${service}/${rpc}`),
  );
  expect(tried.toSorted()).toEqual(listed.toSorted());
});

test('every rpc that the gRPC port has a route for has a row, and no row is given twice', () => {
  // Routes are made, and none is called.
  const { signal: stopping } = new AbortController();
  const routes = grpcFrontEnds({ stopping } as GrpcFrontEndSettings).map(({ path }) => path);
  expect(routes.length).toBeGreaterThan(20);
  expect(routes.filter((path) => !listed.includes(path))).toEqual([]);
  expect(listed).toHaveLength(new Set(listed).size);
});
