/** `serving-worker tune`: measures plans of executors, threads and batch sizes on this machine, and names the best. */
import {
  automaticDuration,
  automaticInteger,
  automaticText,
  choice,
  createLogger,
  integer,
  loadConfig,
  onShutdownSignal,
  text,
  type ConfigOf,
  type MethodSignature,
  type OptionSpec,
} from '@serving/common';
import { Command } from 'commander';
import { workerOptions } from '../config.js';
import { executorsThatFit } from '../executors/core-plan.js';
import { usableCores } from '../executors/cores.js';
import { modelBytes } from '../servables/model-bytes.js';
import { chooseVersion, openServableFolder } from '../servables/servable-folder.js';
import { deviceTypes } from '../sessions/execution-providers.js';
import { bestMeasurement, type Measurement } from '../tuning/best-measurement.js';
import { measurePlan, type MeasureOptions } from '../tuning/measure-plan.js';
import { batchSizes, threadPlans } from '../tuning/plans.js';
import { sampleBlock } from '../tuning/sample-block.js';
import { describeTuning, tuningJson, type Tuned } from './describe-tuning.js';
import { markStuck, mustBeKilled } from './exit.js';
import { checkSamples, readSamples } from './tune-samples.js';

/** Time, without a unit because the name says it. */
const seconds: OptionSpec<number> = {
  description: 'how long each plan is measured with each batch size',
  placeholder: 'n',
  fallback: 1,
  parse: (given) => {
    const value = Number(given);
    if (!/^[\d.]+$/.test(given) || !(value >= 0.01 && value <= 3600))
      throw new Error('a number from 0.01 to 3600');
    return value;
  },
};

const tuneOptions = {
  directory: text('folder that holds the servable', 'path', '.'),
  version: integer('version to measure; 0 is the newest there is', 'n', 0, [0, Number.MAX_SAFE_INTEGER]),
  method: automaticText('method to measure, none that is streaming', 'name', 'the only one'),
  deviceType: choice('what models run on', deviceTypes, 'cpu'),
  cores: automaticInteger('cores to divide over executors', 'all this process may use', 4096),
  input: automaticText('files that inputs are read from, whole, for every instance', 'name=path,…', 'zeros'),
  dimensions: automaticText('sizes of symbolic dimensions of the inputs', 'name=n,…', '1 each'),
  seconds,
  latency: automaticDuration('longest time that 99 of 100 batches may take', 'any'),
} as const;

type TuneConfig = ConfigOf<typeof tuneOptions>;

const help = `
Loads the servable with each plan and runs a method, on zeros or --input, by the same executors as when it serves, with
batches of different sizes, once its threads are warm. Prints instances per second, the times of a batch in its executor and the memory of the
process, then the best plan as options to copy. Ctrl+C ends it with what was measured so far.

What goes on on the machine meanwhile is measured as well.

Exit codes: 0 measured, 1 the method fails on its inputs, 2 options that make no sense, 3 it cannot be loaded.

Example:
  serving-worker tune add-batch --directory examples/add --method add_common --latency 5ms
  serving-worker tune lenet --directory examples/lenet --input image=examples/lenet/digits/0-0.png`;

/** The exit code. @throws ServingError CONFIG_INVALID or LOAD_FAILED, or what the method answers */
export async function runTune(argv: readonly string[]): Promise<number> {
  const command = new Command('serving-worker tune')
    .argument('<servable>', 'name of the servable: of its folder')
    .description(
      'Measures which plan of executors, threads and batch size serves a servable best on this machine.',
    )
    .option('--json', 'prints JSON instead of a table')
    .addHelpText('after', help);
  const source = { argv, env: process.env, beside: workerOptions, warn: () => undefined };
  const config = loadConfig(command, tuneOptions, source);
  const print = command.opts<{ json?: true }>().json === true ? tuningJson : describeTuning;
  const [servable] = command.args as [string];
  const stopping = new AbortController();
  const tuning = measureAll(servable, config, stopping.signal);
  onShutdownSignal(async () => {
    stopping.abort();
    await tuning.then(
      (tuned) => process.stdout.write(print(tuned)),
      () => undefined,
    );
    return !mustBeKilled();
  });
  const tuned = await tuning;
  // Whoever was asked to stop prints, and ends the process.
  if (stopping.signal.aborted) await new Promise(() => undefined);
  process.stdout.write(print(tuned));
  return 0;
}

async function measureAll(servable: string, config: TuneConfig, signal: AbortSignal): Promise<Tuned> {
  const { directory, deviceType, cores = usableCores().cores, latency } = config;
  const folder = openServableFolder(directory, servable);
  for (const warning of folder.warnings) say(`warning: ${warning}`);
  const version = chooseVersion(folder, config.version);
  // After the servable: whoever mistypes its name is not to be told of its inputs.
  const samples = readSamples(config);
  const measured: Measurement[] = [];
  let method: MethodSignature | undefined;
  const options: MeasureOptions = {
    replica: { directory, servable, version, deviceType, logger: createLogger('serving-worker', 'warn') },
    method: config.method,
    sizesOf: ({ modelBatchSize }) => batchSizes(modelBatchSize),
    blockOf: (of, count) => sampleBlock(of, count, samples),
    durationMs: config.seconds * 1000,
    signal,
    onMethod: (of, leftOut) => {
      if (method === undefined) {
        for (const { name } of leftOut)
          say(`warning: method ${name} is streaming, which cannot be measured: left out`);
        checkSamples(of, samples).forEach(say);
      }
      method = of;
    },
    onMeasured: (measurement) => {
      measured.push(measurement);
      say(progressLine(measurement));
    },
    onStuck: markStuck,
  };
  for (const plan of threadPlans(cores, executorsThatFit(modelBytes(folder, version)))) {
    if (signal.aborted) break;
    await measurePlan(plan, options).catch((thrown: unknown) => {
      if (!signal.aborted) throw thrown;
    });
  }
  const best = bestMeasurement(measured, latency);
  const hasConfig = folder.configFile !== undefined;
  return {
    servable,
    directory,
    version: config.version,
    deviceType,
    method,
    hasConfig,
    latency,
    measured,
    best,
  };
}

function progressLine({ executors, intraOpThreads, batchSize, instancesPerSecond }: Measurement): string {
  return `executors ${executors}, threads ${intraOpThreads}, batch ${batchSize}: ${Math.round(instancesPerSecond)} instances/s`;
}

function say(line: string): void {
  process.stderr.write(`serving-worker: ${line}\n`);
}
