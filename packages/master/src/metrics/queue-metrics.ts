/** How much waits, and how much may. */
import type { QueueDepth } from '../call/method-route.js';
import { none, type Metric, type Sample } from './metric.js';
import type { MetricsView } from './metrics-view.js';

export const queueMetrics: readonly Metric<MetricsView>[] = [
  {
    name: 'serving_queue_instances',
    type: 'gauge',
    help: 'Instances that wait for a batch.',
    read: waiting('instances'),
  },
  {
    name: 'serving_queue_requests',
    type: 'gauge',
    help: 'Requests of which instances wait for a batch.',
    read: waiting('requests'),
  },
  {
    name: 'serving_queue_bytes',
    type: 'gauge',
    help: 'Bytes that the requests in the queue keep in memory.',
    read: waiting('bytes'),
  },
  {
    name: 'serving_queue_limit_instances',
    type: 'gauge',
    help: 'Most instances that may wait for a method.',
    read: limit('instances'),
  },
  {
    name: 'serving_queue_limit_requests',
    type: 'gauge',
    help: 'Most requests that may wait for a method.',
    read: limit('requests'),
  },
  {
    name: 'serving_queue_limit_bytes',
    type: 'gauge',
    help: 'Most bytes of requests that may wait for a method.',
    read: limit('bytes'),
  },
];

function waiting(what: keyof QueueDepth) {
  return ({ methods }: MetricsView): Sample[] =>
    methods.map(({ labels, route }) => ({ shared: labels, value: route.queue.depth[what] }));
}

function limit(what: keyof QueueDepth) {
  return ({ queueLimit }: MetricsView): Sample[] => [{ shared: none, value: queueLimit[what] }];
}
