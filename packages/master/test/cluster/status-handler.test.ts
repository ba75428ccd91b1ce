import { afterEach, expect, test } from '@jest/globals';
import { createGrpcJsChannel, createGrpcServer, linkStatus, type ServingError } from '@serving/common';
import { statusRoutes } from '../../src/cluster/status-handler.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** The routes on real gRPC, with a caller beside them. */
async function start(source: () => linkStatus.GetStatusResponse) {
  const internal: ServingError[] = [];
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    maxMessageBytes: 2 ** 20,
    routes: statusRoutes(source),
    onInternalError: (error) => void internal.push(error),
  });
  const channel = createGrpcJsChannel(await server.start(), { maxMessageBytes: 2 ** 20 });
  cleanups.push(
    () => channel.close(),
    () => server.stop(0),
  );
  const getStatus = async () => {
    const reply = await channel.unary('/serving.link.v1.StatusService/GetStatus', new Uint8Array(0), 5000);
    return linkStatus.GetStatusResponse.decode(reply);
  };
  return { getStatus, internal };
}

const empty: linkStatus.GetStatusResponse = { release: '0.1.0', leaseMs: 5000, workers: [], methods: [] };

test('each request is answered with what the source says then', async () => {
  let current = empty;
  const { getStatus } = await start(() => current);
  expect(await getStatus()).toEqual(empty);
  const replicas = [
    {
      replicaId: 'r',
      servable: 'add',
      version: 2 ** 40,
      state: 2,
      executors: 1,
      credits: 1,
      inFlight: 0,
    },
  ];
  const place = { deviceType: 'cpu', deviceId: 0, host: 'h', pid: 1 };
  current = {
    ...empty,
    workers: [
      { workerId: 'w', epoch: 7, ...place, replicas, heartbeatAgeMs: 0 },
      { workerId: 'm', epoch: 0, ...place, replicas: [] },
    ],
    methods: [{ servable: 'add', version: 2 ** 40, method: 'predict', waiting: 3 }],
  };
  const answer = await getStatus();
  expect(answer).toEqual(current);
  // Just now and never differ on the wire.
  expect(answer.workers.map(({ heartbeatAgeMs }) => heartbeatAgeMs)).toEqual([0, undefined]);
});

test('a source that fails is an internal error of the server', async () => {
  const cause = new Error('secret');
  const { getStatus, internal } = await start(() => {
    throw cause;
  });
  await expect(getStatus()).rejects.toMatchObject({
    status: 13,
    message: expect.stringMatching(/^internal error, id /),
  });
  expect(internal).toEqual([expect.objectContaining({ code: 'INTERNAL', cause })]);
});
