/** What became of requests, method by method, and what they and their batches took. */
import { errorTable, isErrorCode, type ErrorCode } from '@serving/common';
import type { MethodStatistics } from '../statistics/method-statistics.js';
import { durationBoundsMs } from '../statistics/tally.js';
import { inSeconds, none, type Labels, type Metric, type Sample } from './metric.js';
import type { MetricsView } from './metrics-view.js';

const bounds = durationBoundsMs.map((ms) => ms / 1000);
const sizeBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

/** The codes that may answer a request: there from the start, so that the first of a kind is seen as an increase. */
const answerCodes = Object.keys(errorTable).filter(
  (code): code is ErrorCode => isErrorCode(code) && 'http' in errorTable[code],
);

export const requestMetrics: readonly Metric<MetricsView>[] = [
  {
    name: 'serving_requests_total',
    type: 'counter',
    help: 'Requests for the method that have ended, whatever became of them.',
    read: forMethods(({ succeeded, failed }) => succeeded.count + failed.count),
  },
  {
    name: 'serving_failed_requests_total',
    type: 'counter',
    help: 'Requests for the method of which an instance failed, by the code of the first error.',
    read: ({ methods }) =>
      methods.flatMap(({ labels, route }) =>
        answerCodes.map((code) => ({
          shared: labels,
          labels: { code },
          value: route.statistics.failures.of(code),
        })),
      ),
  },
  {
    name: 'serving_refused_requests_total',
    type: 'counter',
    help: 'Requests that came to no method, because they could not be read or asked for what there is not, by code.',
    read: ({ refusals }) =>
      answerCodes.map((code) => ({ shared: none, labels: { code }, value: refusals.of(code) })),
  },
  {
    name: 'serving_instances_total',
    type: 'counter',
    help: 'Instances that were answered with outputs.',
    read: forMethods(({ instances }) => instances),
  },
  {
    name: 'serving_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the arrival of a request to its answer, of requests that succeeded.',
    bounds,
    read: ({ methods }) => methods.map(({ labels, route }) => inSeconds(labels, route.statistics.succeeded)),
  },
  {
    name: 'serving_queue_duration_seconds',
    type: 'histogram',
    help: 'Time from the arrival of a request to the sending of the batch with its first instances.',
    bounds,
    read: ({ methods }) => methods.map(({ labels, route }) => inSeconds(labels, route.statistics.queued)),
  },
  {
    name: 'serving_compute_duration_seconds',
    type: 'histogram',
    help: 'Time that a batch took in an executor.',
    bounds,
    read: ({ methods }) => methods.map(({ labels, route }) => inSeconds(labels, route.statistics.runs)),
  },
  {
    name: 'serving_compute_phase_seconds_total',
    type: 'counter',
    help: 'Time that batches took in executors: before their first model (input), up to the last one (infer) and after it (output).',
    read: ({ methods }) => methods.flatMap(({ labels, route }) => phases(labels, route.statistics)),
  },
  {
    name: 'serving_batch_instances',
    type: 'histogram',
    help: 'Instances in a batch, of batches that were answered.',
    bounds: sizeBounds,
    read: ({ methods }) =>
      methods.map(({ labels, route }) => ({ shared: labels, ...batchSizes(route.statistics) })),
  },
];

function forMethods(valueOf: (statistics: MethodStatistics) => number) {
  return ({ methods }: MetricsView): Sample[] =>
    methods.map(({ labels, route }) => ({ shared: labels, value: valueOf(route.statistics) }));
}

function phases(shared: Labels, { batchesOfSize }: MethodStatistics): Sample[] {
  const tallies = [...batchesOfSize.values()];
  return (['input', 'infer', 'output'] as const).map((phase) => ({
    shared,
    labels: { phase },
    value: tallies.reduce((sum, tally) => sum + tally[phase].ms, 0) / 1000,
  }));
}

function batchSizes({ batchesOfSize }: MethodStatistics): { within: number[]; sum: number } {
  const within = Array.from({ length: sizeBounds.length + 1 }, () => 0);
  let sum = 0;
  for (const [size, { infer }] of batchesOfSize) {
    const place = sizeBounds.findIndex((bound) => size <= bound);
    within[place === -1 ? sizeBounds.length : place]! += infer.count;
    sum += size * infer.count;
  }
  return { within, sum };
}
