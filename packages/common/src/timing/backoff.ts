/** Delays between attempts: exponential with equal jitter (Brooker, "Exponential Backoff And Jitter", 2015). */

export interface BackoffOptions {
  /** Upper bound of the first delay, in milliseconds. @default 100 */
  readonly initialMs?: number;
  /** Upper bound of every delay, in milliseconds. @default 10000 */
  readonly maximumMs?: number;
}

/** The delay before attempt `attempt` (0 = the first retry); `random` in [0, 1) picks within the window. */
export function backoffMs(attempt: number, random: number, options: BackoffOptions = {}): number {
  const { initialMs = 100, maximumMs = 10_000 } = options;
  const ceiling = Math.min(maximumMs, initialMs * 2 ** Math.min(attempt, 1000));
  return Math.round(ceiling * (0.5 + random / 2));
}
