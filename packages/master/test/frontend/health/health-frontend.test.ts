import { afterEach, expect, test } from '@jest/globals';
import { grpcHealth, type RpcClientStream } from '@serving/common';
import { healthRoutes } from '../../../src/frontend/health/health-frontend.js';
import { FakeReplica } from '../../support/fake-replica.js';
import { echo, InferenceBench, method } from '../../support/inference.js';
import { serveRoutes } from '../../support/served-routes.js';

const ServingStatus = grpcHealth.HealthCheckResponse_ServingStatus;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** The routes on real gRPC, with a caller beside them. */
async function start() {
  const bench = new InferenceBench();
  let listeners = 0;
  const { server, channel } = await serveRoutes(
    healthRoutes({
      models: bench.models,
      stopping: bench.stopping.signal,
      onReplicasChanged: (listener) => {
        listeners++;
        const forget = bench.plane.registry.onChange(listener);
        return () => {
          listeners--;
          forget();
        };
      },
    }),
    cleanups,
  );
  const call = (rpc: string, message: Uint8Array) =>
    channel.unary(`/grpc.health.v1.Health/${rpc}`, message, 5000);
  const request = (service: string) => grpcHealth.HealthCheckRequest.encode({ service }).finish();
  const check = async (service: string) =>
    grpcHealth.HealthCheckResponse.decode(await call('Check', request(service))).status;
  const watch = async (service: string) => {
    const stream = channel.openStream('/grpc.health.v1.Health/Watch');
    await stream.send(request(service));
    stream.halfClose();
    return { stream, statuses: statusesOf(stream) };
  };
  return { bench, server, call, check, watch, listeners: () => listeners };
}

async function* statusesOf(stream: RpcClientStream) {
  for await (const message of stream.messages)
    yield ServingStatus[grpcHealth.HealthCheckResponse.decode(message).status];
}

test.each([
  '',
  'mindspore.serving.proto.MSService',
  'serving.predict.v1.PredictService',
  'inference.GRPCInferenceService',
])("'%s' is SERVING until the master stops", async (name) => {
  const { bench, check } = await start();
  expect(await check(name)).toBe(ServingStatus.SERVING);
  bench.stopping.abort();
  expect(await check(name)).toBe(ServingStatus.NOT_SERVING);
});

test('a servable, and a model, is SERVING while a replica of it is live', async () => {
  const { bench, check } = await start();
  const methods = [method('m', []), method('n', [])];
  const replica = bench.serve({ servable: 's', methods });
  for (const name of ['s', 's.m']) expect(await check(name)).toBe(ServingStatus.SERVING);
  bench.plane.registry.remove(replica.id);
  for (const name of ['s', 's.m']) expect(await check(name)).toBe(ServingStatus.NOT_SERVING);
});

test.each(['mindspore.serving.proto', 'MSService', 'grpc.health.v1.Health', 's.o', 't'])(
  "any other service, as '%s', is NOT_FOUND",
  async (name) => {
    const { bench, check } = await start();
    bench.serve({ servable: 's', methods: [echo] });
    await expect(check(name)).rejects.toMatchObject({ status: 5, message: `no service '${name}' here` });
  },
);

test('List has the status of every service', async () => {
  const { bench, call } = await start();
  const replica = bench.serve({ servable: 's', methods: [echo] });
  bench.serve({ servable: 't', methods: [echo] });
  bench.plane.registry.remove(replica.id);
  const { statuses } = grpcHealth.HealthListResponse.decode(await call('List', new Uint8Array(0)));
  expect([...statuses].map(([name, { status }]) => [name, ServingStatus[status]])).toEqual([
    ['', 'SERVING'],
    ['mindspore.serving.proto.MSService', 'SERVING'],
    ['serving.predict.v1.PredictService', 'SERVING'],
    ['inference.GRPCInferenceService', 'SERVING'],
    ['s', 'NOT_SERVING'],
    ['t', 'SERVING'],
  ]);
});

test('a watcher is told at once, and of every change, until the master stops', async () => {
  const { bench, server, watch, listeners } = await start();
  const { statuses } = await watch('s');
  const next = async () => (await statuses.next()).value as unknown;
  expect(await next()).toBe('SERVICE_UNKNOWN');
  const replica = new FakeReplica({ servable: 's', methods: [echo] });
  bench.plane.registry.add(replica);
  expect(await next()).toBe('SERVING');
  // Another replica changes nothing for it.
  bench.serve({ servable: 't', methods: [echo] });
  bench.plane.registry.remove(replica.id);
  expect(await next()).toBe('NOT_SERVING');
  bench.plane.registry.add(replica);
  expect(await next()).toBe('SERVING');
  bench.stopping.abort();
  expect(await next()).toBe('NOT_SERVING');
  await expect(statuses.next()).rejects.toMatchObject({ status: 14, message: 'the server is stopping' });
  expect(listeners()).toBe(0);
  expect(await server.stop(60_000)).toBe(0);
});

test('a watcher that goes away is forgotten', async () => {
  const { watch, listeners } = await start();
  const { stream, statuses } = await watch('');
  expect((await statuses.next()).value).toBe('SERVING');
  expect(listeners()).toBe(1);
  stream.cancel();
  await expect(statuses.next()).rejects.toMatchObject({ status: 1 });
  while (listeners() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('bytes that are no request are INVALID_ARGUMENT', async () => {
  const { call } = await start();
  await expect(call('Check', Uint8Array.of(0x0a, 0xff, 0xff))).rejects.toMatchObject({
    status: 3,
    message: 'expected a HealthCheckRequest message',
  });
});
