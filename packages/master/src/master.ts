/** The composition root of a master: builds the steps of the journey in order, and nothing else. */
import {
  batchingProblem,
  createGrpcServer,
  createLogger,
  maxLinkMessageBytes,
  parseAddress,
  ServingError,
  systemClock,
  type Clock,
  type linkStatus,
  type Logger,
  type RpcServer,
  linkSilenceMs,
} from '@serving/common';
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { resolveLimits, type BatchLimits, type Limits } from './batching/batch-limits.js';
import type { BatchDefaults } from './batching/batch-policy.js';
import { QueueBudget } from './batching/queue-budget.js';
import type { Replica } from './cluster/replica.js';
import { clusterStatus } from './cluster/cluster-status.js';
import { ReplicaRegistry } from './cluster/replica-registry.js';
import { statusRoutes } from './cluster/status-handler.js';
import { pickers, type PickerName } from './dispatch/pickers/pickers.js';
import { grpcFrontEnds, httpFrontEnds, type FrontEndSettings } from './frontend/front-ends.js';
import { Models } from './frontend/inference-models/models.js';
import { PredictEndpoint } from './frontend/predict-endpoint.js';
import { createHttpServer, type HttpServer } from './http/http-server.js';
import { linkRoutes } from './link/link-handlers.js';
import { WorkerDirectory } from './link/worker-directory.js';
import { Metrics } from './metrics/metrics.js';
import { release } from './release.js';
import { RouteTable } from './routing/route-table.js';
import { Router } from './routing/router.js';
import { createVersionEntry } from './routing/version-entry.js';
import { ErrorCounts } from './statistics/error-counts.js';
import { StatisticsBook } from './statistics/statistics-book.js';

export interface MasterOptions {
  /** Bounds of batches and queues; see docs/configuration.md for the defaults. */
  readonly limits?: Partial<Limits>;
  /** How batches are formed where a method does not say otherwise. */
  readonly batching?: Omit<BatchDefaults, keyof BatchLimits>;
  /** How the replica for a batch is chosen. @default 'fewest-in-flight' */
  readonly picker?: PickerName;
  /** @default a logger to standard error at level info */
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** How long a worker's registration is valid without a heartbeat, in whole milliseconds, 100 to a day. @default 5000 */
  readonly leaseMs?: number;
}

/** How the HTTP port answers. */
export interface RestOptions {
  /** Largest body taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Whether errors of MindSpore Serving's REST API have a status of their own; else it is 200, as there. @default false */
  readonly statusCodes?: boolean;
}

/** Something in this process that ends with the master; false when it cannot be stopped from inside the process. */
export type StopHook = (graceMs: number) => Promise<boolean>;

/** Time for the ends of the workers' streams to go out, in milliseconds. */
const linkGraceMs = 200;
/** Time for what runs in this process to end once all requests are answered, in milliseconds. */
const hookGraceMs = 500;

export class Master {
  readonly logger: Logger;
  /** What is counted and measured here, for Prometheus; docs/metrics.md has the list. */
  readonly metrics: Metrics;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #registry = new ReplicaRegistry();
  readonly #table: RouteTable;
  readonly #endpoint: PredictEndpoint;
  readonly #directory: WorkerDirectory;
  readonly #grpcServers: RpcServer[] = [];
  readonly #httpServers: HttpServer[] = [];
  readonly #clusterServers: RpcServer[] = [];
  readonly #stopHooks: StopHook[] = [];
  readonly #stopping = new AbortController();

  /** @throws ServingError CONFIG_INVALID for limits or a lease that make no sense */
  constructor({
    limits,
    batching = {},
    picker = 'fewest-in-flight',
    logger = createLogger('serving-master', 'info'),
    clock = systemClock,
    leaseMs = 5000,
  }: MasterOptions = {}) {
    this.logger = logger;
    // Every stream that a client keeps open listens for it.
    setMaxListeners(0, this.#stopping.signal);
    this.#limits = resolveLimits(limits);
    const problem = batchingProblem({ ...batching });
    if (problem !== undefined) throw new ServingError('CONFIG_INVALID', `batching: ${problem}`);
    this.#clock = clock;
    const refusals = new ErrorCounts();
    const settings = {
      limits: this.#limits,
      batching: { ...this.#limits, ...batching },
      budget: QueueBudget.ofAll(this.#limits),
      createPicker: pickers[picker],
      statistics: new StatisticsBook(),
      clock,
      defer: setImmediate,
      onBatchLost: (loss: object) => logger.warn(loss, 'batch lost with its replica'),
      onInternalError: logInternalError(logger),
    };
    this.#table = new RouteTable((replica) => createVersionEntry(replica, settings));
    this.#registry.onChange((snapshot) => this.#table.update(snapshot));
    const linkLogger = logger.child({ component: 'link' });
    this.#directory = new WorkerDirectory({ leaseMs, registry: this.#registry, clock, logger: linkLogger });
    const router = new Router(this.#table, () => this.#directory.awaitsWorkers);
    this.#endpoint = new PredictEndpoint(router, clock, refusals);
    this.metrics = new Metrics({
      release,
      queueLimit: {
        instances: this.#limits.maxQueueInstances,
        requests: this.#limits.maxQueueRequests,
        bytes: this.#limits.maxQueueBytes,
      },
      table: this.#table,
      refusals,
      directory: this.#directory,
      status: () => this.#status(),
    });
  }

  /** `stop` has been called: the master takes nothing new. */
  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** @throws ServingError CONFIG_INVALID */
  #refuseWhenStopping(what: string): void {
    if (this.isStopping)
      throw new ServingError(
        'CONFIG_INVALID',
        `${what}: expected a master that runs, given one that was stopped`,
      );
  }

  /**
   * Takes a replica into routing.
   * @throws ServingError CONFIG_INVALID when one of its id is there already, or the master was stopped
   */
  addReplica(replica: Replica): void {
    this.#refuseWhenStopping(`replica ${replica.id}`);
    this.#registry.add(replica);
  }

  /** Takes a replica out of routing; what waits for it alone is answered with an error. */
  removeReplica(replicaId: string): void {
    this.#registry.remove(replicaId);
  }

  /** Calls `listener` whenever replicas have come or gone until the result is called. */
  onReplicasChanged(listener: () => void): () => void {
    return this.#registry.onChange(listener);
  }

  /** Runs `hook` when the master stops, after the front ends. @throws ServingError CONFIG_INVALID when it was stopped */
  onStop(hook: StopHook): void {
    this.#refuseWhenStopping('stop hook');
    this.#stopHooks.push(hook);
  }

  /**
   * Listens for gRPC requests; resolves with the address in use.
   * @throws ServingError ADDRESS_UNAVAILABLE, CONFIG_INVALID when the master was stopped
   */
  async listenGrpc(address: string, maxMessageBytes: number): Promise<string> {
    this.#refuseWhenStopping(`gRPC address ${address}`);
    const settings = this.#frontEndSettings();
    const server = createGrpcServer({
      address: parseAddress(address),
      maxMessageBytes,
      routes: grpcFrontEnds({ ...settings, maxMessageBytes }),
      onInternalError: settings.onInternalError,
    });
    // Known before it listens, so that a stop in the meantime reaches it.
    this.#grpcServers.push(server);
    return server.start();
  }

  /**
   * Listens for requests over HTTP; resolves with the address in use.
   * @throws ServingError ADDRESS_UNAVAILABLE, CONFIG_INVALID when the master was stopped
   */
  async listenRest(address: string, options: RestOptions): Promise<string> {
    this.#refuseWhenStopping(`REST address ${address}`);
    const { maxMessageBytes, statusCodes = false } = options;
    const settings = this.#frontEndSettings();
    const server = createHttpServer({
      address: parseAddress(address),
      maxMessageBytes,
      ...httpFrontEnds({ ...settings, maxMessageBytes, statusCodes }),
      onInternalError: settings.onInternalError,
    });
    this.#httpServers.push(server);
    return server.start();
  }

  #frontEndSettings(): FrontEndSettings {
    const logger = this.logger.child({ component: 'frontend' });
    return {
      models: new Models(this.#table, () => this.#directory.awaitsWorkers),
      metrics: this.metrics,
      endpoint: this.#endpoint,
      clock: this.#clock,
      maxInstances: this.#limits.maxQueueInstances,
      stopping: this.#stopping.signal,
      onReplicasChanged: (listener) => this.onReplicasChanged(listener),
      logger,
      onInternalError: logInternalError(logger),
    };
  }

  /**
   * Listens for workers; resolves with the address in use. From then on a servable that no worker has registered yet may
   * still come, unless the address is private: known to nobody but processes that this one starts itself.
   * @throws ServingError ADDRESS_UNAVAILABLE, CONFIG_INVALID when the master was stopped
   */
  async listenCluster(address: string, { isPrivate = false } = {}): Promise<string> {
    this.#refuseWhenStopping(`cluster address ${address}`);
    const logger = this.logger.child({ component: 'link' });
    const server = createGrpcServer({
      address: parseAddress(address),
      maxMessageBytes: maxLinkMessageBytes,
      routes: [...linkRoutes(this.#directory, logger), ...statusRoutes(() => this.#status())],
      silenceMs: linkSilenceMs(this.#directory.leaseMs),
      onInternalError: logInternalError(logger),
    });
    this.#clusterServers.push(server);
    const listening = await server.start();
    if (!isPrivate) this.#directory.opened();
    return listening;
  }

  #status(): linkStatus.GetStatusResponse {
    const queues = [...this.#table.entries()].flatMap(([servable, { version, methods }]) =>
      [...methods].map(([method, { queue }]) => ({
        servable,
        version,
        method,
        waiting: queue.depth.instances,
      })),
    );
    const { leaseMs, registrations: workers } = this.#directory;
    return clusterStatus({
      release,
      host: hostname(),
      leaseMs,
      snapshot: this.#registry.snapshot,
      workers,
      queues,
    });
  }

  /**
   * Takes no new requests, lets those in progress finish for up to `graceMs`, then stops what runs in this
   * process and leaves the workers. Resolves with false when something is stuck in native code, so that only killing the process
   * ends it.
   */
  async stop(graceMs: number): Promise<boolean> {
    this.#stopping.abort();
    const grpcStopped = Promise.all(this.#grpcServers.map((server) => server.stop(graceMs)));
    // Whoever asks meanwhile whether the server is ready is told that it is not.
    const httpStopped = Promise.all(this.#httpServers.map((server) => server.stop(graceMs, grpcStopped)));
    const cutOff = [...(await grpcStopped), ...(await httpStopped)];
    const unfinished = cutOff.reduce((sum, count) => sum + count, 0);
    if (unfinished > 0)
      this.logger.warn(
        { unfinished, graceMs },
        'requests were not finished within the grace and were cut off',
      );
    // Whatever still runs, nobody waits for it. Processes of this one's own leave by their links, so these end last.
    const stopped = await Promise.all(this.#stopHooks.map((stop) => stop(Math.min(graceMs, hookGraceMs))));
    this.#directory.endAll();
    await Promise.all(this.#clusterServers.map((server) => server.stop(linkGraceMs)));
    return stopped.every(Boolean);
  }
}

/** Callers get the error's id; its cause is for the log only. */
function logInternalError(logger: Logger): (error: ServingError) => void {
  return (error) => logger.error({ errorId: error.errorId, err: error.cause }, 'internal error');
}
