/** `serving-worker check`: loads a servable as a worker would, says what it is, and runs its models once. */
import {
  automaticInteger,
  choice,
  integer,
  loadConfig,
  parseServableName,
  ServingError,
  text,
} from '@serving/common';
import { Command } from 'commander';
import { planCores } from '../executors/core-plan.js';
import { usableCores } from '../executors/cores.js';
import type { LoadedServable, LoadControl, LoadRequest } from '../servables/load-servable.js';
import { modelBytes } from '../servables/model-bytes.js';
import { chooseVersion, openServableFolder } from '../servables/servable-folder.js';
import { deviceTypes } from '../sessions/execution-providers.js';
import { disableTelemetry } from '../sessions/telemetry.js';
import { describeServable, type TimedRun } from './describe-servable.js';
import { exitCodes } from './exit.js';
import { stageWarnings } from './stage-warnings.js';

const checkOptions = {
  directory: text('folder that holds the servable', 'path', '.'),
  version: integer('version to check; 0 is the newest there is', 'n', 0, [0, Number.MAX_SAFE_INTEGER]),
  deviceType: choice('what models run on', deviceTypes, 'cpu'),
  cores: automaticInteger('cores to plan executors with', 'all this process may use', 4096),
  executors: automaticInteger('executor threads', 'one per core, as far as memory allows', 4096),
} as const;

const help = `
Prints models, methods with their stages, the plan of threads and memory, and what a first and a second run of each model
on zeros take. Warns of stages that are hardly meant as they are written. What is open of inputs and outputs, since no model says it, is listed with the way to declare it.

Exit codes: 0 it can be served, 2 options that make no sense, 3 it cannot be loaded; the message names file and line.

Example:
  serving-worker check add --directory examples/add`;

/** The thread that checks does nothing else, so nobody ends it and nobody gives up. */
const control: LoadControl = { enter: () => undefined, leave: () => undefined, isCancelled: () => false };

/** Prints the description; the exit code. @throws ServingError CONFIG_INVALID or LOAD_FAILED */
export async function runCheck(argv: readonly string[]): Promise<number> {
  const command = new Command('serving-worker check')
    .argument('<servable>', 'name of the servable: of its folder')
    .description('Loads a servable without serving it, and says what it is.')
    .addHelpText('after', help)
    .showHelpAfterError('(serving-worker check --help says more)');
  const {
    directory,
    version: wanted,
    deviceType,
    ...limits
  } = loadConfig(command, checkOptions, {
    argv,
    env: process.env,
    warn: () => undefined,
  });
  const servable = parseServableName(command.args[0]!);
  const folder = openServableFolder(directory, servable);
  for (const warning of folder.warnings) process.stderr.write(`serving-worker: warning: ${warning}\n`);
  const version = chooseVersion(folder, wanted);
  const plan = planCores({ available: usableCores(), ...limits, weightBytes: modelBytes(folder, version) });
  const device = { type: deviceType, id: 0 };
  const request = { directory, servable, version, intraOpThreads: plan.intraOpThreads, device };
  const loaded = await load(request);
  for (const warning of stageWarnings(loaded.methods.values()))
    process.stderr.write(`serving-worker: warning: ${warning}\n`);
  process.stdout.write(describeServable(loaded, plan, await timedRuns(loaded)));
  return 0;
}

/** onnxruntime is loaded only after its telemetry is off. */
async function load(request: LoadRequest): Promise<LoadedServable> {
  disableTelemetry();
  const { loadServable } = await import('../servables/load-servable.js');
  const endEarly = () => reportEarlyEnd(request);
  process.once('exit', endEarly);
  try {
    return await loadServable(request, control);
  } finally {
    process.off('exit', endEarly);
  }
}

/** A configuration that ends the process, or waits for nothing, would do so with a code that may say all is well. */
function reportEarlyEnd({ servable, version }: LoadRequest): void {
  process.stderr.write(
    `serving-worker: servable ${servable} version ${version}: the process ended while it loaded the servable (exit code ${process.exitCode ?? 0})\n`,
  );
  process.exitCode = exitCodes.LOAD_FAILED!;
}

async function timedRuns({ models }: LoadedServable): Promise<ReadonlyMap<string, TimedRun>> {
  const { zeroInputs } = await import('../models/warm-up.js');
  const runs = new Map<string, TimedRun>();
  for (const { graphs } of models.values()) {
    for (const { file, session } of graphs) {
      try {
        const times: number[] = [];
        for (let run = 0; run < 2; run++) {
          const started = performance.now();
          await session.run(zeroInputs(session));
          times.push(performance.now() - started);
        }
        runs.set(file, { firstMs: times[0]!, secondMs: times[1]! });
      } catch (thrown) {
        runs.set(file, { failure: ServingError.from(thrown).message });
      }
    }
  }
  return runs;
}
