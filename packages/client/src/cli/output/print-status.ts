/** The status of a master: two tables for people, or one line of JSON. */
import type { ClusterStatus, MethodStatus, WorkerStatus } from '../../cluster-status.js';
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
const queueHeader: Row = ['SERVABLE', 'VERSION', 'METHOD', 'WAITING', 'REPLICAS'];

const noWorkers =
  'No workers. To start one: serving-worker --servable <name> --directory <folder that holds it> --master <this address>\n';

/** As `ClusterStatus` is: the field names and states are promised to scripts. */
export function statusJson(status: ClusterStatus): string {
  return `${JSON.stringify(status)}\n`;
}

/** One row a replica, then one row a queue. */
export function statusTable({ release, leaseMs, workers, methods }: ClusterStatus): string {
  const master = `Master release ${printable(release) || 'unknown'}, lease ${leaseMs} ms\n`;
  const replicas = workers.length === 0 ? noWorkers : textTable(replicaHeader, workers.flatMap(workerRows));
  const queues = methods.map((queue) => {
    const { servable, version, method, waiting } = queue;
    return [servable, String(version), method, String(waiting), replicasOf(queue, workers)].map(printable);
  });
  const queueTable = queues.length === 0 ? 'No queues.\n' : textTable(queueHeader, queues);
  return `${master}\n${replicas}\n${queueTable}`;
}

/** How many replicas take what waits. A queue outlives them: another one may come. */
function replicasOf({ servable, version }: MethodStatus, workers: readonly WorkerStatus[]): string {
  const available = workers
    .flatMap(({ replicas }) => replicas)
    .filter((one) => one.servable === servable && one.version === version && one.state === 'AVAILABLE');
  return available.length === 0 ? 'none, requests are refused' : String(available.length);
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
