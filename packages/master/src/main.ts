/** serving-master: options → master → servables → front ends → wait for a signal. */
import {
  createLogger,
  loadConfig,
  onShutdownSignal,
  parseAddress,
  ServingError,
  type ErrorCode,
  type Logger,
} from '@serving/common';
import { Command } from 'commander';
import { masterOptions, type MasterConfig } from './config.js';
import { startServableInMaster } from './lightweight.js';
import { Master } from './master.js';
import { startGrpcServer } from './start-grpc-server.js';

const exitCodes: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 2,
  LOAD_FAILED: 3,
  ADDRESS_UNAVAILABLE: 4,
};

const example = `
Example:
  serving-master --grpc 5500 --servable add --directory examples/add

Exit codes: 2 options that make no sense, 3 a servable that cannot be loaded, 4 an address that is not free.`;

function readConfig(): MasterConfig {
  const command = new Command('serving-master')
    .description('Takes inference requests, batches them and routes them to workers.')
    .addHelpText('after', example)
    .showHelpAfterError('(serving-master --help lists the options)');
  const config = loadConfig(command, masterOptions, { argv: process.argv.slice(2), env: process.env });
  if (config.grpc === undefined)
    throw new ServingError(
      'CONFIG_INVALID',
      '--grpc: expected an address to listen on, such as 5500; given none',
    );
  if (config.servable.length === 0) {
    throw new ServingError(
      'CONFIG_INVALID',
      '--servable: expected the name of a servable to serve in this process; given none',
    );
  }
  return config;
}

async function run(config: MasterConfig, logger: Logger): Promise<void> {
  const master = new Master({
    logger,
    limits: {
      maxBatchSize: config.maxBatchSize,
      maxBatchBytes: config.maxBatchMb * 2 ** 20,
      maxQueueInstances: config.maxQueueInstances,
      maxQueueBytes: config.maxQueueMb * 2 ** 20,
    },
  });
  const starting = new AbortController();
  onShutdownSignal((signal) => {
    starting.abort();
    return stop(master, config.shutdownGrace, signal);
  });
  for (const servable of config.servable) await serve(master, servable, config, starting.signal);
  if (config.grpc !== undefined)
    await startGrpcServer(master, parseAddress(config.grpc, config.host), config);
}

async function serve(
  master: Master,
  servable: string,
  config: MasterConfig,
  signal: AbortSignal,
): Promise<void> {
  const { directory, version, cores, executors } = config;
  const replica = await startServableInMaster(master, {
    directory,
    servable,
    version,
    cores,
    executors,
    executionTimeoutMs: config.executionTimeout,
    loadTimeoutMs: config.loadTimeout,
    signal,
  });
  const methods = replica.methods.map((method) => method.name).join(', ');
  process.stdout.write(
    `Servable ${servable} version ${replica.version}: methods ${methods}; ${replica.plan.summary}\n`,
  );
}

async function stop(master: Master, graceMs: number, signal: NodeJS.Signals): Promise<void> {
  master.logger.info({ signal, graceMs }, 'stopping: requests in progress may finish');
  if (await master.stop(graceMs)) return;
  // A thread inside native code cannot be ended, and exiting around it aborts with a core dump.
  master.logger.fatal('an executor is stuck in native code; killing the process');
  process.kill(process.pid, 'SIGKILL');
}

function fail(thrown: unknown): never {
  const error = ServingError.from(thrown);
  const cause =
    error.code === 'INTERNAL'
      ? `\n${error.cause instanceof Error ? error.cause.stack : String(error.cause)}`
      : '';
  for (const line of error.message.split('\n')) process.stderr.write(`serving-master: ${line}\n`);
  if (cause !== '') process.stderr.write(`${cause}\n`);
  process.exit(exitCodes[error.code] ?? 1);
}

try {
  const config = readConfig();
  const logger = createLogger('serving-master', config.logLevel);
  logger.info({ config }, 'starting');
  await run(config, logger);
} catch (thrown) {
  fail(thrown);
}
