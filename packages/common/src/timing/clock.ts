/** Time as a value that can be replaced: every timer of the hot path and every lease goes through a Clock. */

export interface Clock {
  /** Milliseconds that only ever grow; unrelated to the time of day. */
  now(): number;
  /** Runs `callback` once after `delayMs`; the result cancels it. A pending timer does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    // setTimeout fires at once above 2^31-1 ms; a later deadline is as good as none for the life of a process.
    const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
