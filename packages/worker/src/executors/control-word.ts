/**
 * Shared memory between an executor thread and the main thread, because a thread inside a synchronous model run reads
 * no messages. It holds the control word of the running batch and says whether the thread is in native code:
 * terminating a thread there aborts the whole process.
 */
import type { NativeGuard } from '../sessions/session.js';

const place = {
  code: 0,
  cancelled: 1,
  progress: 2,
  first: 3,
  count: 4,
  stage: 5,
  taken: 6,
  begun: 7,
  posted: 8,
} as const;
const words = Object.keys(place).length;

/** In `place.code`. */
const inScript = 0;
const inNative = 1;
const terminating = 2;

/** A thread that gives replies faster than they go on waits while these are not taken: 64 of them, or 4 MiB. */
const mostUntaken = 64;
const weightBytes = 2 ** 16;

/** What a reply counts for. */
export function replyWeight(byteLength: number): number {
  return 1 + Math.floor(byteLength / weightBytes);
}

/** The main thread's side. */
export class ThreadControl {
  readonly shared = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
  readonly #words = new Int32Array(this.shared);

  constructor() {
    // A thread begins by loading the runtime's library, which must not be interrupted either.
    Atomics.store(this.#words, place.code, inNative);
  }

  /** Clears the control word for the next batch; only while the executor is idle. */
  reset(): void {
    Atomics.store(this.#words, place.cancelled, 0);
    Atomics.store(this.#words, place.count, 0);
    Atomics.store(this.#words, place.taken, 0);
    Atomics.store(this.#words, place.begun, 0);
  }

  /** Whether the thread has taken up the batch at all: something that an earlier one left behind may have blocked it. */
  get hasBegun(): boolean {
    return Atomics.load(this.#words, place.begun) !== 0;
  }

  /** A message is there that a thread in the middle of a batch should read. */
  posted(): void {
    Atomics.add(this.#words, place.posted, 1);
  }

  /** A reply that the thread sent while its batch runs is on its way. */
  took(byteLength: number): void {
    Atomics.add(this.#words, place.taken, replyWeight(byteLength));
  }

  /** The instances that the thread has worked on last, and at which stage: count 0 while it has not begun with any. */
  get working(): { readonly first: number; readonly count: number; readonly stage: number } {
    return {
      stage: Atomics.load(this.#words, place.stage),
      first: Atomics.load(this.#words, place.first),
      count: Atomics.load(this.#words, place.count),
    };
  }

  /** Instances and model runs that the thread has finished, ever; it wraps around. */
  get progress(): number {
    return Atomics.load(this.#words, place.progress);
  }

  /** Tells the executor that nobody waits for the running batch. */
  cancel(): void {
    Atomics.store(this.#words, place.cancelled, 1);
  }

  get isInNative(): boolean {
    return Atomics.load(this.#words, place.code) === inNative;
  }

  /**
   * Claims the right to terminate the thread. True only while it runs JavaScript; from then on it cannot enter native
   * code any more.
   */
  claimTermination(): boolean {
    return Atomics.compareExchange(this.#words, place.code, inScript, terminating) !== inNative;
  }
}

/** The executor thread's side. */
export class ThreadControlView implements NativeGuard {
  readonly #words: Int32Array;
  #depth = 0;

  /** To be made once the thread has loaded its native libraries. */
  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
    Atomics.store(this.#words, place.code, inScript);
  }

  readonly isCancelled = (): boolean => Atomics.load(this.#words, place.cancelled) !== 0;

  /** The batch is being worked on from now on. */
  begin(): void {
    Atomics.store(this.#words, place.begun, 1);
  }

  /** How many messages there have been that a thread in the middle of a batch should read; it wraps around. */
  get posted(): number {
    return Atomics.load(this.#words, place.posted);
  }

  /** An instance or a model run is finished. */
  readonly progress = (): void => void Atomics.add(this.#words, place.progress, 1);

  /** Instances of the batch, by position, that the thread works on from now on, and the position of the stage. */
  readonly workOn = (first: number, count: number, stage: number): void => {
    Atomics.store(this.#words, place.stage, stage);
    Atomics.store(this.#words, place.first, first);
    Atomics.store(this.#words, place.count, count);
  };

  /** Whether the thread may send a reply while its batch runs, when it has sent so much for it. */
  hasRoom(sent: number): boolean {
    return sent - Atomics.load(this.#words, place.taken) < mostUntaken;
  }

  enter(): void {
    if (this.#depth++ > 0) return;
    // Termination was claimed first: park here for good rather than be terminated inside native code.
    if (Atomics.compareExchange(this.#words, place.code, inScript, inNative) === terminating) {
      Atomics.wait(this.#words, place.code, terminating);
    }
  }

  leave(): void {
    if (--this.#depth === 0) Atomics.store(this.#words, place.code, inScript);
  }
}
