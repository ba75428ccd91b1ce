import { expect, test } from '@jest/globals';
import { Deadline, failure, ServingError } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import type { PredictCall } from '../../src/call/predict-call.js';
import type { CollectedOutcome } from '../../src/call/reply-collector.js';
import { PredictEndpoint, type PredictRequest } from '../../src/frontend/predict-endpoint.js';
import { RouteTable } from '../../src/routing/route-table.js';
import { Router } from '../../src/routing/router.js';
import { ErrorCounts } from '../../src/statistics/error-counts.js';
import { floats, ManualSignal, partsOf } from '../support/calls.js';
import { signature } from '../support/fake-replica.js';
import { nowhere, routeTo } from '../support/routes.js';

function setUp() {
  const calls: PredictCall[] = [];
  const refusals = new ErrorCounts();
  const endpoint = new PredictEndpoint(
    new Router(
      new RouteTable(() => {
        throw new Error('nothing is registered here');
      }),
      () => false,
    ),
    new ManualClock(7),
    refusals,
  );
  const route = routeTo(signature('predict'), {
    queue: { ...nowhere, enqueue: (call: PredictCall) => void calls.push(call) },
  });
  const request: PredictRequest = {
    route,
    count: 2,
    parts: partsOf([floats(1, 2)]),
    refused: [],
    retainedBytes: 99,
    deadline: Deadline.none,
    signal: new ManualSignal(),
    priority: undefined,
    traceparent: '00-ab-cd-01',
  };
  return { endpoint, calls, request, refusals };
}

const bad = new ServingError('INVALID_TENSOR', 'bad');

function codesOf(outcomes: readonly CollectedOutcome[]): [number, number, string][] {
  return outcomes.map(({ first, count, outcome }) => [first, count, outcome.ok ? 'ok' : outcome.error.code]);
}

test('hands a call with all that is known of it to the queue of its route', async () => {
  const { endpoint, calls, request } = setUp();
  const outcome = endpoint.predict(request);
  const { parts, retainedBytes, deadline, signal, traceparent } = request;
  expect(calls).toEqual([
    expect.objectContaining({
      parts,
      retainedBytes,
      deadline,
      signal,
      traceparent,
      priority: 0,
      arrivedAt: 7,
    }),
  ]);
  calls[0]!.sink.reply(failure(0, 2, bad));
  expect(codesOf(await outcome)).toEqual([[0, 2, 'INVALID_TENSOR']]);
});

test("a call has the priority it asks for, or its method's own", () => {
  const { endpoint, calls, request } = setUp();
  const method = { ...request.route.method, batching: { priority: 5 } };
  for (const priority of [undefined, -3, 0])
    void endpoint.predict({ ...request, route: { ...request.route, method }, priority });
  expect(calls.map(({ priority }) => priority)).toEqual([5, -3, 0]);
});

test('every call has an id of its own', () => {
  const { endpoint, calls, request } = setUp();
  for (let i = 0; i < 3; i++) void endpoint.predict(request);
  expect(new Set(calls.map((call) => call.id)).size).toBe(3);
});

test('refused instances stand in their places among the answered ones', async () => {
  const { endpoint, calls, request } = setUp();
  const outcome = endpoint.predict({
    ...request,
    count: 4,
    parts: [
      { first: 1, block: floats(1) },
      { first: 3, block: floats(3) },
    ],
    refused: [0, 2].map((index) => ({ index, error: bad })),
  });
  calls[0]!.sink.reply(failure(3, 1, new ServingError('STAGE_FAILED', 'no')));
  calls[0]!.sink.reply(failure(1, 1, new ServingError('CANCELLED', 'no')));
  expect(codesOf(await outcome).map(([first, , code]) => [first, code])).toEqual([
    [0, 'INVALID_TENSOR'],
    [1, 'CANCELLED'],
    [2, 'INVALID_TENSOR'],
    [3, 'STAGE_FAILED'],
  ]);
});

test('a request of which every instance is refused is answered without being queued', async () => {
  const { endpoint, calls, request } = setUp();
  const refused = [0, 1].map((index) => ({ index, error: bad }));
  expect(codesOf(await endpoint.predict({ ...request, parts: [], refused }))).toHaveLength(2);
  expect(calls).toEqual([]);
});

test('a request without instances is answered with no outcomes', async () => {
  const { endpoint, request } = setUp();
  expect(await endpoint.predict({ ...request, count: 0, parts: [] })).toEqual([]);
});

test('what cannot be routed is refused by the router', () => {
  const { endpoint } = setUp();
  expect(() => endpoint.route({ servable: 'add', method: 'm', version: 0n })).toThrow(
    expect.objectContaining({ code: 'SERVABLE_NOT_FOUND' }),
  );
});
