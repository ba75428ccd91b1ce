import { ServingError } from '../errors/serving-error.js';
import { systemClock, type Clock } from '../timing/clock.js';

/**
 * The next message, undefined at the end.
 * @param what for the error
 * @throws ServingError DEADLINE_EXCEEDED when none comes in time, and what the stream throws
 */
export async function nextWithin(
  messages: AsyncIterator<Uint8Array>,
  timeoutMs: number,
  what: string,
  clock: Clock = systemClock,
): Promise<Uint8Array | undefined> {
  let cancel: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(timeoutMs, () =>
      reject(new ServingError('DEADLINE_EXCEEDED', `expected ${what} within ${timeoutMs} ms`)),
    );
  });
  try {
    const next = await Promise.race([messages.next(), late]);
    return next.done === true ? undefined : next.value;
  } finally {
    cancel();
  }
}
