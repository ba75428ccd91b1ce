/** An example as its README has it: the server that it starts, and the commands that speak to that server. */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { launchWorker, startMaster, startProgram, type Master, type Program } from './processes.js';
import { temporaryFolder } from './temporary-folder.js';

const serverCommand = /^npx serving-master --grpc 5500 (.+)$/m;
const prepareCommand = /^npx jiti \S+\/prepare\.ts$/m;
/** Ports that the READMEs use. */
const ports = /localhost:(?:5500|1500)/;
const block = /```sh\n([^`]*)```(?:(?:(?!```)[^])*```text\n([^`]*)```)?/g;
const jiti = { nodeArguments: ['--import', 'jiti/register'] };

export interface ShownCommand {
  /** To the server, at localhost:5500 or 1500. */
  readonly command: string;
  /** The text block that follows it. */
  readonly output: string | undefined;
}

export class Example {
  readonly #name: string;
  readonly #readme: string;

  /** @param name its folder below examples/ */
  constructor(name: string) {
    this.#name = name;
    this.#readme = readFileSync(`examples/${name}/README.md`, 'utf8');
  }

  /** The commands for the server, with what the README shows of their output. */
  get commands(): ShownCommand[] {
    const blocks = [...this.#readme.matchAll(block)].map(([, command, output]) => ({
      command: command!.trim(),
      output,
    }));
    return blocks.filter(({ command }) => ports.test(command));
  }

  /** What `serving-worker check` says of its servable when only what is written for it is there. */
  async checkUnprepared(servable: string): Promise<string> {
    const directory = temporaryFolder();
    const source = join('examples', this.#name, servable);
    for (const file of readdirSync(source).filter((name) => name.endsWith('.ts')))
      cpSync(join(source, file), join(directory, servable, file));
    symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
    const program = launchWorker(['check', servable, '--directory', directory]);
    await program.ended;
    return program.stderr;
  }

  /** Starts the server with the README's command, on a free port, after the one that fetches the models, if any. */
  async start(): Promise<Master> {
    const prepare = prepareCommand.exec(this.#readme)?.[0];
    if (prepare !== undefined) await finished(prepare);
    const options = serverCommand.exec(this.#readme)?.[1];
    if (options === undefined) throw new Error('the README starts no server on port 5500');
    return startMaster(options.replace('--rest 1500', '--rest 127.0.0.1:0').split(' '));
  }
}

/**
 * Runs `npx jiti …`, `npx serving-client …`, or another command for a shell against a server of the test, to its end.
 * @throws Error if it fails
 */
export async function run(command: string, server: Master): Promise<string> {
  if (command.startsWith('npx ')) return finished(command.replace('localhost:5500', server.address));
  const shell = ['-euo', 'pipefail', '-c', command.replaceAll('localhost:1500', server.rest)];
  const { stdout } = await promisify(execFile)('bash', shell);
  // A page cannot show that the last line has no end.
  return stdout.endsWith('\n') ? stdout : `${stdout}\n`;
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
