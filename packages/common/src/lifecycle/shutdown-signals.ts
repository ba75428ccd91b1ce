/** SIGTERM and SIGINT: the first asks for an orderly stop, a second one ends the process at once. */

/** Runs `stop` on the first signal and exits with 0 when it is done; the result stops listening. */
export function onShutdownSignal(stop: (signal: NodeJS.Signals) => Promise<void>): () => void {
  let stopping = false;
  const listener = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(128 + (signal === 'SIGINT' ? 2 : 15));
    stopping = true;
    stop(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
  return () => {
    process.off('SIGTERM', listener);
    process.off('SIGINT', listener);
  };
}
