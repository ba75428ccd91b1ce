/**
 * The main thread's side of one executor thread: starts it, hands it one batch at a time while the next one may wait, and
 * survives its death.
 */
import { firstLine, ServingError, stackOf, type Clock, type Logger } from '@serving/common';
import type { LoadRequest } from '../servables/load-servable.js';
import { failRest, stageFailed, type BatchWork, type InstanceRange } from './batch-work.js';
import { ThreadControl } from './control-word.js';
import { EndForecast, type ServiceTimes } from './end-forecast.js';
import { startThread, type ExecutorThread, type StartThread } from './executor-thread.js';
import { ProgressWatch } from './progress-watch.js';
import type { DoneMessage, FromThread, ReadyMessage, ReplyMessage, ToThread } from './thread-messages.js';

export interface ExecutorSettings {
  readonly name: string;
  readonly load: LoadRequest;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest time a batch may run without finishing an instance or a model run, in milliseconds. */
  readonly executionTimeoutMs: number;
  /** Longest time loading may take, in milliseconds. */
  readonly loadTimeoutMs: number;
  /** How long batches take, learnt together with the other executors. */
  readonly serviceTimes: ServiceTimes;
  /** How long a thread may stay in native code beyond either time. @default 30000 */
  readonly stuckAfterMs?: number;
  /** Starts its thread. @default a thread of this process */
  readonly startThread?: StartThread;
}

export interface ExecutorEvents {
  /** A batch came back from the thread. */
  finished(executor: Executor): void;
  /** The executor can take a batch: its first one, or one after a batch that ended. */
  idle(executor: Executor): void;
  /** Its batch is predicted to be near its end: it can take the next one. */
  nearEnd(executor: Executor): void;
  /** Its batch did not return in time. Until it is idle or lost it takes no other. */
  overdue(executor: Executor): void;
  /** The thread is gone, without having been asked to stop. */
  lost(executor: Executor, reason: string, stack: string | undefined): void;
  /** The thread has been in native code for so long that only killing the process will end it. */
  stuck(executor: Executor): void;
}

/**
 * starting → idle ⇄ busy → stopping → gone. An overdue one is busy with a batch that has been answered without it: it
 * becomes idle if it comes back, or ending once its termination is on its way.
 */
export type ExecutorState = 'starting' | 'idle' | 'busy' | 'overdue' | 'ending' | 'stopping' | 'gone';

interface WaitingWork {
  readonly work: BatchWork;
  readonly arrivedAt: number;
  /** Instances that nobody waits for any more. */
  readonly cancelled: InstanceRange[];
}

/** How often a thread that has to end is looked at again, in milliseconds: whether it left native code. */
const nativeCheckMs = 20;

/**
 * How long a thread may stay in native code beyond the time it had. A model that is merely slow gets to finish, and the
 * executor is then as good as new; one that takes longer will not come back.
 */
export const stuckAfterMs = 30_000;

export class Executor {
  readonly #settings: ExecutorSettings;
  readonly #events: ExecutorEvents;
  readonly #control = new ThreadControl();
  readonly #thread: ExecutorThread;
  /** Resolves when the thread has ended. */
  readonly gone: Promise<void>;
  #state: ExecutorState = 'starting';
  #work: BatchWork | undefined;
  /** Runs after `#work`. */
  #next: WaitingWork | undefined;
  readonly #forecast: EndForecast;
  readonly #watch: ProgressWatch;
  #cancelLoadTimer: () => void = () => undefined;
  #cancelStuck: (() => void) | undefined;
  #cancelReturn: () => void = () => undefined;
  /** When it was first asked to stop. */
  #stopAskedAt: number | undefined;
  #settleLoad: { resolve(loaded: ReadyMessage): void; reject(error: ServingError): void } | undefined;
  /** What ended it. Stages may throw anything, and null too. */
  #crash: { readonly thrown: unknown } | undefined;

  constructor(settings: ExecutorSettings, events: ExecutorEvents) {
    this.#settings = settings;
    this.#events = events;
    const { clock, executionTimeoutMs } = settings;
    this.#forecast = new EndForecast(settings.serviceTimes, clock);
    this.#watch = new ProgressWatch(this.#control, clock, executionTimeoutMs, () => this.#overdue());
    this.#thread = (settings.startThread ?? startThread)(settings.name, {
      load: settings.load,
      control: this.#control.shared,
      executionTimeoutMs,
      reportsThrown: settings.logger.isLevelEnabled('debug'),
    });
    this.#thread.on('message', (message) => {
      // Stages reach the thread's port too, and may send anything.
      if (typeof message === 'object' && message !== null) this.#receive(message as FromThread);
    });
    this.#thread.on('error', (thrown) => (this.#crash = { thrown }));
    this.gone = new Promise((resolve) => {
      this.#thread.once('exit', (code) => {
        this.#exited(code);
        resolve();
      });
    });
  }

  get state(): ExecutorState {
    return this.#state;
  }

  /** The methods and what they were loaded from, once the servable is. @throws ServingError LOAD_FAILED */
  loaded(): Promise<ReadyMessage> {
    const { loadTimeoutMs, clock } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#settleLoad = { resolve, reject };
      this.#cancelLoadTimer = clock.after(loadTimeoutMs, () => {
        this.#failLoad(
          this.#loadFailed(
            `loading did not finish within ${loadTimeoutMs} ms; --load-timeout gives it longer`,
          ),
        );
        this.#terminateWhenSafe();
      });
    });
  }

  /** Runs the batch, or keeps one to run next; false when it can do neither. */
  take(work: BatchWork): boolean {
    if (this.#state === 'idle') this.#run(work, 0);
    else if (this.#state !== 'busy' || this.#next !== undefined) return false;
    else this.#next = { work, arrivedAt: this.#settings.clock.now(), cancelled: [] };
    return true;
  }

  #run(work: BatchWork, waitedMs: number): void {
    this.#state = 'busy';
    this.#work = work;
    this.#control.reset();
    this.#watch.start();
    this.#forecast.began(work, () => this.#events.nearEnd(this));
    const { batchId, frame } = work;
    this.#post({ kind: 'batch', batchId, frame, waitedMs }, [frame]);
  }

  /** Lets the batch end early if it is here: nobody waits for it. */
  cancel(work: BatchWork): void {
    if (this.#work === work) this.#control.cancel();
    if (this.#next?.work !== work) return;
    this.#next = undefined;
    // On a fresh turn: whoever cancels is not answered meanwhile.
    queueMicrotask(() => failRest(work, cancelled));
    this.#events.nearEnd(this);
  }

  /** The same for some instances of the batch: nobody waits for these. */
  cancelPart(work: BatchWork, instances: InstanceRange): void {
    if (this.#work === work) {
      this.#post({ kind: 'cancel', batchId: work.batchId, instances });
      this.#control.posted();
    } else if (this.#next?.work === work) this.#next.cancelled.push(instances);
  }

  /** The batch that waits was not started and may run elsewhere. */
  #returnNext(): void {
    const work = this.#next?.work;
    this.#next = undefined;
    if (work !== undefined) queueMicrotask(work.onReturned);
  }

  /**
   * Stops the thread: at once when it is idle, after its batch when it is busy, by force after `graceMs`.
   * Resolves with false when it is stuck in native code, where it must not be terminated. Time that it was given by an
   * earlier call counts.
   */
  async stop(graceMs: number): Promise<boolean> {
    if (this.#state === 'gone') return true;
    const isFirst = this.#stopAskedAt === undefined;
    const wasStarting = this.#state === 'starting';
    this.#stopAskedAt ??= performance.now();
    this.#state = 'stopping';
    this.#returnNext();
    const end = this.#stopAskedAt + graceMs;
    if (isFirst) {
      this.#post({ kind: 'stop' });
      if (wasStarting) return this.#terminateUntil(end);
      // What does not end by itself gets as long again to come out of native code.
      return (await this.#goneWithin(graceMs)) || this.#terminateUntil(end + graceMs);
    }
    return this.#terminateUntil(end);
  }

  /** Terminates the thread as soon as it is out of native code; false when it is not by `end`. */
  async #terminateUntil(end: number): Promise<boolean> {
    while (!this.#control.claimTermination()) {
      const left = end - performance.now();
      if (left <= 0) return false;
      if (await this.#goneWithin(Math.min(left, nativeCheckMs))) return true;
    }
    await this.#thread.terminate();
    return true;
  }

  #goneWithin(graceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), graceMs);
      void this.gone.then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, transfer);
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        return this.#ready(message);
      case 'load-failed':
        if (message.stack !== undefined) this.#settings.logger.debug({ stack: message.stack }, 'load failed');
        return this.#failLoad(new ServingError(message.code, message.message));
      case 'reply':
        return this.#reply(message);
      case 'done':
        return this.#done(message);
      case 'fault':
        return this.#settings.logger.error(
          { errorId: message.errorId, cause: message.cause },
          'internal error in an executor',
        );
      case 'stray': {
        const { reason, stack, leftOut } = message;
        return this.#settings.logger.warn(
          { reason, stack, ...(leftOut > 0 ? { leftOut } : {}) },
          'a stage left a promise rejected that nobody awaits; a missing await?',
        );
      }
      case 'thrown': {
        const { batchId, method, message: reason, stack } = message;
        return this.#settings.logger.debug({ batchId, method, reason, stack }, 'stage failed');
      }
    }
  }

  #ready(loaded: ReadyMessage): void {
    if (this.#state !== 'starting') return;
    this.#cancelLoadTimer();
    this.#state = 'idle';
    this.#settleLoad?.resolve(loaded);
    this.#settleLoad = undefined;
    this.#events.idle(this);
  }

  #loadFailed(what: string): ServingError {
    const { servable, version } = this.#settings.load;
    return new ServingError('LOAD_FAILED', `servable ${servable} version ${version}: ${what}`);
  }

  #failLoad(error: ServingError): void {
    this.#cancelLoadTimer();
    this.#settleLoad?.reject(error);
    this.#settleLoad = undefined;
  }

  /** Those of a batch that has been answered without its executor are dropped. */
  #reply({ batchId, frame }: ReplyMessage): void {
    const work = this.#work;
    if (work?.batchId !== batchId) return;
    const { byteLength } = frame;
    work.onFrame(frame, () => {
      if (this.#work === work) this.#control.took(byteLength);
    });
  }

  #done({ batchId, frames, answered, isWhole, error }: DoneMessage): void {
    this.#forgetStuck();
    const work = this.#finishWork(isWhole);
    const goesOn = this.#state === 'busy' || this.#state === 'overdue';
    if (goesOn) this.#goOn();
    if (error !== undefined) this.#settings.logger.error({ batchId, ...error }, 'batch could not be run');
    if (work !== undefined) {
      for (const frame of frames) work.onFrame(frame);
      if (answered < work.count) failRest(work, error ?? stageFailed(work, unanswered));
      else work.onDone();
    }
    if (!goesOn) return;
    this.#events.finished(this);
    if (this.#state === 'idle') this.#events.idle(this);
  }

  /** Before the replies are dealt with: the thread has nothing to do meanwhile. */
  #goOn(): void {
    this.#state = 'idle';
    const next = this.#next;
    if (next === undefined) return;
    this.#next = undefined;
    this.#run(next.work, this.#settings.clock.now() - next.arrivedAt);
    for (const instances of next.cancelled) this.cancelPart(next.work, instances);
  }

  #finishWork(isWhole: boolean): BatchWork | undefined {
    this.#watch.stop();
    const work = this.#work;
    if (work !== undefined) this.#forecast.ended(work, isWhole);
    this.#work = undefined;
    return work;
  }

  #overdue(): void {
    const work = this.#work;
    if (work === undefined) return;
    const { executionTimeoutMs, logger } = this.#settings;
    logger.warn(
      { method: work.method, batchId: work.batchId, executionTimeoutMs },
      'batch did not return in time',
    );
    this.#control.cancel();
    this.#forecast.forget();
    this.#work = undefined;
    this.#state = 'overdue';
    this.#returnNext();
    this.#terminateWhenSafe();
    // Before the answer: whoever then asks again is not to wait for this executor.
    this.#events.overdue(this);
    this.#loseOverdue(work, `did not return within ${executionTimeoutMs} ms`);
  }

  /** The instances may be strangers to each other: whose request is to blame is for the master to say. */
  #loseOverdue(work: BatchWork, why: string): void {
    const { first, count, stage } = this.#control.working;
    if (!this.#control.hasBegun) queueMicrotask(work.onReturned);
    else if (count === 0) failRest(work, stageFailed(work, why));
    else work.onLost(`${why}, stage index(begin with 1): ${stage + 1}`, { first, count });
  }

  #terminateWhenSafe(): void {
    if (this.#state === 'gone' || this.#state === 'idle' || this.#state === 'busy') return;
    const { clock } = this.#settings;
    if (!this.#control.claimTermination()) {
      this.#cancelStuck ??= clock.after(this.#settings.stuckAfterMs ?? stuckAfterMs, () =>
        this.#events.stuck(this),
      );
      this.#awaitReturn();
      return;
    }
    this.#forgetStuck();
    // What it may still have sent must not make it idle again: a batch given to it now would be lost.
    if (this.#state === 'overdue') this.#state = 'ending';
    void this.#thread.terminate();
  }

  /** A model that was merely slow has what it gave copied when it leaves native code: then it has a batch's time to return. */
  #awaitReturn(): void {
    const { clock, executionTimeoutMs } = this.#settings;
    this.#cancelReturn = clock.after(nativeCheckMs, () => {
      if (this.#control.isInNative) return this.#awaitReturn();
      this.#forgetStuck();
      if (this.#state !== 'overdue') return this.#terminateWhenSafe();
      this.#cancelReturn = clock.after(executionTimeoutMs, () => this.#terminateWhenSafe());
    });
  }

  #forgetStuck(): void {
    this.#cancelStuck?.();
    this.#cancelStuck = undefined;
    this.#cancelReturn();
  }

  #exited(code: number): void {
    const wasAsked = this.#state === 'stopping';
    const reason = this.#endReason(code);
    this.#state = 'gone';
    this.#forgetStuck();
    this.#failLoad(this.#loadFailed(`the executor thread ended while it loaded the servable (${reason})`));
    const work = this.#finishWork(false);
    if (this.#control.hasBegun)
      work?.onLost(
        `its executor thread ended while it ran the batch (${reason}); a stage ended it or ran out of memory`,
      );
    else if (work !== undefined) queueMicrotask(work.onReturned);
    this.#returnNext();
    if (!wasAsked) this.#events.lost(this, reason, stackOf(this.#crash?.thrown));
  }

  #endReason(code: number): string {
    if (this.#crash !== undefined) return firstLine(this.#crash.thrown);
    return this.#state === 'ending' ? 'ended, as its batch did not return in time' : `exit code ${code}`;
  }
}

const unanswered = 'was not answered by its executor';
const cancelled = new ServingError('CANCELLED', 'the request was cancelled before it was started');
