/** The command line: arguments in, exit code out. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { duration, firstLine } from '@serving/common';
import { exitCodes, inferCommand, type Streams } from './infer-command.js';

interface InferFlags {
  readonly input?: string;
  readonly json?: boolean;
  readonly version: bigint;
  readonly deadline: number;
}

const deadline = duration('how long the call may take', '60s');

const example = `
Instances are JSON as MindSpore Serving's REST interface takes it: whole numbers are int32, numbers with a fraction
float32. An input of another type states it: {"data": [1, 2], "type": "int64"}, or {"b64": "...", "type": "fp16",
"shape": [2]}; {"b64": "..."} alone is bytes.

Exit code: 0 all instances succeeded, 1 an instance or the call failed, 2 wrong options or input.

Example:
  echo '{"instances": [{"x1": [[1.0, 2.0], [3.0, 4.0]], "x2": [[1.0, 1.0], [1.0, 1.0]]}]}' |
    serving-client infer localhost:5500 add add_common
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

function commandLine(streams: Streams, exit: (code: number) => void): Command {
  const program = new Command('serving-client')
    .description("Sends inference requests to a MindSpore Serving server's gRPC port.")
    .exitOverride()
    .configureOutput({ writeOut: streams.writeOut, writeErr: streams.writeError });
  program
    .command('infer')
    .description('Send instances to a method of a servable and print the results.')
    .argument('<address>', 'host:port or unix:path of the server')
    .argument('<servable>', 'name of the servable')
    .argument('<method>', 'name of its method')
    .option('-i, --input <file>', 'JSON file with the instances; - or nothing for standard input')
    .option('--json', 'print one line of JSON instead of a table')
    .addOption(
      program
        .createOption('--version <n>', 'version of the servable; 0 for the newest')
        .argParser(parsedBy(parseVersion))
        .default(0n, '0'),
    )
    .addOption(
      program
        .createOption('--deadline <duration>', `${deadline.description}, such as 500ms or 30s`)
        .argParser(parsedBy(deadline.parse))
        .default(deadline.fallback, deadline.fallbackText),
    )
    .addHelpText('after', example)
    .action(async (address: string, servable: string, method: string, flags: InferFlags) => {
      const { input, json = false, version, deadline: deadlineMs } = flags;
      const request = { address, servable, method, json, version, deadlineMs };
      exit(await inferCommand(input === undefined ? request : { ...request, input }, streams));
    });
  return program;
}

function parseVersion(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new Error('a whole number, 0 for the newest');
  return BigInt(text);
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
