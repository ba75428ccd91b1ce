/** Promises of function stages: awaited for as long as they may take and somebody waits for the batch. */
import { systemClock } from '@serving/common';

/** How often it is looked at whether anybody still waits, and said that the thread is not stuck, in milliseconds. */
const lookMs = 50;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Says of a promise that nobody waits for the batch any more; no failure of the function. */
export const nobodyWaits = new Error('nobody waits for the batch any more');

export interface Patience {
  readonly timeoutMs: number;
  readonly isCancelled: () => boolean;
  /** A thread that waits is not one that stands still: how long it may is what `timeoutMs` says. */
  readonly progress: () => void;
}

/** Settles as the promise does, or rejects when that takes longer than it may or nobody waits any more. */
export async function within(
  promise: PromiseLike<unknown>,
  { timeoutMs, isCancelled, progress }: Patience,
): Promise<unknown> {
  let stop = () => {};
  let look: NodeJS.Timeout | undefined;
  const enough = new Promise<never>((_, reject) => {
    stop = systemClock.after(timeoutMs, () => reject(new Error(`did not return within ${timeoutMs} ms`)));
    look = setInterval(() => {
      progress();
      if (isCancelled()) reject(nobodyWaits);
    }, lookMs);
  });
  try {
    return await Promise.race([promise, enough]);
  } finally {
    stop();
    clearInterval(look);
  }
}
