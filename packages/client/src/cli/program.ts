/** The command line: arguments in, exit code out. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { duration, firstLine, mostPriority, type OptionSpec } from '@serving/common';
import { release } from '../release.js';
import { inferCommand } from './infer-command.js';
import { exitCodes } from './report-problem.js';
import { statusCommand } from './status-command.js';
import type { Streams } from './streams.js';

interface InferFlags {
  readonly input?: string;
  readonly json?: boolean;
  readonly stream?: boolean;
  readonly version: bigint;
  readonly deadline: number;
  readonly priority?: number;
}

interface StatusFlags {
  readonly json?: boolean;
  readonly deadline: number;
}

/** Told of the exit code of a command that ran. */
type Exit = (code: number) => void;

const inferDeadline = duration('how long the call may take', '60s');
const statusDeadline = duration('how long the call may take', '10s');

const inferExample = `
Instances are JSON as MindSpore Serving's REST interface takes it: whole numbers are int32, numbers with a fraction
float32. An input of another type states it: {"data": [1, 2], "type": "int64"}, or {"b64": "...", "type": "float16",
"shape": [2]}; {"b64": "..."} alone is bytes.

Exit code: 0 all instances succeeded, 1 an instance or the call failed, 2 wrong options or input.

Example:
  echo '{"instances": [{"x1": [[1.0, 2.0], [3.0, 4.0]], "x2": [[1.0, 1.0], [1.0, 1.0]]}]}' |
    serving-client infer localhost:5500 add add_common
`;

const statusExample = `
A row is a replica: a worker's loaded copy of a servable version. CREDITS are the batches it may be sent now, IN-FLIGHT
those it has not answered yet, WAITING the instances in a queue,
REPLICAS those that take what is in it.

Exit code: 0 the master answered, 1 the call failed, 2 wrong options.

Example:
  serving-client status 127.0.0.1:6500 --json
`;

/** @param argv the arguments after the program's name */
export async function runProgram(argv: readonly string[], streams: Streams): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = commandLine(streams, (code) => (exitCode = code));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    // Commander has printed its message already.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    throw thrown;
  }
}

function commandLine(streams: Streams, exit: Exit): Command {
  const program = new Command('serving-client')
    .description('Sends inference requests to a MindSpore Serving server and shows the status of a master.')
    .version(release, '--version', 'print the release')
    // `infer` has a --version of its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: streams.writeOut,
      writeErr: streams.writeError,
      outputError: (text, write) => write(text.replace(/^error: /, 'serving-client: ')),
    })
    .showHelpAfterError('(serving-client --help lists the commands)');
  addInfer(program, streams, exit);
  addStatus(program, streams, exit);
  return program;
}

function addInfer(program: Command, streams: Streams, exit: Exit): void {
  program
    .command('infer')
    .showHelpAfterError('(serving-client infer --help lists the options)')
    .description('Send instances to a method of a servable and print the results.')
    .argument('<address>', "host:port or unix:path of the server's gRPC port")
    .argument('<servable>', 'name of the servable')
    .argument('<method>', 'name of its method')
    .option('-i, --input <file>', 'JSON file with the instances; - or nothing for standard input')
    .option('--json', 'print one line of JSON instead of a table')
    .option('--stream', 'print each response to the instance as it comes, as a line of JSON')
    .addOption(
      new Option('--version <n>', 'version of the servable; 0 for the newest')
        .argParser(parsedBy(parseVersion))
        .default(0n, '0'),
    )
    .addOption(deadlineOption(inferDeadline))
    .addOption(
      new Option(
        '--priority <n>',
        "requests of a higher one go first; the method's own if not given",
      ).argParser(parsedBy(parsePriority)),
    )
    .addHelpText('after', inferExample)
    .action(async (address: string, servable: string, method: string, flags: InferFlags) => {
      const { json = false, stream = false, version, deadline: deadlineMs, ...given } = flags;
      const request = { address, servable, method, json, stream, version, deadlineMs, ...given };
      exit(await inferCommand(request, streams));
    });
}

function addStatus(program: Command, streams: Streams, exit: Exit): void {
  program
    .command('status')
    .showHelpAfterError('(serving-client status --help lists the options)')
    .description("Show a master's workers, replicas and queues.")
    .argument('[address]', "host:port or unix:path of the master's cluster port", '127.0.0.1:6500')
    .option('--json', 'print one line of JSON instead of tables')
    .addOption(deadlineOption(statusDeadline))
    .addHelpText('after', statusExample)
    .action(async (address: string, { json = false, deadline: deadlineMs }: StatusFlags) => {
      exit(await statusCommand({ address, json, deadlineMs }, streams));
    });
}

function deadlineOption({ description, parse, fallback, fallbackText }: OptionSpec<number>): Option {
  return new Option('--deadline <duration>', `${description}, such as 500ms or 30s`)
    .argParser(parsedBy((text) => aboveZero(parse(text))))
    .default(fallback, fallbackText);
}

function aboveZero(milliseconds: number): number {
  if (milliseconds === 0) throw new Error('a duration above 0');
  return milliseconds;
}

function parsePriority(text: string): number {
  const priority = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (!(Math.abs(priority) <= mostPriority))
    throw new Error(`a whole number from -${mostPriority} to ${mostPriority}`);
  return priority;
}

function parseVersion(text: string): bigint {
  const version = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (version < 0n || version >= 2n ** 64n) throw new Error('a whole number, 0 for the newest');
  return version;
}

/** Turns "what was expected" into commander's way of refusing an argument. */
function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(`Expected ${firstLine(error)}.`);
    }
  };
}
