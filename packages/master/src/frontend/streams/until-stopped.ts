/** Streams that clients keep open for as long as they like, and a master that stops. */
import { grpcStatus, type RpcResult } from '@serving/common';

/** How a stream ends when the master stops. */
export const stopped: Omit<RpcResult, 'body'> = {
  status: grpcStatus.UNAVAILABLE,
  message: 'the server is stopping',
};

/** The messages until the master stops, or whatever else one of the signals says. */
export async function* untilStopped(
  messages: AsyncIterable<Uint8Array>,
  ...signals: readonly AbortSignal[]
): AsyncGenerator<Uint8Array> {
  const iterator = messages[Symbol.asyncIterator]();
  let wake: () => void = () => undefined;
  const onStop = () => wake();
  for (const signal of signals) signal.addEventListener('abort', onStop);
  try {
    while (!signals.some(({ aborted }) => aborted)) {
      // Not Promise.race: a promise that outlives the stream would keep something of each message.
      const next = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', onStop);
  }
}
