/** The processes a bench starts: each is known by its id and gone at the end, whatever happens. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The repository, where all processes run. */
export const repository = new URL('../../', import.meta.url);

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** The last lines it wrote to standard error. */
  lastWords(): string;
  /** How it ended, once it has. */
  readonly ended: Promise<string>;
}

const keptCharacters = 4000;
const stopGraceMs = 5000;

export class ChildProcesses {
  readonly #running = new Set<ChildProcess>();

  constructor() {
    process.once('exit', () => this.killAll());
  }

  /** @throws Error when the program cannot be started */
  async start(program: string, args: readonly string[]): Promise<Child> {
    const child = spawn(program, args, { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    this.#running.add(child);
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        this.#running.delete(child);
        resolve(signal ?? `exit code ${code}`);
      });
    });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-keptCharacters)));
    return { pid: child.pid!, process: child, ended, lastWords: () => words.trim() };
  }

  /** Ends a process: politely first. */
  async stop(child: Child): Promise<void> {
    child.process.kill('SIGTERM');
    const killer = setTimeout(() => child.process.kill('SIGKILL'), stopGraceMs);
    await child.ended;
    clearTimeout(killer);
  }

  /** Ends at once whatever still runs. */
  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}
