/** One worker process: load, link, serve until a signal. */
import { createLogger, endWithParent, onShutdownSignal, tellServing, type Logger } from '@serving/common';
import type { WorkerConfig } from '../config.js';
import { startServable, type RunningWorker } from '../start-servable.js';
import { exit, markStuck, mustBeKilled } from './exit.js';

export async function runWorker(config: WorkerConfig & { readonly servable: string }): Promise<void> {
  const logger = createLogger('serving-worker', config.logLevel);
  logger.info({ config }, 'starting');
  const starting = new AbortController();
  const started = start(config, logger, starting.signal);
  let stopped: Promise<void> | undefined;
  const stop = () =>
    (stopped ??= (async () => {
      starting.abort();
      // Loading has to be given up before the process may exit.
      const worker = await started.catch(() => undefined);
      logger.info({ graceMs: config.shutdownGrace }, 'stopping: batches in progress may finish');
      const isStopped = await worker?.stop(config.shutdownGrace);
      // Loading may have left a thread behind as well.
      if (isStopped !== false && !mustBeKilled()) return;
      killStuck(logger);
      await never;
    })());
  onShutdownSignal(stop);
  endWithParent(stop, config.shutdownGrace + 5000);
  try {
    const worker = await started;
    await worker.ended.catch((thrown: unknown) => leave(worker, config, thrown));
  } catch (thrown) {
    if (!starting.signal.aborted) throw thrown;
  }
}

/** The master will never take this worker. A thread inside native code has to come out first: see `exit`. */
async function leave({ replica }: RunningWorker, config: WorkerConfig, thrown: unknown): Promise<never> {
  if (!(await replica.stop(config.shutdownGrace))) markStuck();
  throw thrown;
}

/** Whoever waits for a stop would exit, and that would wait for the thread. */
const never = new Promise<never>(() => undefined);

function killStuck(logger: Logger): void {
  logger.fatal('an executor is stuck in native code; killing the process');
  markStuck();
  exit(1);
}

async function start(
  config: WorkerConfig & { readonly servable: string },
  logger: Logger,
  signal: AbortSignal,
): Promise<RunningWorker> {
  const { servable, device, ...options } = config;
  const worker = await startServable({
    ...options,
    servable,
    deviceId: device[0]!,
    executionTimeoutMs: config.executionTimeout,
    loadTimeoutMs: config.loadTimeout,
    logger,
    signal,
    onStuck: (during) => {
      // What a stuck load is told with comes first.
      if (during === 'loading') markStuck();
      else killStuck(logger);
    },
    onRegistered: (epoch, address) => {
      tellServing();
      process.stdout.write(`Serving: worker registered with master ${address}, epoch ${epoch}\n`);
    },
  });
  const { version, methods, plan } = worker.replica;
  const names = methods.map((method) => method.name).join(', ');
  process.stdout.write(`Servable ${servable} version ${version}: methods ${names}; ${plan.summary}\n`);
  return worker;
}
