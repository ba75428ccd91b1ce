import { afterEach, expect, test } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { grpcReflection, publicFiles } from '@serving/common';
import { reflectionRoutes } from '../../../src/frontend/reflection/reflection-frontend.js';
import { serveRoutes } from '../../support/served-routes.js';

type Asked = grpcReflection.ServerReflectionRequest['messageRequest'];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function start(version = 'v1') {
  const stopping = new AbortController();
  const { server, channel } = await serveRoutes(reflectionRoutes(stopping.signal), cleanups);
  const stream = channel.openStream(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
  const replies = stream.messages[Symbol.asyncIterator]();
  const ask = async (messageRequest: Asked) => {
    const request = { host: 'h', messageRequest };
    await stream.send(grpcReflection.ServerReflectionRequest.encode(request).finish());
    const { value } = (await replies.next()) as { value: Uint8Array };
    const response = grpcReflection.ServerReflectionResponse.decode(value);
    expect(response).toMatchObject({ validHost: 'h', originalRequest: request });
    return response.messageResponse;
  };
  return { stopping, server, stream, replies, ask };
}

test.each(['v1', 'v1alpha'])('%s lists every public service', async (version) => {
  const { ask, stream, replies } = await start(version);
  expect(await ask({ $case: 'listServices', value: '' })).toEqual({
    $case: 'listServicesResponse',
    value: {
      service: [
        { name: 'grpc.health.v1.Health' },
        { name: 'grpc.reflection.v1.ServerReflection' },
        { name: 'inference.GRPCInferenceService' },
        { name: 'mindspore.serving.proto.MSService' },
        { name: 'serving.predict.v1.PredictService' },
      ],
    },
  });
  stream.halfClose();
  expect((await replies.next()).done).toBe(true);
});

/** Names of the files in a response. */
function files(response: Awaited<ReturnType<Awaited<ReturnType<typeof start>>['ask']>>): unknown {
  if (response?.$case !== 'fileDescriptorResponse') return response;
  return response.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

test('a file comes with what it imports, by its name or by what it declares', async () => {
  const { ask } = await start();
  const service = ['inference/grpc_service.proto', 'inference/model_config.proto'];
  const messages = ['mindspore_serving/proto/ms_service.proto'];
  const stream = ['serving/predict/v1/predict.proto', ...messages];
  const symbols = {
    'inference.GRPCInferenceService': service,
    'inference.GRPCInferenceService.ModelInfer': service,
    'inference.ModelInferRequest.InferInputTensor': service,
    'inference.ModelInstanceGroup.Kind': ['inference/model_config.proto'],
    'mindspore.serving.proto.MSService': messages,
    'serving.predict.v1.PredictService': stream,
  };
  for (const [value, expected] of Object.entries(symbols))
    expect(files(await ask({ $case: 'fileContainingSymbol', value }))).toEqual(expected);
  for (const { name } of publicFiles)
    expect(files(await ask({ $case: 'fileByFilename', value: name }))).toEqual(
      [service, stream].find(([first]) => first === name) ?? [name],
    );
});

test('what is not there is an error on the stream, which goes on', async () => {
  const { ask } = await start();
  const notFound = (errorMessage: string) => ({
    $case: 'errorResponse',
    value: { errorCode: 5, errorMessage },
  });
  expect(await ask({ $case: 'fileByFilename', value: 'serving/link/v1/link.proto' })).toEqual(
    notFound("no file 'serving/link/v1/link.proto' here"),
  );
  expect(await ask({ $case: 'fileContainingSymbol', value: 'x.Y' })).toEqual(
    notFound("no symbol 'x.Y' here"),
  );
  const none = notFound('the schemas here have no extensions');
  expect(await ask({ $case: 'allExtensionNumbersOfType', value: 'x.Y' })).toEqual(none);
  const extension = { containingType: 'x.Y', extensionNumber: 1 };
  expect(await ask({ $case: 'fileContainingExtension', value: extension })).toEqual(none);
  expect(await ask(undefined)).toMatchObject({ value: { errorCode: 3 } });
  expect(await ask({ $case: 'listServices', value: '' })).toMatchObject({ $case: 'listServicesResponse' });
});

test('bytes that are no request end the stream', async () => {
  const { stream, replies } = await start();
  await stream.send(Uint8Array.of(0x0a, 0xff, 0xff));
  await expect(replies.next()).rejects.toMatchObject({
    status: 3,
    message: 'expected a ServerReflectionRequest message',
  });
});

test('a stream that is left open does not hold up a stop', async () => {
  const { stopping, server, replies, ask } = await start();
  await ask({ $case: 'listServices', value: '' });
  stopping.abort();
  await expect(replies.next()).rejects.toMatchObject({ status: 14, message: 'the server is stopping' });
  expect(await server.stop(60_000)).toBe(0);
});
