/** The composition root of a master: builds the steps of the journey in order, and nothing else. */
import {
  createGrpcJsServer,
  createLogger,
  parseAddress,
  systemClock,
  type Clock,
  type Logger,
  type RpcServer,
  type ServingError,
} from '@serving/common';
import { resolveLimits, type BatchLimits, type QueueLimits } from './batching/batch-limits.js';
import type { Replica } from './cluster/replica.js';
import { ReplicaRegistry } from './cluster/replica-registry.js';
import { pickFewestInFlight } from './dispatch/fewest-in-flight-picker.js';
import { mindsporeGrpcRoutes } from './frontend/mindspore-grpc/mindspore-grpc-frontend.js';
import { PredictEndpoint } from './frontend/predict-endpoint.js';
import { RouteTable } from './routing/route-table.js';
import { Router } from './routing/router.js';
import { createVersionEntry } from './routing/version-entry.js';

export interface MasterOptions {
  /** Bounds of batches and queues; see docs/configuration.md for the defaults. */
  readonly limits?: Partial<BatchLimits & QueueLimits>;
  /** @default a logger to standard error at level info */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Something in this process that ends with the master; false when it cannot be stopped from inside the process. */
export type StopHook = (graceMs: number) => Promise<boolean>;

export class Master {
  readonly logger: Logger;
  readonly #limits: BatchLimits & QueueLimits;
  readonly #registry = new ReplicaRegistry();
  readonly #endpoint: PredictEndpoint;
  readonly #servers: RpcServer[] = [];
  readonly #stopHooks: StopHook[] = [];

  /** @throws ServingError CONFIG_INVALID for limits that make no sense */
  constructor({
    limits,
    logger = createLogger('serving-master', 'info'),
    clock = systemClock,
  }: MasterOptions = {}) {
    this.logger = logger;
    this.#limits = resolveLimits(limits);
    const settings = {
      limits: this.#limits,
      clock,
      picker: pickFewestInFlight,
      defer: setImmediate,
      onInternalError: logInternalError(logger),
    };
    const table = new RouteTable((replica) => createVersionEntry(replica, settings));
    this.#registry.onChange((snapshot) => table.update(snapshot));
    this.#endpoint = new PredictEndpoint(new Router(table));
  }

  /** Takes a replica into routing. @throws ServingError CONFIG_INVALID when one of its id is there already */
  addReplica(replica: Replica): void {
    this.#registry.add(replica);
  }

  /** Takes a replica out of routing; what waits for it alone is answered with an error. */
  removeReplica(replicaId: string): void {
    this.#registry.remove(replicaId);
  }

  /** Runs `hook` when the master stops, after the front ends. */
  onStop(hook: StopHook): void {
    this.#stopHooks.push(hook);
  }

  /** Listens for gRPC requests; resolves with the address in use. @throws ServingError ADDRESS_UNAVAILABLE */
  async listenGrpc(address: string, maxMessageBytes: number): Promise<string> {
    const logger = this.logger.child({ component: 'frontend' });
    const server = createGrpcJsServer({
      address: parseAddress(address),
      maxMessageBytes,
      routes: mindsporeGrpcRoutes({
        endpoint: this.#endpoint,
        logger,
        maxInstances: this.#limits.maxQueueInstances,
      }),
      onInternalError: logInternalError(logger),
    });
    // Known before it listens, so that a stop in the meantime reaches it.
    this.#servers.push(server);
    return server.start();
  }

  /**
   * Takes no new requests, lets those in progress finish for up to `graceMs`, then stops what runs in this process.
   * Resolves with false when something is stuck in native code, so that only killing the process ends it.
   */
  async stop(graceMs: number): Promise<boolean> {
    await Promise.all(this.#servers.map((server) => server.stop(graceMs)));
    const stopped = await Promise.all(this.#stopHooks.map((stop) => stop(Math.min(graceMs, 2000))));
    return stopped.every(Boolean);
  }
}

/** Callers get the error's id; its cause is for the log only. */
function logInternalError(logger: Logger): (error: ServingError) => void {
  return (error) => logger.error({ errorId: error.errorId, err: error.cause }, 'internal error');
}
