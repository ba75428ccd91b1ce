/** Streams that clients keep open for as long as they like, and a master that stops. */
import { grpcStatus, type RpcResult } from '@serving/common';

/** How a stream ends when the master stops. */
export const stopped: Omit<RpcResult, 'body'> = {
  status: grpcStatus.UNAVAILABLE,
  message: 'the server is stopping',
};

/** The messages until the master stops. */
export async function* untilStopped(
  messages: AsyncIterable<Uint8Array>,
  stopping: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = messages[Symbol.asyncIterator]();
  let wake: () => void = () => undefined;
  const onStop = () => wake();
  stopping.addEventListener('abort', onStop);
  try {
    while (!stopping.aborted) {
      // Not Promise.race: a promise that outlives the stream would keep something of each message.
      const next = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    stopping.removeEventListener('abort', onStop);
  }
}
