/** A worker as a library: loads one servable and serves it for a master; the composition root of a worker. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createLogger,
  parseAddress,
  ServingError,
  systemClock,
  type Clock,
  type Logger,
} from '@serving/common';
import { MasterLink } from './link/master-link.js';
import { LocalReplica, type ReplicaOptions } from './local-replica.js';
import { release } from './release.js';

export interface WorkerOptions extends Omit<ReplicaOptions, 'logger'> {
  /** @default a logger to standard error at level info */
  readonly logger?: Logger;
  /** The master's cluster address: `port`, `host:port` or `unix:path`. @default '127.0.0.1:6500' */
  readonly master?: string;
  /** Unique in the cluster. @default made of servable, device, host and process */
  readonly id?: string | undefined;
  /** Told when the master routes to the worker: after the first registration and after those that follow a broken link. */
  readonly onRegistered?: (epoch: number) => void;
}

export interface RunningWorker {
  readonly id: string;
  readonly replica: LocalReplica;
  /** Rejects when the master will never take this worker; resolves when it was stopped. */
  readonly ended: Promise<void>;
  /**
   * Takes no new batches, lets those in progress finish for up to `graceMs`, and leaves the cluster. Resolves with false
   * when an executor is stuck in native code, so that only killing the process ends it.
   */
  stop(graceMs: number): Promise<boolean>;
}

/**
 * Loads a servable and serves it for a master, which may be started before or after; the counterpart of MindSpore
 * Serving's `worker.start_servable`.
 * @throws ServingError CONFIG_INVALID, or LOAD_FAILED naming the file and line or the model at fault
 */
export async function startServable(options: WorkerOptions): Promise<RunningWorker> {
  const { servable, deviceType = 'cpu', deviceId = 0, clock = systemClock } = options;
  const logger = options.logger ?? createLogger('serving-worker', 'info');
  const address = parseAddress(options.master ?? '127.0.0.1:6500');
  const id = options.id ?? `${servable}-${deviceId}@${hostname()}:${process.pid}`;
  if (id === '') throw new ServingError('CONFIG_INVALID', 'worker id: expected a name, given an empty text');
  const replica = await LocalReplica.load({ ...options, logger });
  const link = openLink({ options, id, address, deviceType, deviceId, logger, clock });
  link.add(replica);
  replica.onAvailability(() => link.announce(replica));
  const ended = link.run();
  // Whoever does not look at it must not end for it.
  ended.catch(() => undefined);
  return {
    id,
    replica,
    ended,
    async stop(graceMs) {
      await link.drain(graceMs);
      await ended.catch(() => undefined);
      return replica.stop(Math.min(graceMs, 2000));
    },
  };
}

interface LinkParts {
  readonly options: WorkerOptions;
  readonly id: string;
  readonly address: string;
  readonly deviceType: string;
  readonly deviceId: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

function openLink({ options, id, address, deviceType, deviceId, logger, clock }: LinkParts): MasterLink {
  const identity = {
    workerId: id,
    incarnation: randomUUID(),
    deviceType,
    deviceId,
    host: hostname(),
    pid: process.pid,
    release,
  };
  return new MasterLink({
    address,
    identity,
    clock,
    logger: logger.child({ component: 'link', worker: id }),
    ...(options.onRegistered === undefined ? {} : { onRegistered: options.onRegistered }),
  });
}
