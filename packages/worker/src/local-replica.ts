/** One worker's loaded copy of one servable version in this process: an executor pool that grants credits. */
import { systemClock, type Clock, type Credit, type Logger, type MethodSignature } from '@serving/common';
import { planCores, type CorePlan } from './executors/core-plan.js';
import { usableCores } from './executors/cores.js';
import { ExecutorPool } from './executors/executor-pool.js';
import type { BatchWork } from './executors/executor.js';
import { chooseVersion, modelBytes, openServableFolder } from './servables/servable-folder.js';

export interface ReplicaOptions {
  /** Folder that holds the servable's folder. @default '.' */
  readonly directory?: string;
  readonly servable: string;
  /** A version, or 0 for the newest there is. @default 0 */
  readonly version?: number;
  /** Device the worker is pinned to; on CPU only a number for logs. @default 0 */
  readonly deviceId?: number;
  /** Cores to plan with. @default all that the process may use */
  readonly cores?: number | undefined;
  /** Executor threads. @default one per core, as far as memory allows */
  readonly executors?: number | undefined;
  /** Longest time a batch may run, in milliseconds. @default 60000 */
  readonly executionTimeoutMs?: number;
  /** Longest time loading may take, in milliseconds. @default 120000 */
  readonly loadTimeoutMs?: number;
  /** Gives up loading when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * Called before `load` rejects when a thread did not come out of native code: `process.exit` would abort with a core
   * dump, so only killing the process is left.
   */
  readonly onStuck?: () => void;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** How long a thread that is loading a model may take to come out of native code when loading is given up. */
const loadStopMs = 10_000;

export interface CreditListener {
  grant(credit: Credit): void;
  recall(creditId: number): void;
}

export class LocalReplica {
  readonly id: string;
  readonly servable: string;
  readonly version: number;
  readonly plan: CorePlan;
  readonly #pool: ExecutorPool;
  /** Credits granted before anybody listened. */
  readonly #held = new Map<number, Credit>();
  #listener: CreditListener | undefined;
  #methods: readonly MethodSignature[] = [];
  #onAvailability: (isAvailable: boolean) => void = () => undefined;

  private constructor(options: ReplicaOptions, version: number, plan: CorePlan) {
    const { servable, deviceId = 0, directory = '.', logger, clock = systemClock } = options;
    this.id = `${servable}@${version}/device${deviceId}`;
    this.servable = servable;
    this.version = version;
    this.plan = plan;
    const settings = {
      load: { directory, servable, version, intraOpThreads: plan.intraOpThreads },
      executors: plan.executors,
      executionTimeoutMs: options.executionTimeoutMs ?? 60_000,
      loadTimeoutMs: options.loadTimeoutMs ?? 120_000,
      clock,
      logger: logger.child({ component: 'executors', replica: this.id }),
    };
    this.#pool = new ExecutorPool(settings, {
      executorIdle: (executorId) =>
        this.#grant({ replicaId: this.id, creditId: executorId, expiresAt: Infinity }),
      executorLost: (executorId) => this.#recall(executorId),
      availability: (isAvailable) => this.#onAvailability(isAvailable),
    });
  }

  /** Loads the servable on all executors. @throws ServingError LOAD_FAILED */
  static async load(options: ReplicaOptions): Promise<LocalReplica> {
    disableTelemetry();
    const folder = openServableFolder(options.directory ?? '.', options.servable);
    for (const warning of folder.warnings) options.logger.warn({ servable: options.servable }, warning);
    const version = chooseVersion(folder, options.version ?? 0);
    const plan = planCores({
      available: usableCores(),
      cores: options.cores,
      executors: options.executors,
      weightBytes: modelBytes(folder, version),
    });
    const replica = new LocalReplica(options, version, plan);
    await replica.#start(options);
    return replica;
  }

  async #start({ signal, onStuck }: ReplicaOptions): Promise<void> {
    const giveUp = () => void this.#pool.stop(loadStopMs);
    signal?.addEventListener('abort', giveUp);
    try {
      signal?.throwIfAborted();
      this.#methods = await this.#pool.start();
    } catch (thrown) {
      if (!(await this.#pool.stop(loadStopMs))) onStuck?.();
      throw thrown;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  get methods(): readonly MethodSignature[] {
    return this.#methods;
  }

  get executors(): number {
    return this.plan.executors;
  }

  /** Whose batches the executors are for. Credits granted so far are handed over at once. */
  grantTo(listener: CreditListener): void {
    this.#listener = listener;
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const credit of held) listener.grant(credit);
  }

  /** Calls `listener` with false when the last executor is gone and cannot be replaced, with true when one is back. */
  onAvailability(listener: (isAvailable: boolean) => void): void {
    this.#onAvailability = listener;
  }

  /** Runs a batch for which a credit was spent. */
  send(work: BatchWork): void {
    this.#pool.run(work);
  }

  cancel(batchId: number): void {
    this.#pool.cancel(batchId);
  }

  /** Stops the executors; false when one is stuck in native code, so that only killing the process ends it. */
  stop(graceMs: number): Promise<boolean> {
    return this.#pool.stop(graceMs);
  }

  #grant(credit: Credit): void {
    if (this.#listener === undefined) this.#held.set(credit.creditId, credit);
    else this.#listener.grant(credit);
  }

  #recall(creditId: number): void {
    this.#held.delete(creditId);
    this.#listener?.recall(creditId);
  }
}

/**
 * onnxruntime writes a database under the home directory and looks up a host unless this is set in the main thread
 * before its library is loaded; threads load it, and their copies of the environment come too late.
 */
function disableTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}
