/** A worker as a library: loads one servable and serves it for its masters; the composition root of a worker. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createLogger,
  parseAddresses,
  ServingError,
  systemClock,
  type Clock,
  type Logger,
} from '@serving/common';
import type { Outage } from './link/master-link.js';
import { MasterLinks } from './link/master-links.js';
import { LocalReplica, type ReplicaOptions } from './local-replica.js';
import { release } from './release.js';

export interface WorkerOptions extends Omit<ReplicaOptions, 'logger'> {
  /** @default a logger to standard error at level info */
  readonly logger?: Logger;
  /** The master's cluster address, or those of several: `port`, `host:port` or `unix:path`. @default '127.0.0.1:6500' */
  readonly master?: string | readonly string[];
  /** Unique in the cluster. @default made of servable, device, host and process */
  readonly id?: string | undefined;
  /**
   * Told when a master routes to the worker: after the first registration and after those that follow a broken link.
   * @param master its cluster address in full
   */
  readonly onRegistered?: (epoch: number, master: string) => void;
  /**
   * Told once when there is no link to a master and tries begin: at the start, and after each registration that ended.
   * @param master its cluster address in full
   */
  readonly onTrying?: (outage: Outage, master: string) => void;
}

export interface RunningWorker {
  readonly id: string;
  readonly replica: LocalReplica;
  /** Rejects when no master will ever take this worker; resolves when it was stopped. */
  readonly ended: Promise<void>;
  /**
   * Takes no new batches, lets those in progress finish for up to `graceMs`, and leaves its masters. Resolves with false
   * when an executor is stuck in native code, so that only killing the process ends it.
   */
  stop(graceMs: number): Promise<boolean>;
}

/**
 * Loads a servable and serves it for its masters, which may be started before or after; the counterpart of MindSpore
 * Serving's `worker.start_servable`.
 * @throws ServingError CONFIG_INVALID, or LOAD_FAILED naming the file and line or the model at fault
 */
export async function startServable(options: WorkerOptions): Promise<RunningWorker> {
  const { servable, deviceType = 'cpu', deviceId = 0, clock = systemClock } = options;
  const logger = options.logger ?? createLogger('serving-worker', 'info');
  const addresses = parseAddresses([options.master ?? '127.0.0.1:6500'].flat());
  const id = options.id ?? `${servable}-${deviceId}@${hostname()}:${process.pid}`;
  if (id === '') throw new ServingError('CONFIG_INVALID', 'worker id: expected a name, given an empty text');
  const replica = await LocalReplica.load({ ...options, logger });
  const links = linksOf({ options, id, addresses, deviceType, deviceId, logger, clock });
  links.add(replica);
  replica.onAvailability(() => links.announce(replica));
  const ended = links.run();
  // Whoever does not look at it must not end for it.
  ended.catch(() => undefined);
  return {
    id,
    replica,
    ended,
    async stop(graceMs) {
      await links.drain(graceMs);
      await ended.catch(() => undefined);
      return replica.stop(Math.min(graceMs, 2000));
    },
  };
}

interface LinkParts {
  readonly options: WorkerOptions;
  readonly id: string;
  readonly addresses: readonly string[];
  readonly deviceType: string;
  readonly deviceId: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

function linksOf({ options, id, addresses, deviceType, deviceId, logger, clock }: LinkParts): MasterLinks {
  const identity = {
    workerId: id,
    incarnation: randomUUID(),
    deviceType,
    deviceId,
    host: hostname(),
    pid: process.pid,
    release,
  };
  return new MasterLinks({
    addresses,
    identity,
    clock,
    logger: logger.child({ component: 'link', worker: id }),
    onRegistered: options.onRegistered,
    onTrying: options.onTrying,
  });
}
