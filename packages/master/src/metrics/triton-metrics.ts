/** What Triton counts, under its names and in its units, for dashboards and autoscalers that were made for it. */
import type { ErrorCode } from '@serving/common';
import type { MethodStatistics } from '../statistics/method-statistics.js';
import type { Tally } from '../statistics/tally.js';
import type { Metric, Sample } from './metric.js';
import type { MethodView, MetricsView } from './metrics-view.js';

/** Triton's reasons, and which of our errors are which; of those that are named nowhere the reason is OTHER. */
const reasons: Readonly<Record<string, readonly ErrorCode[]>> = {
  REJECTED: ['QUEUE_FULL', 'DEADLINE_EXCEEDED'],
  CANCELED: ['CANCELLED'],
  BACKEND: ['STAGE_FAILED', 'SESSION_FAILED', 'WORKER_LOST'],
};

export const tritonMetrics: readonly Metric<MetricsView>[] = [
  {
    name: 'nv_inference_request_success',
    type: 'counter',
    help: 'Number of successful inference requests, all batch sizes',
    read: ofStatistics(({ succeeded }) => succeeded.count),
  },
  {
    name: 'nv_inference_request_failure',
    type: 'counter',
    help: 'Number of failed inference requests, all batch sizes',
    read: ({ methods }) => methods.flatMap(failures),
  },
  {
    name: 'nv_inference_count',
    type: 'counter',
    help: 'Number of inferences performed (does not include cached requests)',
    read: ofStatistics(({ instances }) => instances),
  },
  {
    name: 'nv_inference_exec_count',
    type: 'counter',
    help: 'Number of model executions performed (does not include cached requests)',
    read: ofStatistics(({ batches }) => batches),
  },
  duration('request', 'inference request duration', ({ succeeded }) => succeeded),
  duration('queue', 'inference queuing duration', ({ queued }) => queued),
  duration('compute_input', 'compute input duration', ({ computed }) => computed.input),
  duration('compute_infer', 'compute inference duration', ({ computed }) => computed.infer),
  duration('compute_output', 'inference compute output duration', ({ computed }) => computed.output),
  {
    name: 'nv_inference_pending_request_count',
    type: 'gauge',
    help: 'Instantaneous number of pending requests awaiting execution per-model.',
    read: ofModels(({ route }) => route.queue.depth.requests),
  },
];

function duration(
  what: string,
  text: string,
  tallyOf: (statistics: MethodStatistics) => Tally,
): Metric<MetricsView> {
  return {
    name: `nv_inference_${what}_duration_us`,
    type: 'counter',
    help: `Cumulative ${text} in microseconds (does not include cached requests)`,
    read: ofStatistics((statistics) => Math.round(tallyOf(statistics).ms * 1000)),
  };
}

function ofStatistics(valueOf: (statistics: MethodStatistics) => number) {
  return ofModels(({ route }) => valueOf(route.statistics));
}

function ofModels(valueOf: (method: MethodView) => number) {
  return ({ methods }: MetricsView): Sample[] =>
    methods.map((method) => ({ shared: method.modelLabels, value: valueOf(method) }));
}

function failures({ modelLabels, route }: MethodView): Sample[] {
  const { failed, failures: byCode } = route.statistics;
  const known = Object.entries(reasons).map(([reason, codes]) => ({
    shared: modelLabels,
    labels: { reason },
    value: codes.reduce((sum, code) => sum + byCode.of(code), 0),
  }));
  const rest = known.reduce((left, { value }) => left - value, failed.count);
  return [...known, { shared: modelLabels, labels: { reason: 'OTHER' }, value: rest }];
}
