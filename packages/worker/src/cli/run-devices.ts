/** Several devices: a supervised process for each. */
import { createLogger, endWithParent, onShutdownSignal, Supervisor } from '@serving/common';
import type { WorkerConfig } from '../config.js';
import { shareOfCores } from '../executors/cores.js';
import { workerProgram } from '../program.js';
import { exit, isFatal } from './exit.js';

/** What a child gets beyond its own grace before it is killed, in milliseconds. */
const killMarginMs = 5000;

export async function runDevices(config: WorkerConfig): Promise<void> {
  const logger = createLogger('serving-worker', config.logLevel);
  const supervisor = new Supervisor({
    children: config.device.map((device) => ({
      name: `device ${device}`,
      command: process.execPath,
      // The same command line again; of options given twice the last one counts.
      args: [
        ...workerProgram,
        ...process.argv.slice(2),
        '--device',
        String(device),
        '--cores',
        String(config.cores ?? shareOfCores(config.device.length)),
        ...ownId(config, device),
      ],
    })),
    logger,
    isFatal,
    killAfterMs: config.shutdownGrace + killMarginMs,
  });
  const stop = () => supervisor.stop(config.shutdownGrace + killMarginMs);
  onShutdownSignal(stop);
  endWithParent(stop, config.shutdownGrace + 2 * killMarginMs);
  supervisor.start();
  const { exitCode } = await supervisor.fatal;
  exit(exitCode ?? 1);
}

function ownId({ id }: WorkerConfig, device: number): string[] {
  return id === undefined ? [] : ['--id', `${id}-${device}`];
}
