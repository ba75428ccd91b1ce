/** A stand-in for an executor's thread: the test says when it is in native code and what it sends. */
import { EventEmitter } from 'node:events';
import { ThreadControlView } from '../../src/executors/control-word.js';
import type { ExecutorThread } from '../../src/executors/executor-thread.js';
import type { Origin } from '../../src/servables/origin.js';
import type { FromThread, ThreadStart, ToThread } from '../../src/executors/thread-messages.js';

export class FakeThread extends EventEmitter implements ExecutorThread {
  readonly received: ToThread[] = [];
  readonly #start: ThreadStart;
  #control: ThreadControlView | undefined;
  #isInNative = false;
  #answered = 0;
  isTerminated = false;
  hasExited = false;
  isReady = false;

  constructor(start: ThreadStart) {
    super();
    this.#start = start;
  }

  /** What an earlier batch has left behind keeps it from taking up another. */
  isBlocked = false;

  postMessage(message: ToThread): void {
    this.received.push(message);
    if (message.kind === 'batch' && !this.isBlocked) this.control.begin();
  }

  /** In native code from the start, as a real one is. */
  get control(): ThreadControlView {
    return (this.#control ??= new ThreadControlView(this.#start.control));
  }

  send(message: FromThread): void {
    this.emit('message', message);
  }

  /** Batches it was given and has not answered. */
  get unanswered(): number {
    return this.hasExited ? 0 : this.received.filter(({ kind }) => kind === 'batch').length - this.#answered;
  }

  enterNative(): void {
    if (!this.#isInNative) this.control.enter();
    this.#isInNative = true;
  }

  leaveNative(): void {
    if (this.#isInNative) this.control.leave();
    this.#isInNative = false;
  }

  /** What it is to load: with an origin, when another thread was ready before it. */
  get load(): ThreadStart['load'] {
    return this.#start.load;
  }

  ready(origin: Origin = { files: { configuration: {}, version: {} }, signatures: [] }): void {
    this.isReady = true;
    // Made on first use: that is when the thread has loaded its libraries.
    void this.control;
    this.send({ kind: 'ready', signatures: [], origin });
  }

  /** The running batch is answered with these frames. */
  done(answered: number, isWhole = true): void {
    this.#answered++;
    this.send({ kind: 'done', batchId: 1, frames: [], answered, isWhole });
  }

  exit(code: number): void {
    this.hasExited = true;
    this.emit('exit', code);
  }

  terminate(): Promise<void> {
    if (!this.isTerminated) queueMicrotask(() => this.exit(1));
    this.isTerminated = true;
    return Promise.resolve();
  }
}
