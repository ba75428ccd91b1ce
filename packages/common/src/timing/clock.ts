/** Time as a value that can be replaced: every timer of the hot path and every lease goes through a Clock. */

export interface Clock {
  /** Milliseconds that only ever grow; unrelated to the time of day. */
  now(): number;
  /**
   * Runs `callback` once, when `delayMs` have passed on this clock; the result cancels it. A pending timer does not
   * keep the process alive.
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** setTimeout fires at once above this. */
export const longestTimeoutMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const due = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    // setTimeout cuts off fractions and may fire a millisecond early: whoever then asks `now() >= due` is told no.
    const onTimeout = () => {
      if (performance.now() < due) arm();
      else callback();
    };
    const arm = () => {
      const left = Math.ceil(due - performance.now());
      timer = setTimeout(onTimeout, Math.min(Math.max(left, 1), longestTimeoutMs));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};
