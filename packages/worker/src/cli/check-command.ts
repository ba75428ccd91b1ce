/** `serving-worker check`: loads a servable as a worker would, says what it is, and runs its models once. */
import {
  automaticInteger,
  choice,
  duration,
  integer,
  loadConfig,
  parseServableName,
  text,
} from '@serving/common';
import { Command } from 'commander';
import { planCores } from '../executors/core-plan.js';
import { usableCores } from '../executors/cores.js';
import { modelBytes } from '../servables/model-bytes.js';
import { chooseVersion, openServableFolder } from '../servables/servable-folder.js';
import { deviceTypes } from '../sessions/execution-providers.js';
import { disableTelemetry } from '../sessions/telemetry.js';
import { described } from './checking.js';

const checkOptions = {
  directory: text('folder that holds the servable', 'path', '.'),
  version: integer('version to check; 0 is the newest there is', 'n', 0, [0, Number.MAX_SAFE_INTEGER]),
  deviceType: choice('what models run on', deviceTypes, 'cpu'),
  cores: automaticInteger('cores to plan executors with', 'all this process may use', 4096),
  executors: automaticInteger('executor threads', 'one per core, as far as memory allows', 4096),
  loadTimeout: duration('longest time loading the servable may take, and the runs of its models', '2m'),
} as const;

const help = `
Prints models, methods with their stages, the plan of threads and memory, and what a first and a second run of each model
on zeros take. Warns of stages that are hardly meant as they are written. What is open of inputs and outputs, since no model says it, is listed with the way to declare it.

Exit codes: 0 it can be served, 2 options that make no sense, 3 it cannot be loaded; the message names file and line.

Example:
  serving-worker check add --directory examples/add`;

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
    loadTimeout,
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
  const load = { directory, servable, version, intraOpThreads: plan.intraOpThreads, device };
  disableTelemetry();
  const { warnings, text: description } = await described({ load, plan }, loadTimeout);
  for (const warning of warnings) process.stderr.write(`serving-worker: warning: ${warning}\n`);
  process.stdout.write(description);
  return 0;
}
