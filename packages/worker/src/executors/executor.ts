/** The main thread's side of one executor thread: starts it, hands it one batch at a time, and survives its death. */
import { Worker } from 'node:worker_threads';
import {
  encodeReply,
  failure,
  ServingError,
  type Clock,
  type Logger,
  type MethodSignature,
} from '@serving/common';
import type { LoadRequest } from '../servables/load-servable.js';
import { ThreadControl } from './control-word.js';
import type { DoneMessage, FromThread, ThreadStart, ToThread } from './thread-messages.js';

/** A batch as it is given to an executor. */
export interface BatchWork {
  readonly batchId: number;
  readonly method: string;
  /** Number of instances. */
  readonly count: number;
  /** Belongs to the executor afterwards. */
  readonly frame: ArrayBuffer;
  /** Takes the reply frames; the last reply of each instance is final, later ones are to be dropped. */
  readonly onFrame: (frame: ArrayBuffer) => void;
  /** Called when every instance has had a final reply. */
  readonly onDone: () => void;
  /** Called instead of any reply when no instance was started: the batch may run elsewhere. */
  readonly onReturned: () => void;
}

export interface ExecutorSettings {
  readonly name: string;
  readonly load: LoadRequest;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest time a batch may run, in milliseconds. */
  readonly executionTimeoutMs: number;
  /** Longest time loading may take, in milliseconds. */
  readonly loadTimeoutMs: number;
}

export interface ExecutorEvents {
  /** The executor can take a batch: its first one, or the next one after a batch that ended. */
  idle(executor: Executor, afterBatch: boolean): void;
  /** The thread is gone, without having been asked to stop. */
  lost(executor: Executor, reason: string): void;
}

/**
 * starting → idle ⇄ busy → stopping → gone. An overdue one is busy with a batch that has been answered without it: it
 * becomes idle if it comes back, or ending once its termination is on its way.
 */
export type ExecutorState = 'starting' | 'idle' | 'busy' | 'overdue' | 'ending' | 'stopping' | 'gone';

/** How often a thread that has to end is looked at again, in milliseconds: whether it left native code. */
const nativeCheckMs = 20;

export class Executor {
  readonly #settings: ExecutorSettings;
  readonly #events: ExecutorEvents;
  readonly #control = new ThreadControl();
  readonly #thread: Worker;
  readonly #gone: Promise<void>;
  #state: ExecutorState = 'starting';
  #work: BatchWork | undefined;
  #cancelTimer: () => void = () => undefined;
  #settleLoad:
    { resolve(signatures: readonly MethodSignature[]): void; reject(error: ServingError): void } | undefined;
  #crash: Error | undefined;

  constructor(settings: ExecutorSettings, events: ExecutorEvents) {
    this.#settings = settings;
    this.#events = events;
    const workerData: ThreadStart = { load: settings.load, control: this.#control.shared };
    this.#thread = new Worker(new URL('./thread-entry.js', import.meta.url), {
      name: settings.name,
      workerData,
      // The thread runs compiled code; loaders of the embedding process are not its business.
      execArgv: [],
      stdout: true,
    });
    // Standard output is for start lines and results, so what stages print goes to standard error.
    this.#thread.stdout.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    this.#thread.on('message', (message: FromThread) => this.#receive(message));
    this.#thread.on('error', (error: Error) => (this.#crash = error));
    this.#gone = new Promise((resolve) => {
      this.#thread.once('exit', (code) => {
        this.#exited(code);
        resolve();
      });
    });
  }

  get state(): ExecutorState {
    return this.#state;
  }

  /** The methods, once the servable is loaded. @throws ServingError LOAD_FAILED */
  loaded(): Promise<readonly MethodSignature[]> {
    const { loadTimeoutMs, clock } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#settleLoad = { resolve, reject };
      this.#cancelTimer = clock.after(loadTimeoutMs, () => {
        this.#failLoad(new ServingError('LOAD_FAILED', `loading did not finish within ${loadTimeoutMs} ms`));
        this.#terminateWhenSafe();
      });
    });
  }

  /** Runs a batch; only while idle. */
  run(work: BatchWork): void {
    this.#state = 'busy';
    this.#work = work;
    this.#control.reset();
    this.#cancelTimer = this.#settings.clock.after(this.#settings.executionTimeoutMs, () => this.#overdue());
    this.#post({ kind: 'batch', batchId: work.batchId, frame: work.frame }, [work.frame]);
  }

  /** Lets the running batch end early if it is this one: nobody waits for it. */
  cancel(batchId: number): void {
    if (this.#work?.batchId === batchId) this.#control.cancel();
  }

  /**
   * Stops the thread: at once when it is idle, after its batch when it is busy, by force after `graceMs`.
   * Resolves with false when it is stuck in native code, where it must not be terminated.
   */
  async stop(graceMs: number): Promise<boolean> {
    if (this.#state === 'gone') return true;
    const wasStarting = this.#state === 'starting';
    this.#state = 'stopping';
    this.#post({ kind: 'stop' });
    if (!wasStarting && (await this.#goneWithin(graceMs))) return true;
    return this.#terminateWithin(graceMs);
  }

  /** Terminates the thread as soon as it is out of native code; false when it stays there for `graceMs`. */
  async #terminateWithin(graceMs: number): Promise<boolean> {
    const end = performance.now() + graceMs;
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
      void this.#gone.then(() => {
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
        return this.#ready(message.signatures);
      case 'load-failed':
        if (message.stack !== undefined) this.#settings.logger.debug({ stack: message.stack }, 'load failed');
        return this.#failLoad(new ServingError(message.code, message.message));
      case 'done':
        return this.#done(message);
      case 'fault':
        return this.#settings.logger.error(
          { errorId: message.errorId, cause: message.cause },
          'internal error in an executor',
        );
    }
  }

  #ready(signatures: readonly MethodSignature[]): void {
    if (this.#state !== 'starting') return;
    this.#cancelTimer();
    this.#state = 'idle';
    this.#settleLoad?.resolve(signatures);
    this.#settleLoad = undefined;
    this.#events.idle(this, false);
  }

  #failLoad(error: ServingError): void {
    this.#cancelTimer();
    this.#settleLoad?.reject(error);
    this.#settleLoad = undefined;
  }

  #done({ frames, answered }: DoneMessage): void {
    const work = this.#finishWork();
    if (work !== undefined) {
      for (const frame of frames) work.onFrame(frame);
      if (answered < work.count) this.#failRest(work, 'was not answered by its executor');
      else work.onDone();
    }
    if (this.#state !== 'busy' && this.#state !== 'overdue') return;
    this.#state = 'idle';
    this.#events.idle(this, true);
  }

  #finishWork(): BatchWork | undefined {
    this.#cancelTimer();
    const work = this.#work;
    this.#work = undefined;
    return work;
  }

  /** A failure for whatever instances have no final reply yet; sinks drop the rest. */
  #failRest(work: BatchWork, what: string): void {
    const error = new ServingError('STAGE_FAILED', `Call method '${work.method}' Failed: the batch ${what}`);
    work.onFrame(encodeReply({ batchId: work.batchId, reply: failure(0, work.count, error), durations: [] }));
    work.onDone();
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
    this.#work = undefined;
    this.#state = 'overdue';
    this.#failRest(work, `did not return within ${executionTimeoutMs} ms`);
    this.#terminateWhenSafe();
  }

  #terminateWhenSafe(): void {
    if (this.#state === 'gone' || this.#state === 'idle' || this.#state === 'busy') return;
    if (!this.#control.claimTermination()) {
      this.#settings.clock.after(nativeCheckMs, () => this.#terminateWhenSafe());
      return;
    }
    // What it may still have sent must not make it idle again: a batch given to it now would be lost.
    if (this.#state === 'overdue') this.#state = 'ending';
    void this.#thread.terminate();
  }

  #exited(code: number): void {
    const wasAsked = this.#state === 'stopping';
    this.#state = 'gone';
    const reason = this.#crash === undefined ? `exit code ${code}` : this.#crash.message;
    this.#failLoad(
      new ServingError('LOAD_FAILED', `the executor thread ended while it loaded the servable (${reason})`),
    );
    const work = this.#finishWork();
    if (work !== undefined)
      this.#failRest(work, `lost its executor thread (${reason}); a stage ended it or ran out of memory`);
    if (!wasAsked) this.#events.lost(this, reason);
  }
}
