/** The master's workers and their replicas, and the batches that these lost. */
import { link, type linkStatus } from '@serving/common';
import type { DispatchCounts } from '../statistics/dispatch-counts.js';
import { registrationEnds } from '../link/registration.js';
import { none, type Metric, type Sample } from './metric.js';
import type { MetricsView, VersionView } from './metrics-view.js';

const states = {
  loading: link.ReplicaState.LOADING,
  available: link.ReplicaState.AVAILABLE,
  draining: link.ReplicaState.DRAINING,
} as const;

export const clusterMetrics: readonly Metric<MetricsView>[] = [
  {
    name: 'serving_build_info',
    type: 'gauge',
    help: 'The release that runs; always 1.',
    read: ({ release }) => [{ shared: none, labels: { version: release }, value: 1 }],
  },
  {
    name: 'serving_workers',
    type: 'gauge',
    help: 'Workers that are registered; the process of the master itself is none.',
    read: ({ status }) => [{ shared: none, value: registered(status).length }],
  },
  {
    name: 'serving_worker_lease_seconds',
    type: 'gauge',
    help: 'Time until the lease of the worker ends unless a heartbeat comes.',
    read: ({ status }) =>
      registered(status).map(({ workerId, heartbeatAgeMs }) => ({
        shared: none,
        labels: { worker: workerId },
        value: Math.max(0, status.leaseMs - heartbeatAgeMs) / 1000,
      })),
  },
  {
    name: 'serving_worker_registrations_total',
    type: 'counter',
    help: 'Registrations of workers; one that comes back counts again.',
    read: ({ directory }) => [{ shared: none, value: directory.registered }],
  },
  {
    name: 'serving_worker_departures_total',
    type: 'counter',
    help: 'Registrations that have ended, by how: left, replaced and stopped are as it should be.',
    read: ({ directory }) =>
      registrationEnds.map((reason) => ({
        shared: none,
        labels: { reason },
        value: directory.ended(reason),
      })),
  },
  {
    name: 'serving_replicas',
    type: 'gauge',
    help: 'Replicas by state: only available ones take batches.',
    read: replicasByState,
  },
  {
    name: 'serving_replica_executors',
    type: 'gauge',
    help: 'Batches that the replica can run at the same time.',
    read: ofReplicas(({ executors }) => executors),
  },
  {
    name: 'serving_replica_credits',
    type: 'gauge',
    help: 'Credits of the replica that were not spent: batches that may be sent to it now.',
    read: ofReplicas(({ credits }) => credits),
  },
  {
    name: 'serving_replica_batches_in_flight',
    type: 'gauge',
    help: 'Batches that the replica has and has not answered.',
    read: ofReplicas(({ inFlight }) => inFlight),
  },
  {
    name: 'serving_lost_batches_total',
    type: 'counter',
    help: 'Batches that were lost with their replica.',
    read: ofVersions(({ lost }) => lost),
  },
  {
    name: 'serving_overdue_batches_total',
    type: 'counter',
    help: 'Batches that did not return within the execution timeout.',
    read: ofVersions(({ overdue }) => overdue),
  },
  {
    name: 'serving_returned_batches_total',
    type: 'counter',
    help: 'Batches that a replica handed back unstarted.',
    read: ofVersions(({ returned }) => returned),
  },
  {
    name: 'serving_redispatched_batches_total',
    type: 'counter',
    help: 'Batches that were sent again, whole or in parts, after one was lost, overdue or handed back.',
    read: ofVersions(({ sentAgain }) => sentAgain),
  },
];

type WorkerStatus = linkStatus.WorkerStatus;

/** Workers in processes of their own: those have a heart. */
function registered({ workers }: linkStatus.GetStatusResponse) {
  return workers.flatMap(({ workerId, heartbeatAgeMs }) =>
    heartbeatAgeMs === undefined ? [] : [{ workerId, heartbeatAgeMs }],
  );
}

function ofReplicas(valueOf: (replica: linkStatus.ReplicaStatus) => number) {
  return ({ status }: MetricsView): Sample[] =>
    status.workers.flatMap(({ workerId, replicas }: WorkerStatus) =>
      replicas.map((replica) => {
        const { servable, version, replicaId } = replica;
        const labels = { servable, version: String(version), worker: workerId, replica: replicaId };
        return { shared: none, labels, value: valueOf(replica) };
      }),
    );
}

function ofVersions(valueOf: (counts: DispatchCounts) => number) {
  return ({ versions }: MetricsView): Sample[] =>
    versions.map(({ labels, entry }) => ({ shared: labels, value: valueOf(entry.dispatchCounts) }));
}

/** Every version that is known or on its way has a number for every state, so that none being there can be seen. */
function replicasByState({ versions, status }: MetricsView): Sample[] {
  const counted = new Map<string, CountedStates>();
  const of = (labels: VersionView['labels']) => {
    const key = `${labels.version} ${labels.servable}`;
    let counts = counted.get(key);
    if (counts === undefined) counted.set(key, (counts = { labels, counts: new Map() }));
    return counts.counts;
  };
  for (const { labels } of versions) of(labels);
  for (const { replicas } of status.workers)
    for (const { servable, version, state } of replicas) {
      const counts = of({ servable, version: String(version) });
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
  return [...counted.values()].flatMap(({ labels, counts }) =>
    Object.entries(states).map(([state, wireState]) => ({
      shared: labels,
      labels: { state },
      value: counts.get(wireState) ?? 0,
    })),
  );
}

interface CountedStates {
  readonly labels: VersionView['labels'];
  readonly counts: Map<link.ReplicaState, number>;
}
