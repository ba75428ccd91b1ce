/** One worker process: load, link, serve until a signal. */
import {
  changedOptions,
  createLogger,
  endWithParent,
  onShutdownSignal,
  tellServing,
  type Logger,
} from '@serving/common';
import { workerOptions, type WorkerConfig } from '../config.js';
import type { Outage } from '../link/master-link.js';
import { release } from '../release.js';
import { startServable, type RunningWorker, type WorkerOptions } from '../start-servable.js';
import { exit, markStuck, mustBeKilled } from './exit.js';

export async function runWorker(config: WorkerConfig & { readonly servable: string }): Promise<void> {
  const logger = createLogger('serving-worker', config.logLevel);
  logger.info({ release, config: changedOptions(workerOptions, config) }, 'starting');
  logger.debug({ config }, 'all options');
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
      if (isStopped !== false && !mustBeKilled()) {
        process.stdout.write('Serving: worker stopped\n');
        return;
      }
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

/** What people want to know of the links, on standard output. */
function linkLines(): Pick<WorkerOptions, 'onRegistered' | 'onTrying'> {
  const lastEpochs = new Map<string, number>();
  return {
    onRegistered: (epoch, address) => {
      tellServing();
      const last = lastEpochs.get(address);
      // A replica whose executors came back is announced anew by the same registration.
      if (epoch === last) return;
      lastEpochs.set(address, epoch);
      const again = last === undefined ? '' : ' again';
      process.stdout.write(`Serving: worker registered with master ${address}${again}, epoch ${epoch}\n`);
    },
    onTrying: (outage, address) => process.stdout.write(`Serving: ${outageLine(address, outage)}\n`),
  };
}

function outageLine(address: string, { why, isWithoutMaster, wasRegistered }: Outage): string {
  if (wasRegistered) return `no link to master ${address} any more; trying again until there is one (${why})`;
  if (isWithoutMaster) return `no master at ${address} yet; trying again until there is one (${why})`;
  return `master ${address} does not take this worker yet; trying again until it does (${why})`;
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
    ...linkLines(),
  });
  const { version, methods, plan } = worker.replica;
  const names = methods.map((method) => method.name).join(', ');
  process.stdout.write(`Servable ${servable} version ${version}: methods ${names}; ${plan.summary}\n`);
  return worker;
}
