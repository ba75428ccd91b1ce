import { ServingError } from '@serving/common';

/** The next message, undefined at the end. @throws ServingError DEADLINE_EXCEEDED when none comes in time */
export async function nextWithin(
  messages: AsyncIterator<Uint8Array>,
  timeoutMs: number,
): Promise<Uint8Array | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ServingError('DEADLINE_EXCEEDED', `expected a message within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    const next = await Promise.race([messages.next(), late]);
    return next.done === true ? undefined : next.value;
  } finally {
    clearTimeout(timer);
  }
}
