/** One child of a supervisor, over as many processes as it takes. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Logger } from '../logging/logger.js';
import { backoffMs } from '../timing/backoff.js';
import type { Clock } from '../timing/clock.js';
import { childTransitions, type ChildState } from './child-state.js';
import { forwardLines, type SharedOutput } from './forward-lines.js';
import { servingMessage } from './tell-serving.js';

export interface ChildCommand {
  /** What the log and its lines on standard output call it, such as `device 0`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment. @default the parent's */
  readonly env?: NodeJS.ProcessEnv;
}

/** Why a supervisor gave up. */
export interface FatalEnd {
  readonly name: string;
  /** Undefined when the child could not be started at all. */
  readonly exitCode: number | undefined;
  /** One line for people. */
  readonly reason: string;
}

export interface ChildSnapshot {
  readonly name: string;
  readonly state: ChildState;
  /** Of the process there is now, if there is one. */
  readonly pid: number | undefined;
}

export interface ChildSettings {
  readonly command: ChildCommand;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly isFatal: (exitCode: number) => boolean;
  readonly stdout: SharedOutput;
  readonly stderr: SharedOutput;
  /** The child is gone and a new process would not help. */
  readonly onFatal: (end: FatalEnd) => void;
}

/** A process that lived this long ran well: the delays after its end begin with the shortest again, in milliseconds. */
export const steadyAfterMs = 60_000;

/** How long output of an ended process is waited for: a process it left behind may hold the pipe open. */
const outputGraceMs = 1_000;

/** Failures to start a process that pass by themselves. */
const passingFailures = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'];

export class SupervisedChild {
  readonly #settings: ChildSettings;
  /** Resolves when the child is gone and its output passed on. */
  readonly ended: Promise<void>;
  #resolveEnded!: () => void;
  /** Resolves when a process of the child has called tellServing. */
  readonly served: Promise<void>;
  #resolveServed!: () => void;
  #hasServed = false;
  #state: ChildState = 'starting';
  #process: ChildProcess | undefined;
  #output: Promise<void> = Promise.resolve();
  #startedAt = 0;
  /** Processes that ended early, one after the other. */
  #failures = 0;
  #cancelRestart: () => void = () => undefined;

  constructor(settings: ChildSettings) {
    this.#settings = settings;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.served = new Promise((resolve) => (this.#resolveServed = resolve));
  }

  get snapshot(): ChildSnapshot {
    const { name } = this.#settings.command;
    return { name, state: this.#state, pid: this.#process?.pid };
  }

  /** Starts a process, unless the child was stopped before. */
  start(): void {
    if (this.#state !== 'starting') return;
    const { logger, clock } = this.#settings;
    let child: ChildProcess;
    try {
      child = this.#spawn();
    } catch (thrown) {
      return this.#onSpawnFailure(thrown as NodeJS.ErrnoException);
    }
    if (child.pid === undefined) {
      child.on('error', (error) => this.#onSpawnFailure(error));
      return undefined;
    }
    // A signal that could not be sent.
    child.on('error', (error) => logger.warn({ err: error }, 'child process reported an error'));
    child.on('message', (message) => this.#onMessage(message));
    child.once('exit', (exitCode, signal) => this.#onExit(child, exitCode, signal));
    this.#process = child;
    this.#startedAt = clock.now();
    this.#output = this.#forwardOutput(child);
    this.#become('running');
    logger.info({ childPid: child.pid }, 'child started');
    return undefined;
  }

  /** Asks the process to end; without one, the child is gone at once. */
  stop(): void {
    if (this.#state === 'running') {
      this.#become('stopping');
      // Only the process itself: what it started is its own to stop.
      this.#process?.kill('SIGTERM');
    } else if (this.#state === 'starting' || this.#state === 'backing-off') {
      this.#cancelRestart();
      this.#leave();
    }
  }

  /** Ends a process that did not stop. */
  kill(): void {
    if (this.#state !== 'stopping') return;
    this.#settings.logger.warn({ childPid: this.#process?.pid }, 'child did not stop in time; killing it');
    killGroup(this.#process?.pid);
  }

  #spawn(): ChildProcess {
    const { command, args, env } = this.#settings.command;
    return spawn(command, args, {
      env,
      // A child tells on it that it serves (tellServing), and one that calls endWithParent notices its end.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A session of its own: Ctrl+C reaches the parent only, whose SIGTERM is then the one signal the child gets.
      // Sharing the terminal's group, the child would get both and take the second as an order to end at once.
      detached: true,
    });
  }

  #forwardOutput(child: ChildProcess): Promise<void> {
    const { command, stdout, stderr } = this.#settings;
    // Lines on standard error are JSON that says itself who wrote it, and a prefix would break it.
    const outputs = [
      forwardLines(child.stdout!, stdout, `[${command.name}] `),
      forwardLines(child.stderr!, stderr),
    ];
    return Promise.all(outputs).then(() => undefined);
  }

  #onMessage(message: unknown): void {
    if (message !== servingMessage) return;
    this.#hasServed = true;
    this.#resolveServed();
  }

  #onSpawnFailure(error: NodeJS.ErrnoException): void {
    if (this.#state !== 'starting') return;
    const { command } = this.#settings;
    const reason = `${command.name}: ${command.command} cannot be started: ${error.message}`;
    if (this.#hasServed || passingFailures.includes(error.code ?? '')) this.#backOff({ err: error });
    else this.#giveUp({ name: command.name, exitCode: undefined, reason });
  }

  #onExit(child: ChildProcess, exitCode: number | null, signal: NodeJS.Signals | null): void {
    const { command, clock, logger } = this.#settings;
    // The logger's own pid is this process's.
    const facts = { childPid: child.pid, exitCode, signal };
    this.#process = undefined;
    this.#output = this.#lastOutput(child, this.#output);
    // What the process started and did not stop would live on beside its replacement.
    killGroup(child.pid);
    if (child.connected) child.disconnect();
    if (this.#state === 'stopping') {
      logger.info(facts, 'child stopped');
      this.#leave();
    } else if (exitCode !== null && !this.#hasServed && this.#settings.isFatal(exitCode)) {
      const reason = `${command.name} ended with exit code ${exitCode}, which a new process would not change`;
      this.#giveUp({ name: command.name, exitCode, reason });
    } else {
      if (clock.now() - this.#startedAt >= steadyAfterMs) this.#failures = 0;
      this.#backOff(facts);
    }
  }

  #backOff(facts: object): void {
    const { clock, random, logger } = this.#settings;
    const delayMs = backoffMs(this.#failures++, random());
    logger.warn({ ...facts, delayMs }, 'child ended; a new one follows after the delay');
    this.#become('backing-off');
    this.#cancelRestart = clock.after(delayMs, () => {
      this.#become('starting');
      this.start();
    });
  }

  #giveUp(end: FatalEnd): void {
    this.#settings.logger.fatal({ exitCode: end.exitCode, reason: end.reason }, 'child ended for good');
    this.#leave();
    this.#settings.onFatal(end);
  }

  #leave(): void {
    this.#become('gone');
    void this.#output.then(this.#resolveEnded);
  }

  #lastOutput(child: ChildProcess, output: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.after(outputGraceMs, () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve();
      });
      void output.then(cancel).then(resolve);
    });
  }

  #become(next: ChildState): void {
    if (!childTransitions[this.#state].includes(next))
      throw new Error(`a child cannot go from ${this.#state} to ${next}`);
    this.#state = next;
  }
}

/** Kills a child and what it has started; the group has the child's id because the child leads it. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
