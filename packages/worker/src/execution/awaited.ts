/** Promises of function stages: awaited for as long as they may take and somebody waits for the batch. */

/** How often it is looked at whether anybody still waits, in milliseconds. */
const lookMs = 50;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Settles as the promise does, or rejects when that takes longer than `timeoutMs`. */
export async function within(promise: PromiseLike<unknown>, timeoutMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not return within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when all have settled, or earlier when nobody waits for them any more. They must not reject. */
export async function allSettledUnless(
  isCancelled: () => boolean,
  pending: readonly Promise<void>[],
): Promise<void> {
  if (pending.length === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const cancelled = new Promise<void>((resolve) => {
    timer = setInterval(() => {
      if (isCancelled()) resolve();
    }, lookMs);
  });
  try {
    await Promise.race([Promise.all(pending), cancelled]);
  } finally {
    clearInterval(timer);
  }
}
