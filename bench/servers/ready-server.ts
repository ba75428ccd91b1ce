/** Starts a server as a child process and waits for the line that says where it listens. */
import { createInterface } from 'node:readline';
import type { ChildProcesses } from './child-processes.ts';

export interface RunningServer {
  readonly address: string;
  /** All processes that do its work. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface ServerProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Matches the line; group 1 is the address. */
  readonly readyLine: RegExp;
}

const startLimitMs = 60_000;

/** @throws Error with the server's last words when it does not get ready */
export async function startReadyServer(
  children: ChildProcesses,
  { program, args, readyLine }: ServerProgram,
): Promise<RunningServer> {
  const child = await children.start(program, args);
  let timer: NodeJS.Timeout | undefined;
  const fail = (what: string) => new Error(`${args.join(' ')} ${what}\n${child.lastWords()}`);
  try {
    const address = await Promise.race([
      firstMatch(child.process.stdout!, readyLine),
      child.ended.then((how) => Promise.reject(fail(`did not start: ${how}`))),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(fail('did not say that it listens')), startLimitMs);
      }),
    ]);
    return { address, pids: [child.pid], stop: () => children.stop(child) };
  } catch (thrown) {
    await children.stop(child);
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

function firstMatch(output: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    // The reader stays, so that a full pipe never blocks the server.
    createInterface({ input: output }).on('line', (line) => {
      const address = pattern.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}
