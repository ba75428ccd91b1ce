/** serving-master and other programs as child processes: started, watched and ended by the test that needs them. */
import { afterAll } from '@jest/globals';
import { Client, type ClientOptions } from '@serving/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const masterProgram = fileURLToPath(new URL('../../packages/master/bin/serving-master.js', import.meta.url));
const workerProgram = fileURLToPath(new URL('../../packages/worker/bin/serving-worker.js', import.meta.url));
const clusterLine = /^Serving: Serving master server start success, listening on (.+)$/m;
const restLine = /^Serving: Serving RESTful server start success, listening on (.+)$/m;
const startLine = /^Serving: Serving gRPC server start success, listening on (.+)$/m;

export interface ProgramOptions {
  /** Variables besides those of the test itself, of which SERVING_… are left out. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Arguments of node itself. */
  readonly nodeArguments?: readonly string[];
  /** A program that runs node, with its arguments, such as a tracer. */
  readonly under?: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly #child: ChildProcess;
  /** Resolves when the process has ended and its output is complete. */
  readonly ended: Promise<Ended>;
  #outcome: Ended | undefined;
  stdout = '';
  stderr = '';

  constructor(script: string, args: readonly string[], options: ProgramOptions = {}) {
    const [command, ...rest] = [
      ...(options.under ?? []),
      process.execPath,
      ...(options.nodeArguments ?? []),
      script,
      ...args,
    ];
    this.#child = spawn(command!, rest, {
      cwd: options.cwd,
      env: { ...ownEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#outcome = { code, signal };
        resolve(this.#outcome);
      });
    });
    running.add(this);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** How it ended; undefined while it runs. */
  get outcome(): Ended | undefined {
    return this.#outcome;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.signal(signal);
    return this.ended;
  }

  /** What it wrote to standard error as log lines. */
  get log(): readonly Record<string, unknown>[] {
    const lines = this.stderr.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

const running = new Set<Program>();
const clients: Client[] = [];

afterAll(async () => {
  for (const client of clients) client.close();
  for (const program of running) if (program.outcome === undefined) await program.stop('SIGKILL');
});

/** NODE_OPTIONS of the test runner are not the program's, nor is a configuration that happens to be there. */
function ownEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && name !== 'NODE_OPTIONS' && !name.startsWith('SERVING_'),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** A serving-master that listens. */
export class Master extends Program {
  address = '';

  /** Where it listens for workers. */
  get cluster(): string {
    const address = clusterLine.exec(this.stdout)?.[1];
    if (address === undefined) throw new Error('this master was started without --master');
    return address;
  }

  /** Where it answers HTTP. */
  get rest(): string {
    const address = restLine.exec(this.stdout)?.[1];
    if (address === undefined) throw new Error('this master was started without --rest');
    return address;
  }

  /** A client that is closed after the tests of the file. */
  client(servable: string, method: string, options?: ClientOptions): Client {
    const client = new Client(this.address, servable, method, options);
    clients.push(client);
    return client;
  }
}

/** Starts a program and waits for nothing. */
export function startProgram(script: string, args: readonly string[], options?: ProgramOptions): Program {
  return new Program(script, args, options);
}

/** Starts serving-master on a free port, unless the arguments say where, and waits until it listens. */
export async function startMaster(args: readonly string[], options?: ProgramOptions): Promise<Master> {
  const listens = args.includes('--grpc') || options?.env?.['SERVING_GRPC'] !== undefined;
  const master = new Master(masterProgram, [...(listens ? [] : ['--grpc', '0']), ...args], options);
  master.address = await eventually(
    'serving-master listens',
    () => {
      if (master.outcome !== undefined)
        throw new Error(`serving-master ended with ${JSON.stringify(master.outcome)}: ${master.stderr}`);
      // It listens for gRPC before it does for HTTP.
      if (args.includes('--rest') && !restLine.test(master.stdout)) return undefined;
      return startLine.exec(master.stdout)?.[1];
    },
    55_000,
  );
  return master;
}

/** Starts serving-master and returns at once. */
export function launchMaster(args: readonly string[], options?: ProgramOptions): Master {
  return new Master(masterProgram, args, options);
}

/** Runs serving-master to its end: for starts that fail. */
export async function runMaster(
  args: readonly string[],
  options?: ProgramOptions,
): Promise<Ended & { readonly stdout: string; readonly stderr: string; readonly complaint: string }> {
  const master = new Master(masterProgram, args, options);
  const ended = await master.ended;
  const complaint = master.stderr
    .split('\n')
    .filter((line) => line.startsWith('serving-master: '))
    .map((line) => line.slice('serving-master: '.length))
    .join('\n');
  return { ...ended, stdout: master.stdout, stderr: master.stderr, complaint };
}

/** Starts serving-worker and returns at once. */
export function launchWorker(args: readonly string[], options?: ProgramOptions): Program {
  return new Program(workerProgram, args, options);
}

/** Starts serving-worker and waits until it is registered and its replica is announced. */
export async function startWorker(
  master: Master,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<Program> {
  const worker = launchWorker(['--master', master.cluster, '--executors', '1', ...args], options);
  await eventually(
    'serving-worker is registered',
    () => {
      if (worker.outcome !== undefined)
        throw new Error(`serving-worker ended with ${JSON.stringify(worker.outcome)}: ${worker.stderr}`);
      return worker.stdout.includes('registered with master');
    },
    55_000,
  );
  return worker;
}
