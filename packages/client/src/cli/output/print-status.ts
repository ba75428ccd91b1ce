/** The status of a master: two tables for people, or one line of JSON. */
import type { ClusterStatus, WorkerStatus } from '../../cluster-status.js';
import { printable, textTable, type Row } from './text-table.js';

const replicaHeader: Row = [
  'WORKER',
  'DEVICE',
  'HOST',
  'PID',
  'HEARTBEAT',
  'SERVABLE',
  'VERSION',
  'STATE',
  'EXECUTORS',
  'CREDITS',
  'IN-FLIGHT',
];
const queueHeader: Row = ['SERVABLE', 'VERSION', 'METHOD', 'WAITING'];

/** As `ClusterStatus` is: the field names and states are promised to scripts. */
export function statusJson(status: ClusterStatus): string {
  return `${JSON.stringify(status)}\n`;
}

/** One row a replica, then one row a queue. */
export function statusTable({ release, leaseMs, workers, methods }: ClusterStatus): string {
  const master = `Master release ${printable(release) || 'unknown'}, lease ${leaseMs} ms\n`;
  const replicas =
    workers.length === 0 ? 'No workers.\n' : textTable(replicaHeader, workers.flatMap(workerRows));
  const queues = methods.map(({ servable, version, method, waiting }) =>
    [servable, String(version), method, String(waiting)].map(printable),
  );
  const queueTable = queues.length === 0 ? 'No queues.\n' : textTable(queueHeader, queues);
  return `${master}\n${replicas}\n${queueTable}`;
}

function workerRows(worker: WorkerStatus): Row[] {
  const { workerId, deviceType, deviceId, host, pid, heartbeatAgeMs, replicas } = worker;
  const heartbeat = heartbeatAgeMs === undefined ? '-' : `${heartbeatAgeMs}ms`;
  const cells = [workerId, `${deviceType}:${deviceId}`, host, String(pid), heartbeat].map(printable);
  if (replicas.length === 0) return [[...cells, '-', '-', '-', '-', '-', '-']];
  return replicas.map(({ servable, version, state, executors, credits, inFlight }) => [
    ...cells,
    printable(servable),
    String(version),
    state,
    String(executors),
    String(credits),
    String(inFlight),
  ]);
}
