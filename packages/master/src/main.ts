/** serving-master: options → master → servables → front ends → wait for a signal. */
import {
  changedOptions,
  createLogger,
  endAtOnce,
  onShutdownSignal,
  parseAddress,
  ServingError,
  silenceGrpcJs,
  stackOrLine,
  type ErrorCode,
  type Logger,
} from '@serving/common';
import { masterOptions, type MasterConfig } from './config.js';
import { startIsolatedServables } from './isolated.js';
import { startServableInMaster } from './lightweight.js';
import { Master } from './master.js';
import { readConfig } from './read-config.js';
import { release } from './release.js';
import { startGrpcServer } from './start-grpc-server.js';
import { startRestServer } from './start-rest-server.js';
import { startMasterServer } from './start-master-server.js';

const exitCodes: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 2,
  LOAD_FAILED: 3,
  ADDRESS_UNAVAILABLE: 4,
};

/** Whether a thread is inside native code that it does not leave: exiting around it aborts with a core dump. */
let isStuck = false;

function exit(code: number): void {
  if (isStuck) endAtOnce('SIGKILL');
  else process.exit(code);
}

function killStuck(logger: Logger): void {
  logger.fatal('an executor is stuck in native code; killing the process');
  exit(1);
}

async function run(config: MasterConfig, logger: Logger): Promise<void> {
  const master = new Master({
    logger,
    leaseMs: config.lease,
    limits: {
      maxBatchSize: config.maxBatchSize,
      maxBatchBytes: config.maxBatchMb * 2 ** 20,
      maxQueueInstances: config.maxQueueInstances,
      maxQueueBytes: config.maxQueueMb * 2 ** 20,
      maxQueueRequests: config.maxQueueRequests,
      maxTotalInstances: config.maxTotalInstances,
      maxTotalBytes: config.maxTotalMb * 2 ** 20,
      maxTotalRequests: config.maxTotalRequests,
    },
    batching: {
      maxQueueDelayMs: config.maxQueueDelay,
      maxBatchTimeMs: config.maxBatchTime,
      latencyTargetMs: config.latencyTarget,
      refuseLate: config.late === 'refuse',
    },
    picker: config.picker,
  });
  const starting = new AbortController();
  const started = start(master, config, starting.signal);
  onShutdownSignal(async (signal) => {
    starting.abort();
    // Loading has to be given up before the process may exit.
    await started.catch(() => undefined);
    return stop(master, config.shutdownGrace, signal);
  });
  try {
    await started;
  } catch (thrown) {
    if (!starting.signal.aborted) throw thrown;
  }
}

async function start(master: Master, config: MasterConfig, signal: AbortSignal): Promise<void> {
  // What runs in other processes ends with the master, whether it has started or not.
  if (config.isolation === 'process')
    await Promise.race([serveIsolated(master, config), whenAborted(signal)]);
  else for (const servable of config.servable) await serve(master, servable, config, signal);
  signal.throwIfAborted();
  const { master: clusterAddress, grpc: grpcAddress, rest: restAddress, host } = config;
  if (clusterAddress !== undefined)
    await listen('--master', () => startMasterServer(master, parseAddress(clusterAddress, host)));
  if (grpcAddress !== undefined)
    await listen('--grpc', () => startGrpcServer(master, parseAddress(grpcAddress, host), config));
  if (restAddress !== undefined)
    await listen('--rest', () => startRestServer(master, parseAddress(restAddress, host), config));
}

/** @throws ServingError that names the option when its address cannot be used */
async function listen(flag: string, listening: () => Promise<string>): Promise<void> {
  try {
    await listening();
  } catch (thrown) {
    const { code, message } = ServingError.from(thrown);
    if (code !== 'ADDRESS_UNAVAILABLE') throw thrown;
    const advice = message.includes('EADDRINUSE') ? `; stop the other server or choose another ${flag}` : '';
    throw new ServingError(code, `${flag}: ${message}${advice}`, { cause: thrown });
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Servables in processes of their own. */
async function serveIsolated(master: Master, config: MasterConfig): Promise<void> {
  const { servable: servables, directory, version, device: devices, cores, executors } = config;
  if (servables.length === 0) return;
  await startIsolatedServables(master, {
    servables,
    directory,
    version,
    devices,
    workerFlags: {
      ...(cores === undefined ? {} : { '--cores': cores }),
      '--executors': executors,
      '--execution-timeout': `${config.executionTimeout}ms`,
      '--load-timeout': `${config.loadTimeout}ms`,
      '--shutdown-grace': '2s',
      '--log-level': config.logLevel,
    },
  });
}

async function serve(
  master: Master,
  servable: string,
  config: MasterConfig,
  signal: AbortSignal,
): Promise<void> {
  const { directory, version, device, cores, executors } = config;
  for (const deviceId of device) {
    const replica = await startServableInMaster(master, {
      deviceId,
      directory,
      servable,
      version,
      cores,
      devices: device.length,
      executors,
      executionTimeoutMs: config.executionTimeout,
      loadTimeoutMs: config.loadTimeout,
      signal,
      onStuck: (during) => {
        isStuck = true;
        // What a stuck load is told with comes first.
        if (during === 'serving') killStuck(master.logger);
      },
    });
    const methods = replica.methods.map((method) => method.name).join(', ');
    const place = device.length > 1 ? ` on device ${deviceId}` : '';
    process.stdout.write(
      `Servable ${servable} version ${replica.version}${place}: methods ${methods}; ${replica.plan.summary}\n`,
    );
  }
}

/** False when the process has to be killed. */
async function stop(master: Master, graceMs: number, signal: NodeJS.Signals): Promise<boolean> {
  master.logger.info({ signal, graceMs }, 'stopping: requests in progress may finish');
  const isStopped = await master.stop(graceMs);
  // Loading may have left a thread behind as well.
  if (isStopped && !isStuck) {
    process.stdout.write('Serving: master stopped\n');
    return true;
  }
  master.logger.fatal('an executor is stuck in native code; killing the process');
  return false;
}

function fail(thrown: unknown): void {
  const error = ServingError.from(thrown);
  for (const line of error.message.split('\n')) process.stderr.write(`serving-master: ${line}\n`);
  if (error.code === 'INTERNAL') {
    const { cause } = error;
    process.stderr.write(`\n${stackOrLine(cause)}\n`);
  }
  exit(exitCodes[error.code] ?? 1);
}

try {
  silenceGrpcJs();
  const config = readConfig(process.argv.slice(2));
  const logger = createLogger('serving-master', config.logLevel);
  logger.info({ release, config: changedOptions(masterOptions, config) }, 'starting');
  logger.debug({ config }, 'all options');
  await run(config, logger);
} catch (thrown) {
  fail(thrown);
}
