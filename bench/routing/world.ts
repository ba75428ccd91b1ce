/**
 * The steps of a master from a call to the replica it goes to, put together as its composition root does, with workers
 * whose exchange streams end here: a batch is answered at once, and its credit granted again.
 */
import {
  createLogger,
  decodeBatch,
  encodeReply,
  systemClock,
  type MethodSignature,
  type WorkerIdentity,
} from '@serving/common';
import { resolveLimits } from '../../packages/master/dist/batching/batch-limits.js';
import { QueueBudget } from '../../packages/master/dist/batching/queue-budget.js';
import { ReplicaRegistry } from '../../packages/master/dist/cluster/replica-registry.js';
import { pickFewestInFlight } from '../../packages/master/dist/dispatch/pickers/fewest-in-flight.js';
import { PredictEndpoint } from '../../packages/master/dist/frontend/predict-endpoint.js';
import type { Registration } from '../../packages/master/dist/link/registration.js';
import { WorkerDirectory } from '../../packages/master/dist/link/worker-directory.js';
import { RouteTable } from '../../packages/master/dist/routing/route-table.js';
import { Router } from '../../packages/master/dist/routing/router.js';
import { createVersionEntry } from '../../packages/master/dist/routing/version-entry.js';
import { ErrorCounts } from '../../packages/master/dist/statistics/error-counts.js';
import { StatisticsBook } from '../../packages/master/dist/statistics/statistics-book.js';

export interface WorldSize {
  readonly servables: number;
  readonly workers: number;
}

/** Told of the moments in the life of a call. */
export interface Moments {
  /** The round of I/O is over, and the queues are looked into. */
  resumed(): void;
  /** A replica was chosen, and its batch leaves. */
  sent(): void;
}

export const method: MethodSignature = {
  name: 'predict',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  modelBatchSize: 0,
  idempotent: true,
};

const leaseMs = 5000;
const beatsPerLease = 3;
/** Every servable is on every worker, unless that made more replicas than this. */
const mostReplicas = 5000;
const creditId = 0;

export function servableName(index: number): string {
  return `servable-${index}`;
}

/** Registers everything; the endpoint's calls are answered from then on. */
export function createWorld(size: WorldSize, moments: Moments): PredictEndpoint {
  const logger = createLogger('bench', 'silent');
  const registry = new ReplicaRegistry();
  const directory = new WorkerDirectory({ leaseMs, registry, clock: systemClock, logger });
  const registrations = Array.from({ length: size.workers }, (_, index) =>
    register(directory, index, moments),
  );
  for (let servable = 0; servable < size.servables; servable++)
    for (const registration of placement(servable, size, registrations)) announce(registration, servable);
  const limits = resolveLimits();
  const budget = QueueBudget.ofAll(limits);
  const statistics = new StatisticsBook();
  const table = new RouteTable((replica) =>
    createVersionEntry(replica, {
      limits,
      batching: limits,
      budget,
      clock: systemClock,
      createPicker: () => pickFewestInFlight,
      statistics,
      defer: (callback) =>
        setImmediate(() => {
          moments.resumed();
          callback();
        }),
      onBatchLost: ({ what }) => {
        throw new Error(`a batch was lost: ${what}`);
      },
      onInternalError: (error) => {
        throw error;
      },
    }),
  );
  registry.onChange((snapshot) => table.update(snapshot));
  // Once for all: a table that is brought up to date for each of thousands of replicas takes minutes.
  table.update(registry.snapshot);
  return new PredictEndpoint(
    new Router(table, () => directory.awaitsWorkers),
    systemClock,
    new ErrorCounts(),
  );
}

function register(directory: WorkerDirectory, index: number, moments: Moments): Registration {
  const worker: WorkerIdentity = {
    workerId: `worker-${index}`,
    incarnation: 'bench',
    deviceType: 'cpu',
    deviceId: index,
    host: 'bench',
    pid: process.pid,
    release: 'bench',
  };
  const registration = directory.register(worker);
  registration.attach({
    sendBatch: (frame, { replicaId }) => {
      moments.sent();
      const replica = registration.replicas.get(replicaId)!;
      replica.reply(echo(frame));
      replica.grant(creditId, Infinity);
    },
    sendCancellation: () => undefined,
    sendDemand: () => undefined,
  });
  setInterval(() => registration.renew(), leaseMs / beatsPerLease).unref();
  return registration;
}

/** The workers that have the servable: all, or a run of them that begins elsewhere for each. */
function placement(servable: number, size: WorldSize, registrations: readonly Registration[]) {
  const copies = Math.min(size.workers, Math.max(1, Math.floor(mostReplicas / size.servables)));
  return Array.from({ length: copies }, (_, copy) => registrations[(servable * 37 + copy) % size.workers]!);
}

function announce(registration: Registration, servable: number): void {
  const replicaId = servableName(servable);
  const info = { replicaId, servable: replicaId, version: 1, executors: 1, methods: [method] };
  registration.update(info, 'available');
  registration.replicas.get(replicaId)!.grant(creditId, Infinity);
}

function echo(frame: ArrayBuffer): ArrayBuffer {
  const { batchId, sections, count } = decodeBatch(frame);
  const reply = {
    first: 0,
    count,
    sequence: 0,
    last: true,
    outcome: { ok: true, outputs: sections[0]!.all() },
  } as const;
  return encodeReply({ batchId, reply, durations: [] });
}
