/** The executors of one servable version: starts them, gives each batch to an idle one, replaces those that die. */
import { backoffMs, ServingError, type Clock, type Logger, type MethodSignature } from '@serving/common';
import PQueue from 'p-queue';
import { ServiceTimes } from './end-forecast.js';
import type { BatchWork, InstanceRange } from './batch-work.js';
import type { Origin } from '../servables/origin.js';
import { Executor, type ExecutorSettings, type ExecutorState } from './executor.js';

export interface PoolSettings extends Omit<ExecutorSettings, 'name' | 'serviceTimes'> {
  readonly executors: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Told which executors can take a batch. */
export interface PoolEvents {
  /** The executor can be given a batch: it is idle, or is about to be. */
  placeFree(executorId: number): void;
  /** It cannot any more, for it is gone or overdue: what was granted for it is void. */
  placeGone(executorId: number): void;
  /** False when no executor is left that will take a batch; true when there is one again. */
  availability(isAvailable: boolean): void;
  /** An executor is in native code and will not come out: only killing the process ends it. */
  stuck(): void;
}

/** Of an executor that runs batches or will soon: one that is ending is replaced at once. */
const serving: readonly ExecutorState[] = ['starting', 'idle', 'busy', 'ending'];

export class ExecutorPool {
  readonly #settings: PoolSettings;
  readonly #events: PoolEvents;
  readonly #executors = new Map<number, Executor>();
  /** Those of them that have not loaded yet. */
  readonly #loading = new Set<number>();
  readonly #serviceTimes = new ServiceTimes();
  /** What the first executor was loaded from, and all others have to be. */
  #origin: Origin | undefined;
  readonly #restarts = new Set<() => void>();
  // Loading is heavy on memory and cores that other executors already serve with.
  readonly #loads = new PQueue({ concurrency: 1 });
  #nextId = 0;
  /** Executors lost since the last batch that went well. */
  #losses = 0;
  /** Executors lost and not replaced yet. */
  #missing = 0;
  /** Replacements that could not be loaded, since the last one that could. */
  #failedLoads = 0;
  /** Resolves when no load that was given up is in native code any more. */
  #noneHangs: Promise<void> = Promise.resolve();
  #isAvailable = true;
  #stopping = false;

  constructor(settings: PoolSettings, events: PoolEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Starts all executors, the first alone: if it cannot load the servable, none can. @throws ServingError LOAD_FAILED */
  async start(): Promise<readonly MethodSignature[]> {
    const signatures = await this.#startOne();
    const others = Array.from({ length: this.#settings.executors - 1 }, () =>
      this.#loads.add(() => this.#startOne()),
    );
    await Promise.all(others);
    return signatures;
  }

  /** Executors that run a batch now. */
  get busy(): number {
    return this.#count(['busy', 'overdue']);
  }

  #count(states: readonly ExecutorState[]): number {
    return [...this.#executors.values()].filter(({ state }) => states.includes(state)).length;
  }

  /** Gives the batch to the executor; when that cannot take it, for instance because it was lost, returns the batch. */
  run(executorId: number, work: BatchWork): void {
    const executor = this.#executors.get(executorId);
    if (executor?.take(work) === true) return;
    // Told on a fresh turn: whoever sends is not sent to meanwhile.
    queueMicrotask(work.onReturned);
  }

  /** Lets the batch, or these instances of it, end early: nobody waits for them. */
  cancel(work: BatchWork, instances?: InstanceRange): void {
    for (const executor of this.#executors.values())
      if (instances === undefined) executor.cancel(work);
      else executor.cancelPart(work, instances);
  }

  /**
   * Stops every executor; resolves with false when one is stuck in native code and the process has to be killed.
   * @param loadGraceMs how long one that is still loading may take to come out of native code
   */
  async stop(graceMs: number, loadGraceMs = graceMs): Promise<boolean> {
    this.#stopping = true;
    for (const cancel of this.#restarts) cancel();
    // What waits for it would wait for ever.
    this.#setAvailable(false);
    const stopped = await Promise.all(
      [...this.#executors.values()].map((executor) =>
        executor.stop(executor.state === 'starting' ? loadGraceMs : graceMs),
      ),
    );
    return stopped.every(Boolean);
  }

  async #startOne(): Promise<readonly MethodSignature[]> {
    if (this.#stopping)
      throw new ServingError('LOAD_FAILED', 'loading was given up: the process is stopping');
    const id = this.#nextId++;
    const { load } = this.#settings;
    const executor = new Executor(
      {
        ...this.#settings,
        load: this.#origin === undefined ? load : { ...load, origin: this.#origin },
        serviceTimes: this.#serviceTimes,
        name: `${load.servable}-${load.version}-${id}`,
      },
      {
        finished: () => (this.#losses = 0),
        idle: () => this.#idle(id),
        nearEnd: () => this.#events.placeFree(id),
        overdue: () => this.#overdue(id),
        lost: (_, reason, stack) => this.#lost(id, reason, stack),
        stuck: () => this.#stuck(id),
      },
    );
    this.#executors.set(id, executor);
    void executor.gone.then(() => this.#executors.delete(id));
    this.#loading.add(id);
    try {
      const { signatures, origin } = await executor.loaded();
      this.#origin ??= origin;
      return signatures;
    } catch (error) {
      // One that is inside native code stays known until it is gone, so that whoever stops the pool learns of it.
      if (!(await executor.stop(0))) this.#noneHangs = executor.gone;
      throw error;
    } finally {
      this.#loading.delete(id);
    }
  }

  #idle(id: number): void {
    if (this.#stopping) return;
    this.#setAvailable(true);
    this.#events.placeFree(id);
  }

  #overdue(id: number): void {
    this.#events.placeGone(id);
    this.#checkAvailability();
  }

  /** Whoever waits should hear that no executor is left rather than wait for ever. */
  #checkAvailability(): void {
    const willBeReplaced = this.#missing > 0 && this.#failedLoads === 0;
    if (!willBeReplaced && this.#count(serving) === 0) this.#setAvailable(false);
  }

  #setAvailable(isAvailable: boolean): void {
    if (this.#isAvailable === isAvailable) return;
    this.#isAvailable = isAvailable;
    const { logger, executors } = this.#settings;
    if (isAvailable) logger.info({ executors }, 'an executor takes batches again');
    else if (!this.#stopping)
      logger.error(
        { executors },
        'no executor is left that takes batches; requests are refused until one does',
      );
    this.#events.availability(isAvailable);
  }

  #lost(id: number, reason: string, stack: string | undefined): void {
    // One that was still loading is dealt with where it was started.
    if (this.#loading.has(id) || !this.#executors.delete(id) || this.#stopping) return;
    this.#settings.logger.error({ executor: id, reason, stack }, 'executor thread lost; replacing it');
    this.#events.placeGone(id);
    this.#missing++;
    this.#restartLater();
    this.#checkAvailability();
  }

  #stuck(id: number): void {
    if (this.#stopping) return;
    this.#settings.logger.error(
      { executor: id },
      'an executor is stuck in native code; only killing the process ends it',
    );
    this.#events.stuck();
  }

  #restartLater(): void {
    // Batches that go well elsewhere say nothing of a replacement that cannot be loaded.
    const delay = backoffMs(Math.max(this.#losses++, this.#failedLoads), Math.random());
    const cancel = this.#settings.clock.after(delay, () => {
      this.#restarts.delete(cancel);
      void this.#loads.add(() => this.#restart());
    });
    this.#restarts.add(cancel);
  }

  async #restart(): Promise<void> {
    // A thread that does not come out of native code is not helped by a second one beside it.
    await this.#noneHangs;
    if (this.#stopping) return;
    try {
      await this.#startOne();
      this.#failedLoads = 0;
      this.#missing--;
    } catch (thrown) {
      if (this.#stopping) return;
      this.#settings.logger.error(
        { reason: ServingError.from(thrown).message },
        'executor could not be replaced; trying again',
      );
      this.#failedLoads++;
      this.#checkAvailability();
      this.#restartLater();
    }
  }
}
