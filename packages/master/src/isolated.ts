/** Servables in supervised processes of their own, one per device, linked to this master by a private unix socket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServingError, Supervisor, variablePrefix, type FatalEnd } from '@serving/common';
import { isFatalExitCode, shareOfCores, workerProgram } from '@serving/worker';
import type { Master } from './master.js';

export interface IsolatedOptions {
  /** Names of the servables; each gets a process for each device. */
  readonly servables: readonly string[];
  /** Folder that holds them. @default '.' */
  readonly directory?: string;
  /** A version, or 0 for the newest there is. @default 0 */
  readonly version?: number;
  /** Device ids. @default [0] */
  readonly devices?: readonly number[];
  /** Further options of serving-worker, by their flags. */
  readonly workerFlags?: Readonly<Record<string, string | number | undefined>>;
}

/** What a process gets to end before it is killed, in milliseconds. */
const killAfterMs = 5000;

/**
 * Starts the processes and resolves when all of them serve; the counterpart of MindSpore Serving's `start_servables`. A
 * crash in native code ends one process, which is replaced, and not the master.
 * @throws ServingError LOAD_FAILED or CONFIG_INVALID when one cannot start; its own words are on standard error
 */
export async function startIsolatedServables(master: Master, options: IsolatedOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'serving-'));
  const address = `unix:${join(folder, 'link.sock')}`;
  const supervisor = new Supervisor({
    children: childrenOf(options, address),
    logger: master.logger.child({ component: 'supervisor' }),
    isFatal: isFatalExitCode,
    killAfterMs,
  });
  const stop = async () => {
    await supervisor.stop(killAfterMs);
    await rm(folder, { recursive: true, force: true });
    return true;
  };
  try {
    await master.listenCluster(address, { isPrivate: true });
    master.onStop(stop);
    supervisor.start();
    const failure = await Promise.race([supervisor.served, supervisor.fatal.then(failureOf)]);
    // Later there is none: a process that has served is replaced whatever it ends with.
    if (failure instanceof ServingError) throw failure;
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function failureOf({ name, exitCode, reason }: FatalEnd): ServingError {
  return new ServingError(
    exitCode === 2 ? 'CONFIG_INVALID' : 'LOAD_FAILED',
    `the process for ${name} ended: ${reason}; what it said is above`,
  );
}

function childrenOf(options: IsolatedOptions, address: string) {
  const { servables, directory = '.', version = 0, devices = [0], workerFlags = {} } = options;
  const count = servables.length * devices.length;
  // They share the cores; each would otherwise plan with all of them.
  const cores = shareOfCores(count);
  const flags = Object.entries({ '--cores': cores, ...workerFlags }).flatMap(([flag, value]) =>
    value === undefined ? [] : [flag, String(value)],
  );
  const common = ['--directory', directory, '--version', String(version), '--master', address, ...flags];
  return servables.flatMap((servable) =>
    devices.map((device) => ({
      name: `${servable} on device ${device}`,
      command: process.execPath,
      env: ownEnvironment(),
      args: [...workerProgram, '--servable', servable, '--device', String(device), ...common],
    })),
  );
}

/** The variables of this process but for SERVING_…: they name its own options, and a worker has some by the same names. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith(variablePrefix)));
}
