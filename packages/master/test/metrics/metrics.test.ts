/** The text of a master's metrics, of requests that really went through its steps. */
import { expect, test } from '@jest/globals';
import { link } from '@serving/common';
import { Exposition } from '../../../../test/support/exposition.js';
import { clusterStatus } from '../../src/cluster/cluster-status.js';
import type { RegistrationEnd } from '../../src/link/registration.js';
import { clusterMetrics } from '../../src/metrics/cluster-metrics.js';
import type { Sample } from '../../src/metrics/metric.js';
import { MetricsViews } from '../../src/metrics/metrics-view.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { ManualSignal } from '../support/calls.js';
import { batchedEcho, floatsRequest, InferenceBench, method } from '../support/inference.js';

function setUp() {
  const bench = new InferenceBench();
  const { plane } = bench;
  const ended = new Map<RegistrationEnd, number>();
  const metrics = new Metrics({
    release: '1.2.3',
    queueLimit: { instances: 100, requests: 10, bytes: 1000 },
    table: plane.table,
    refusals: plane.refusals,
    directory: { registered: 3, ended: (how) => ended.get(how) ?? 0 },
    status: () =>
      clusterStatus({
        release: '1.2.3',
        host: 'h',
        leaseMs: 5000,
        snapshot: plane.registry.snapshot,
        workers: [],
        queues: [],
      }),
  });
  return { bench, plane, ended, metrics, scrape: async () => new Exposition(await metrics.text()) };
}

const anyWorker = {
  workerId: 'w',
  epoch: 1,
  deviceType: 'cpu',
  deviceId: 0,
  host: 'h',
  pid: 1,
  heartbeatAgeMs: 1200,
};

const ofEcho = { servable: 's', version: '1', method: 'echo' };

test('its type is that of the text format', () => {
  expect(setUp().metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('a master with nothing in it has metrics, and no series of methods', async () => {
  const { scrape } = setUp();
  const scraped = await scrape();
  expect(scraped.sum('serving_build_info', { version: '1.2.3' })).toBe(1);
  expect(scraped.samples('serving_requests_total')).toEqual([]);
  expect(scraped.samples('serving_batch_instances_bucket')).toEqual([]);
  expect(scraped.sum('serving_worker_registrations_total')).toBe(3);
  expect(scraped.sum('process_resident_memory_bytes')).toBeGreaterThan(1e6);
});

test('requests, their times and their batches', async () => {
  const { bench, plane, scrape } = setUp();
  const replica = bench.serve({ servable: 's', methods: [batchedEcho] }, () => undefined);
  replica.recall(1);
  replica.recall(2);
  const answers = [bench.infer(floatsRequest('s', [1], [1]))];
  plane.clock.advance(5);
  answers.push(bench.infer(floatsRequest('s', [2], [2, 3])));
  const waiting = await scrape();
  expect(waiting.sum('serving_queue_instances', ofEcho)).toBe(3);
  expect(waiting.sum('serving_queue_requests', ofEcho)).toBe(2);
  expect(waiting.sum('serving_queue_bytes', ofEcho)).toBeGreaterThan(12);
  expect(waiting.sum('nv_inference_pending_request_count', { model: 's', version: '1' })).toBe(2);
  plane.clock.advance(2);
  replica.grant();
  plane.clock.advance(4);
  replica.last.tookMs = 3;
  replica.last.succeed();
  await Promise.all(answers);
  const done = await scrape();
  expect(done.sum('serving_queue_requests', ofEcho)).toBe(0);
  expect(done.sum('serving_requests_total', ofEcho)).toBe(2);
  expect(done.sum('serving_instances_total', ofEcho)).toBe(3);
  expect(buckets(done, 'serving_request_duration_seconds')).toEqual([0.017, 2, { 0.01: 1, 0.025: 2 }]);
  expect(buckets(done, 'serving_queue_duration_seconds')).toEqual([0.009, 2, { 0.0025: 1, 0.01: 2 }]);
  expect(buckets(done, 'serving_compute_duration_seconds')).toEqual([0.003, 1, { 0.005: 1 }]);
  expect(buckets(done, 'serving_batch_instances')).toEqual([3, 1, { 4: 1 }]);
  expect(done.sum('serving_compute_phase_seconds_total', { ...ofEcho, phase: 'infer' })).toBe(0.003);
  const ofModel = { model: 's', version: '1' };
  const triton = ['request_success', 'count', 'exec_count', 'request_duration_us', 'queue_duration_us'];
  expect(triton.map((name) => done.sum(`nv_inference_${name}`, ofModel))).toEqual([2, 3, 1, 17_000, 9000]);
  expect(done.sum('nv_inference_compute_infer_duration_us', ofModel)).toBe(6000);
});

/** Sum, count and where buckets grow, with the text's own rules: they are cumulative and the last one is the count. */
function buckets(scraped: Exposition, name: string) {
  const grown: Record<string, number> = {};
  let before = 0;
  for (const { labels, value } of scraped.samples(`${name}_bucket`)) {
    expect(value).toBeGreaterThanOrEqual(before);
    if (value > before) grown[labels['le']!] = value;
    before = value;
  }
  expect(scraped.samples(`${name}_bucket`).at(-1)!.labels['le']).toBe('+Inf');
  expect(scraped.sum(`${name}_count`)).toBe(before);
  return [scraped.sum(`${name}_sum`), before, grown];
}

test('failures are told by the first error, and under the reason that Triton has for it', async () => {
  const { bench, plane, scrape } = setUp();
  const replica = bench.serve({ servable: 's', methods: [batchedEcho] }, (work) => work.fail(1, 1));
  const partly = bench.refusal(floatsRequest('s', [2], [1, 2]));
  replica.last.succeed(0, 1);
  expect(await partly).toContain('STAGE_FAILED');
  replica.onSend = () => undefined;
  const signal = new ManualSignal();
  const given = bench.refusal(floatsRequest('s', [1], [1]), { signal });
  signal.abort();
  expect(await given).toContain('CANCELLED');
  expect(await bench.refusal(floatsRequest('s', [2_000_000, 0], []))).toContain('BAD_REQUEST');
  const scraped = await scrape();
  const codes = ['STAGE_FAILED', 'CANCELLED', 'BAD_REQUEST', 'QUEUE_FULL'];
  const counts = codes.map((code) => scraped.sum('serving_failed_requests_total', { ...ofEcho, code }));
  expect(counts).toEqual([1, 1, 1, 0]);
  expect(scraped.sum('serving_failed_requests_total', ofEcho)).toBe(3);
  expect(scraped.sum('serving_requests_total', ofEcho)).toBe(3);
  expect(scraped.sum('serving_instances_total', ofEcho)).toBe(1);
  expect(scraped.sum('serving_request_duration_seconds_count', ofEcho)).toBe(0);
  const reasons = ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER'];
  const byReason = reasons.map((reason) =>
    scraped.sum('nv_inference_request_failure', { model: 's', reason }),
  );
  expect(byReason).toEqual([0, 1, 1, 1]);
  expect(scraped.sum('serving_refused_requests_total')).toBe(0);
  expect(plane.internal).toEqual([]);
});

test('requests that come to no method are refusals, once each, and what they asked for is no label', async () => {
  const { bench, metrics, scrape } = setUp();
  bench.serve({ servable: 's', methods: [batchedEcho] });
  await bench.refusal(floatsRequest('made up by a client', [1], [1]));
  await bench.refusal({ ...floatsRequest('s', [1], [1]), modelVersion: '9' });
  await bench.refusal({ modelName: 's', inputs: [] });
  await expect(bench.send('ModelInfer', Uint8Array.of(255))).rejects.toThrow('ModelInferRequest');
  const scraped = await scrape();
  const codes = ['SERVABLE_NOT_FOUND', 'VERSION_NOT_FOUND', 'INPUT_MISMATCH', 'BAD_REQUEST'];
  expect(codes.map((code) => scraped.sum('serving_refused_requests_total', { code }))).toEqual([1, 1, 1, 1]);
  expect(scraped.sum('serving_refused_requests_total')).toBe(4);
  expect(scraped.sum('serving_requests_total')).toBe(0);
  expect(await metrics.text()).not.toContain('made up');
});

test('counters go on when the replicas of a version go and others come, even with other methods', async () => {
  const { bench, plane, scrape } = setUp();
  const total = async () => (await scrape()).sum('serving_requests_total', ofEcho);
  const available = async () =>
    (await scrape()).sum('serving_replicas', { servable: 's', state: 'available' });
  const first = bench.serve({ id: 'a', servable: 's', methods: [batchedEcho] });
  await bench.infer(floatsRequest('s', [1], [1]));
  expect([await total(), await available()]).toEqual([1, 1]);
  plane.registry.remove(first.id);
  expect([await total(), await available()]).toEqual([1, 0]);
  bench.serve({ id: 'b', servable: 's', methods: [batchedEcho, method('more', [{ name: 'x' }])] });
  await bench.infer(floatsRequest('s.echo', [1], [1]));
  expect([await total(), await available()]).toEqual([2, 1]);
  expect((await scrape()).sum('serving_requests_total', { ...ofEcho, method: 'more' })).toBe(0);
});

test('each method has one name among models: the one of its servable when it is the default', async () => {
  const { bench, scrape } = setUp();
  const x = [{ name: 'x' }];
  bench.serve({ servable: 'one', methods: [batchedEcho] });
  bench.serve({ servable: 'two', methods: [method('a', x), method('b', x, { isDefault: true })] });
  const models = (await scrape()).samples('nv_inference_count').map(({ labels }) => labels['model']);
  expect(models).toEqual(['one', 'two.a', 'two']);
});

test('names keep their quotes, backslashes and lines', async () => {
  const { bench, scrape } = setUp();
  const servable = 'a "b" \\ c\nd';
  bench.serve({ servable, methods: [batchedEcho] });
  expect((await scrape()).sum('serving_requests_total', { servable })).toBe(0);
});

test('batches that a replica lost, kept too long or handed back, and those that were sent again', async () => {
  const { bench, plane, scrape } = setUp();
  const serve = (id: string) => bench.serve({ id, servable: 's', methods: [batchedEcho] }, () => undefined);
  const [a, b] = [serve('a'), serve('b')];
  const answer = bench.infer(floatsRequest('s', [1], [1]));
  const [holder, other] = a.works.length > 0 ? [a, b] : [b, a];
  holder.last.giveBack();
  plane.runDeferred();
  const again = other.works.length > 0 ? other : holder;
  plane.registry.remove(again.id);
  again.last.lose();
  plane.runDeferred();
  const rest = again === a ? b : a;
  rest.last.succeed();
  await answer;
  const late = bench.refusal(floatsRequest('s', [1], [1]));
  rest.last.standStill();
  expect(await late).toContain('STAGE_FAILED');
  const scraped = await scrape();
  const counted = ['lost', 'overdue', 'returned', 'redispatched'].map((what) =>
    scraped.sum(`serving_${what}_batches_total`, { servable: 's', version: '1' }),
  );
  expect(counted).toEqual([1, 1, 1, 2]);
});

test('workers, their leases and replicas are told as the status has them', async () => {
  const { plane, ended } = setUp();
  ended.set('expired', 2);
  const replica = (id: string, state: link.ReplicaState) => ({
    replicaId: id,
    servable: 's',
    version: 1,
    state,
    executors: 2,
    credits: 1,
    inFlight: 3,
  });
  const worker = {
    ...anyWorker,
    replicas: [replica('r1', link.ReplicaState.LOADING), replica('r2', link.ReplicaState.AVAILABLE)],
  };
  const metrics = new Metrics({
    release: '1.2.3',
    queueLimit: { instances: 1, requests: 2, bytes: 3 },
    table: plane.table,
    refusals: plane.refusals,
    directory: { registered: 3, ended: (how) => ended.get(how) ?? 0 },
    status: () => ({ release: '1.2.3', leaseMs: 5000, workers: [worker], methods: [] }),
  });
  const scraped = new Exposition(await metrics.text());
  expect(scraped.sum('serving_workers')).toBe(1);
  expect(scraped.sum('serving_worker_lease_seconds', { worker: 'w' })).toBe(3.8);
  expect(scraped.sum('serving_worker_departures_total', { reason: 'expired' })).toBe(2);
  const states = ['loading', 'available', 'draining'].map((state) =>
    scraped.sum('serving_replicas', { servable: 's', version: '1', state }),
  );
  expect(states).toEqual([1, 1, 0]);
  const ofOne = { worker: 'w', replica: 'r2', servable: 's', version: '1' };
  const told = ['executors', 'credits', 'batches_in_flight'];
  expect(told.map((what) => scraped.sum(`serving_replica_${what}`, ofOne))).toEqual([2, 1, 3]);
  const limits = ['instances', 'requests', 'bytes'];
  expect(limits.map((what) => scraped.sum(`serving_queue_limit_${what}`))).toEqual([1, 2, 3]);
});

test('scrapes at the same time are each whole', async () => {
  const { bench, metrics } = setUp();
  bench.serve({ servable: 's', methods: [batchedEcho] });
  const texts = await Promise.all(Array.from({ length: 5 }, () => metrics.text()));
  const names = texts.map((text) => [...new Exposition(text).families.keys()]);
  for (const some of names) expect(some).toEqual(names[0]);
});

test('a replica is looked at a few times in a scrape, however many versions there are', () => {
  const { bench } = setUp();
  const views = new MetricsViews({
    release: '1.2.3',
    queueLimit: { instances: 1, requests: 2, bytes: 3 },
    table: bench.plane.table,
    refusals: bench.plane.refusals,
    directory: { registered: 0, ended: () => 0 },
    status: () => ({ release: '1.2.3', leaseMs: 5000, workers: [{ ...anyWorker, replicas }], methods: [] }),
  });
  let looks = 0;
  const replicas = Array.from({ length: 100 }, (_, i) => ({
    get servable() {
      looks++;
      return `s${i}`;
    },
    replicaId: `r${i}`,
    version: 1,
    state: link.ReplicaState.AVAILABLE,
    executors: 1,
    credits: 0,
    inFlight: 0,
  }));
  const states = clusterMetrics.find(({ name }) => name === 'serving_replicas')!;
  const samples = [...states.read(views.take())] as Sample[];
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(100);
  expect(looks).toBeLessThan(1000);
});
