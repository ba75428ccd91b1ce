/** An example as its README has it: the server that it starts, and the commands that speak to that server. */
import { readFileSync } from 'node:fs';
import { startMaster, startProgram, type Master, type Program } from './processes.js';

const serverCommand = /^npx serving-master --grpc 5500 (.+)$/m;
const prepareCommand = /^npx jiti \S+\/prepare\.ts$/m;
const block = /```sh\n([^`]*)```(?:(?:(?!```)[^])*```text\n([^`]*)```)?/g;
const jiti = { nodeArguments: ['--import', 'jiti/register'] };

export interface ShownCommand {
  /** One line, to the server at localhost:5500. */
  readonly command: string;
  /** The text block that follows it. */
  readonly output: string | undefined;
}

export class Example {
  readonly #readme: string;

  /** @param name its folder below examples/ */
  constructor(name: string) {
    this.#readme = readFileSync(`examples/${name}/README.md`, 'utf8');
  }

  /** The commands for the server, with what the README shows of their output. */
  get commands(): ShownCommand[] {
    const blocks = [...this.#readme.matchAll(block)].map(([, command, output]) => ({
      command: command!.trim(),
      output,
    }));
    return blocks.filter(({ command }) => command.includes('localhost:5500'));
  }

  /** Starts the server with the README's command, on a free port, after the one that fetches the models, if any. */
  async start(): Promise<Master> {
    const prepare = prepareCommand.exec(this.#readme)?.[0];
    if (prepare !== undefined) await finished(prepare);
    const options = serverCommand.exec(this.#readme)?.[1];
    if (options === undefined) throw new Error('the README starts no server on port 5500');
    return startMaster(options.split(' '));
  }
}

/** Runs `npx jiti …` or `npx serving-client …` against a server of the test, to its end. @throws Error if it fails */
export function run(command: string, { address }: Master): Promise<string> {
  return finished(command.replace('localhost:5500', address));
}

async function finished(command: string): Promise<string> {
  const program = started(command.split(' '));
  const { code } = await program.ended;
  if (code !== 0) throw new Error(`'${command}' ended with ${code}: ${program.stderr}`);
  return program.stdout;
}

function started([npx, name, ...args]: string[]): Program {
  if (npx === 'npx' && name === 'jiti') return startProgram(args[0]!, args.slice(1), jiti);
  if (npx === 'npx' && name === 'serving-client')
    return startProgram('packages/client/bin/serving-client.js', args);
  throw new Error(`expected npx jiti or npx serving-client, given ${npx} ${name}`);
}
