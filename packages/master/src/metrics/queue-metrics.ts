/** How much waits, and how much may. */
import type { QueueDepth } from '../call/method-route.js';
import type { Metric, Sample } from './metric.js';
import type { MetricsView } from './metrics-view.js';

const ofMethod = ['servable', 'version', 'method'] as const;

export const queueMetrics: readonly Metric<MetricsView>[] = [
  {
    name: 'serving_queue_instances',
    type: 'gauge',
    help: 'Instances that wait for a batch.',
    labels: ofMethod,
    read: waiting('instances'),
  },
  {
    name: 'serving_queue_requests',
    type: 'gauge',
    help: 'Requests of which instances wait for a batch.',
    labels: ofMethod,
    read: waiting('requests'),
  },
  {
    name: 'serving_queue_bytes',
    type: 'gauge',
    help: 'Bytes that the requests in the queue keep in memory.',
    labels: ofMethod,
    read: waiting('bytes'),
  },
  {
    name: 'serving_queue_limit_instances',
    type: 'gauge',
    help: 'Most instances that may wait for a method.',
    labels: [],
    read: ({ limits }) => [{ labels: {}, value: limits.maxQueueInstances }],
  },
  {
    name: 'serving_queue_limit_requests',
    type: 'gauge',
    help: 'Most requests that may wait for a method.',
    labels: [],
    read: ({ limits }) => [{ labels: {}, value: limits.maxQueueRequests }],
  },
  {
    name: 'serving_queue_limit_bytes',
    type: 'gauge',
    help: 'Most bytes of requests that may wait for a method.',
    labels: [],
    read: ({ limits }) => [{ labels: {}, value: limits.maxQueueBytes }],
  },
];

function waiting(what: keyof QueueDepth) {
  return ({ methods }: MetricsView): Sample[] =>
    methods.map(({ labels, route }) => ({ labels, value: route.queue.depth[what] }));
}
