/** One worker's loaded copy of one servable version in this process: an executor pool, and the credits for it. */
import {
  decodeReply,
  failure,
  ServingError,
  systemClock,
  type BatchReply,
  type Clock,
  type Credit,
  type Logger,
  type MethodSignature,
} from '@serving/common';
import type { CreditSink } from './credits/credit-account.js';
import { CreditBroker } from './credits/credit-broker.js';
import { ReplicaShare, type GrantedWork } from './credits/replica-share.js';
import type { InstanceRange } from './executors/batch-work.js';
import { planCores, type CorePlan } from './executors/core-plan.js';
import { usableCores } from './executors/cores.js';
import { ExecutorPool } from './executors/executor-pool.js';
import type { Device, DeviceType } from './sessions/execution-providers.js';
import { disableTelemetry } from './sessions/telemetry.js';
import { modelBytes } from './servables/model-bytes.js';
import { chooseVersion, openServableFolder } from './servables/servable-folder.js';

export interface ReplicaOptions {
  /** Folder that holds the servable's folder. @default '.' */
  readonly directory?: string;
  readonly servable: string;
  /** A version, or 0 for the newest there is. @default 0 */
  readonly version?: number;
  /** What models run on. @default 'cpu' */
  readonly deviceType?: DeviceType;
  /** Device the worker is pinned to; on cpu it only tells workers apart. @default 0 */
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
   * Called when a thread does not come out of native code: `process.exit` would wait for it and then abort with a core
   * dump, so only killing the process is left. While `loading` that is before `load` rejects; while `serving`, 30
   * seconds after a batch or the replacement of an executor was overdue.
   */
  readonly onStuck?: (during: 'loading' | 'serving') => void;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** How long a thread that is loading a model may take to come out of native code when loading is given up. */
const loadStopMs = 10_000;

/**
 * Least time that an executor which is being replaced gets for that when the replica stops. Where cores are busy, loading
 * the runtime's library alone takes a good part of a second, and a thread that is taken for stuck costs the process its
 * orderly end.
 */
const replacementStopMs = 3000;

export interface CreditListener {
  grant(credit: Credit): void;
  recall(creditId: number): void;
}

/** A batch of a master in this process, which takes the replies decoded. */
export interface LocalWork extends Omit<GrantedWork, 'onFrame' | 'onDone'> {
  readonly onReply: (reply: BatchReply) => void;
}

export class LocalReplica {
  readonly id: string;
  readonly servable: string;
  readonly version: number;
  readonly plan: CorePlan;
  readonly device: Device;
  readonly #pool: ExecutorPool;
  readonly #broker: CreditBroker;
  /** The share of a master in this process. */
  #own: ReplicaShare | undefined;
  #methods: readonly MethodSignature[] = [];
  #isAvailable = true;
  #onAvailability: (isAvailable: boolean) => void = () => undefined;

  private constructor(options: ReplicaOptions, version: number, plan: CorePlan) {
    const { servable, directory = '.', logger, clock = systemClock } = options;
    const device: Device = { type: options.deviceType ?? 'cpu', id: options.deviceId ?? 0 };
    this.device = device;
    this.id = `${servable}@${version}/device${device.id}`;
    this.servable = servable;
    this.version = version;
    this.plan = plan;
    this.#broker = new CreditBroker(clock);
    const settings = {
      load: { directory, servable, version, intraOpThreads: plan.intraOpThreads, device },
      executors: plan.executors,
      executionTimeoutMs: options.executionTimeoutMs ?? 60_000,
      loadTimeoutMs: options.loadTimeoutMs ?? 120_000,
      clock,
      logger: logger.child({ component: 'executors', replica: this.id }),
    };
    this.#pool = new ExecutorPool(settings, {
      placeFree: (executorId) => this.#broker.placeFree(executorId),
      placeGone: (executorId) => this.#broker.placeGone(executorId),
      availability: (isAvailable) => {
        this.#isAvailable = isAvailable;
        this.#onAvailability(isAvailable);
      },
      stuck: () => options.onStuck?.('serving'),
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
    const { abandoned, giveUp } = this.#abandonment();
    signal?.addEventListener('abort', giveUp);
    try {
      signal?.throwIfAborted();
      this.#methods = await Promise.race([this.#pool.start(), abandoned]);
    } catch (thrown) {
      if (!(await this.#pool.stop(loadStopMs))) onStuck?.('loading');
      throw thrown;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** `giveUp` ends loading. Executors that it can end reject by themselves; `abandoned` rejects for those it cannot. */
  #abandonment(): { readonly abandoned: Promise<never>; readonly giveUp: () => void } {
    let reject: (error: ServingError) => void;
    const abandoned = new Promise<never>((_, rejectWith) => (reject = rejectWith));
    const giveUp = () =>
      void this.#pool.stop(loadStopMs).then((isStopped) => {
        if (isStopped) return;
        const what = `servable ${this.servable} version ${this.version}`;
        reject(new ServingError('LOAD_FAILED', `${what}: loading was given up, but does not end`));
      });
    return { abandoned, giveUp };
  }

  get methods(): readonly MethodSignature[] {
    return this.#methods;
  }

  get executors(): number {
    return this.plan.executors;
  }

  /** False while no executor is left that will take a batch. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** What it has to do now: credits that were not spent, and executors that run a batch. */
  get activity(): { readonly credits: number; readonly inFlight: number } {
    return { credits: this.#broker.outstanding, inFlight: this.#pool.busy };
  }

  /** A share of its executors for one more master, to be opened by its owner. */
  share(sink: CreditSink, validMs: number): ReplicaShare {
    return new ReplicaShare(this.#broker, this.#pool, sink, validMs);
  }

  /** Whose batches the executors are for, of the masters in this process. Credits for idle ones are granted at once. */
  grantTo(listener: CreditListener): void {
    this.#own?.close();
    const replicaId = this.id;
    this.#own = this.share(
      {
        grant: (creditId) => listener.grant({ replicaId, creditId, expiresAt: Infinity }),
        recall: (creditId) => listener.recall(creditId),
        wantDemand: () => undefined,
      },
      Infinity,
    );
    this.#own.open();
  }

  /** Calls `listener` with false when no executor is left that will take a batch, with true when there is one again. */
  onAvailability(listener: (isAvailable: boolean) => void): void {
    this.#onAvailability = listener;
  }

  /** Runs a batch of the master in this process, for which a credit was spent. */
  send({ onReply, ...work }: LocalWork): void {
    const onFrame = (frame: ArrayBuffer, onTaken?: () => void) => {
      onReply(this.#decoded(frame, work));
      onTaken?.();
    };
    this.#own?.run({ ...work, onFrame, onDone: () => undefined });
  }

  #decoded(frame: ArrayBuffer, { batchId, count }: Omit<LocalWork, 'onReply'>): BatchReply {
    try {
      return decodeReply(frame);
    } catch (thrown) {
      return { batchId, reply: failure(0, count, ServingError.from(thrown)), durations: [] };
    }
  }

  cancel(batchId: number, instances?: InstanceRange): void {
    this.#own?.cancel(batchId, instances);
  }

  /** Stops the executors; false when one is stuck in native code, so that only killing the process ends it. */
  stop(graceMs: number): Promise<boolean> {
    return this.#pool.stop(graceMs, Math.max(graceMs, replacementStopMs));
  }
}
