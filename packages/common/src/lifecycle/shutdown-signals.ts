/** SIGTERM and SIGINT: the first asks for an orderly stop, a second one ends the process at once. */

/**
 * Runs `stop` on the first signal and exits with 0 when it is done; the result stops listening. When `stop` resolves
 * with false, a thread is stuck in native code and the process is killed instead: exiting would wait for the thread.
 */
export function onShutdownSignal(stop: (signal: NodeJS.Signals) => Promise<unknown>): () => void {
  let stopping = false;
  const listener = (signal: NodeJS.Signals) => {
    if (stopping) {
      forget();
      return endAtOnce(signal);
    }
    stopping = true;
    stop(signal).then(
      (isStopped) => (isStopped === false ? endAtOnce('SIGKILL') : process.exit(0)),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
    return undefined;
  };
  const forget = () => {
    process.off('SIGTERM', listener);
    process.off('SIGINT', listener);
  };
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
  return forget;
}

/** How long the kernel gets to deliver a signal to its own sender. */
const deliveryMs = 100;

/**
 * Ends the process by a signal that nobody listens to. Unlike `process.exit` it joins no threads, which aborts with a
 * core dump when one is inside native code.
 */
export function endAtOnce(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
  // The first process of a container is spared the signals it sends to itself. Aborting joins no threads either.
  setTimeout(() => (signal === 'SIGKILL' ? process.abort() : process.exit(1)), deliveryMs);
}
