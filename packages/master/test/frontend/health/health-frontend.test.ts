import { afterEach, expect, test } from '@jest/globals';
import { createGrpcJsChannel, createGrpcJsServer, grpcHealth } from '@serving/common';
import { healthRoutes } from '../../../src/frontend/health/health-frontend.js';

const ServingStatus = grpcHealth.HealthCheckResponse_ServingStatus;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** The routes on real gRPC, with a caller beside them. */
async function start(source: { isServing(): boolean }) {
  const server = createGrpcJsServer({
    address: '127.0.0.1:0',
    maxMessageBytes: 2 ** 20,
    routes: healthRoutes(source),
    onInternalError: (error) => {
      throw error;
    },
  });
  const channel = createGrpcJsChannel(await server.start(), { maxMessageBytes: 2 ** 20 });
  cleanups.push(
    () => channel.close(),
    () => server.stop(0),
  );
  const call = (method: string, message: Uint8Array) =>
    channel.unary(`/grpc.health.v1.Health/${method}`, message, 5000);
  const check = async (service: string) => {
    const reply = await call('Check', grpcHealth.HealthCheckRequest.encode({ service }).finish());
    return grpcHealth.HealthCheckResponse.decode(reply).status;
  };
  return { call, check };
}

test.each(['', 'mindspore.serving.proto.MSService'])(
  "'%s' is SERVING until the master stops",
  async (name) => {
    const source = { serving: true, isServing: () => source.serving };
    const { check } = await start(source);
    expect(await check(name)).toBe(ServingStatus.SERVING);
    source.serving = false;
    expect(await check(name)).toBe(ServingStatus.NOT_SERVING);
  },
);

test.each(['mindspore.serving.proto', 'MSService', 'grpc.health.v1.Health'])(
  "any other service, as '%s', is NOT_FOUND",
  async (name) => {
    const { check } = await start({ isServing: () => true });
    await expect(check(name)).rejects.toMatchObject({ status: 5, message: `no service '${name}' here` });
  },
);

test.each(['Watch', 'List'])('%s is UNIMPLEMENTED', async (method) => {
  const { call } = await start({ isServing: () => true });
  await expect(call(method, new Uint8Array(0))).rejects.toMatchObject({ status: 12 });
});

test('bytes that are no request are INVALID_ARGUMENT', async () => {
  const { call } = await start({ isServing: () => true });
  await expect(call('Check', Uint8Array.of(0x0a, 0xff, 0xff))).rejects.toMatchObject({
    status: 3,
    message: 'expected a HealthCheckRequest message',
  });
});
