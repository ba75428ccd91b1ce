/** Registry, registrations and queues → what `serving-client status` shows. */
import { link, type linkStatus, type ReplicaLifeState } from '@serving/common';
import type { Replica } from './replica.js';
import type { RegistrySnapshot } from './replica-registry.js';

/** A registered worker, as far as people want to know it. */
export interface ListedWorker {
  readonly worker: {
    readonly workerId: string;
    readonly deviceType: string;
    readonly deviceId: number;
    readonly host: string;
    readonly pid: number;
  };
  readonly epoch: number;
  readonly heartbeatAgeMs: number;
  readonly replicas: ReadonlyMap<string, Replica & { readonly state: ReplicaLifeState }>;
}

/** A method's queue. */
export interface ListedQueue {
  readonly servable: string;
  readonly version: number;
  readonly method: string;
  readonly waiting: number;
}

export interface ClusterView {
  readonly release: string;
  readonly host: string;
  readonly leaseMs: number;
  readonly snapshot: RegistrySnapshot;
  readonly workers: readonly ListedWorker[];
  readonly queues: readonly ListedQueue[];
}

export function clusterStatus(view: ClusterView): linkStatus.GetStatusResponse {
  const remote = new Set(view.workers.flatMap(({ replicas }) => [...replicas.values()].map(({ id }) => id)));
  const own = view.snapshot.filter((replica) => !remote.has(replica.id));
  const workers = view.workers.map(remoteWorker);
  const devices = [...new Set(own.map(deviceOf))];
  workers.unshift(
    ...devices.map((device) =>
      ownProcess(
        view,
        own.filter((replica) => deviceOf(replica) === device),
      ),
    ),
  );
  return { release: view.release, leaseMs: view.leaseMs, workers, methods: [...view.queues] };
}

function remoteWorker({ worker, epoch, heartbeatAgeMs, replicas }: ListedWorker): linkStatus.WorkerStatus {
  const { workerId, deviceType, deviceId, host, pid } = worker;
  return {
    workerId,
    epoch,
    deviceType,
    deviceId,
    host,
    pid,
    heartbeatAgeMs: Math.round(heartbeatAgeMs),
    replicas: [...replicas.values()].map((replica) => replicaStatus(replica, wireStates[replica.state])),
  };
}

function deviceOf({ device }: Replica): string {
  return device === undefined ? '' : `${device.type}:${device.id}`;
}

/** Replicas in this process on one device. */
function ownProcess({ host }: ClusterView, replicas: readonly Replica[]): linkStatus.WorkerStatus {
  const { type, id } = replicas[0]?.device ?? { type: '', id: 0 };
  return {
    workerId: 'this master',
    epoch: 0,
    deviceType: type,
    deviceId: id,
    host,
    pid: process.pid,
    heartbeatAgeMs: undefined,
    replicas: replicas.map((replica) => replicaStatus(replica, link.ReplicaState.AVAILABLE)),
  };
}

const wireStates: Readonly<Record<ReplicaLifeState, link.ReplicaState>> = {
  loading: link.ReplicaState.LOADING,
  available: link.ReplicaState.AVAILABLE,
  draining: link.ReplicaState.DRAINING,
  gone: link.ReplicaState.UNSPECIFIED,
};

function replicaStatus(replica: Replica, state: link.ReplicaState): linkStatus.ReplicaStatus {
  const { id, servable, version, executors, activity } = replica;
  const { credits = 0, inFlight = 0 } = activity ?? {};
  return { replicaId: id, servable, version, state, executors, credits, inFlight };
}
