import { describe, expect, test } from '@jest/globals';
import { systemClock } from '@serving/common';
import { clusterStatus } from '../src/cluster-status.js';
import { failureOf, serve } from './support/client-and-server.js';
import { serveStatus, threeWorkers } from './support/status-server.js';
import { echo } from './support/wire-values.js';

test('gives what the master said, with states by name', async () => {
  const { address } = await serveStatus(threeWorkers);
  const status = await clusterStatus(address);
  expect(status).toMatchObject({ release: '0.1.0', leaseMs: 5000, methods: threeWorkers.methods });
  expect(status.workers[0]).toEqual({
    workerId: 'left',
    epoch: 3,
    deviceType: 'cpu',
    deviceId: 0,
    host: 'node-1',
    pid: 4711,
    replicas: [
      expect.objectContaining({ replicaId: 'add-1', state: 'DRAINING' }),
      {
        replicaId: 'add-2',
        servable: 'add',
        version: 2,
        state: 'AVAILABLE',
        executors: 2,
        credits: 2,
        inFlight: 1,
      },
      expect.objectContaining({ replicaId: 'mul-1', state: 'LOADING' }),
    ],
    heartbeatAgeMs: 0,
  });
});

test("the master's own process has no heartbeat, and a state of a later release is UNKNOWN", async () => {
  const { address } = await serveStatus(threeWorkers);
  const { workers } = await clusterStatus(address);
  expect(Object.keys(workers[2]!)).not.toContain('heartbeatAgeMs');
  expect(workers[2]!.replicas[0]!.state).toBe('UNKNOWN');
});

test('a port alone is one of this machine', async () => {
  const { address } = await serveStatus({ release: '9' });
  expect(await clusterStatus(address.split(':')[1]!)).toEqual({
    release: '9',
    leaseMs: 0,
    workers: [],
    methods: [],
  });
});

describe('failures', () => {
  test('a master that is not there is UNAVAILABLE and worth a retry', async () => {
    const error = await failureOf(clusterStatus('127.0.0.1:1'));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', grpcStatus: 14, retryable: true });
    expect(error.message).toBe('127.0.0.1:1 is unavailable: connect ECONNREFUSED 127.0.0.1:1');
  });

  test('a server without the rpc is UNIMPLEMENTED', async () => {
    const { address } = await serve(echo);
    expect(await failureOf(clusterStatus(address))).toMatchObject({ code: 'UNIMPLEMENTED', grpcStatus: 12 });
  });

  test('a reply of something else is a BAD_REPLY', async () => {
    const { address } = await serveStatus(Uint8Array.of(0x1a, 0xff, 0xff));
    expect(await failureOf(clusterStatus(address))).toMatchObject({ code: 'BAD_REPLY', grpcStatus: 0 });
  });

  test('a master that does not answer is DEADLINE_EXCEEDED, after ten seconds by default', async () => {
    const server = await serveStatus(undefined);
    const error = await failureOf(clusterStatus(server.address, { deadlineMs: 100 }));
    expect(error.message).toBe(`${server.address} did not answer within the deadline of 100 ms`);
    const controller = new AbortController();
    const pending = failureOf(clusterStatus(server.address, { signal: controller.signal }));
    while (server.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const remainingMs = server.calls[1]!.deadline.remainingMs(systemClock);
    expect(remainingMs).toBeGreaterThan(5000);
    expect(remainingMs).toBeLessThanOrEqual(10_000);
    controller.abort();
    await pending;
  });

  test('a signal cancels the call, before it and during it', async () => {
    const { address, calls } = await serveStatus(undefined);
    const reason = new Error('changed my mind');
    expect(await failureOf(clusterStatus(address, { signal: AbortSignal.abort(reason) }))).toMatchObject({
      code: 'CANCELLED',
      cause: reason,
    });
    expect(calls).toHaveLength(0);
    const error = await failureOf(clusterStatus(address, { signal: AbortSignal.timeout(50) }));
    expect(error).toMatchObject({ code: 'CANCELLED', message: 'the caller cancelled the call' });
  });

  test('an address or a deadline that makes no sense is refused', async () => {
    await expect(clusterStatus('nowhere')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(clusterStatus('h:1', { deadlineMs: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
