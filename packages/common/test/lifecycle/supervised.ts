/** Supervisors of small real processes, ended after each test whatever became of it. */
import { afterEach } from '@jest/globals';
import { pino } from 'pino';
import { PassThrough } from 'node:stream';
import { Supervisor, type SupervisorOptions } from '../../src/lifecycle/supervisor.js';
import type { ChildCommand } from '../../src/lifecycle/supervised-child.js';
import type { ChildState } from '../../src/lifecycle/child-state.js';
import { eventually } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';

const supervised: Supervised[] = [];

afterEach(async () => {
  for (const each of supervised.splice(0)) await each.stop(0);
});

/** Shortest delays: those of backoffMs without jitter are 50, 100, 200, … */
const withoutJitter = () => 0;

export class Supervised {
  readonly clock = new ManualClock();
  readonly supervisor: Supervisor;
  readonly log: Record<string, unknown>[] = [];
  stdout = '';
  stderr = '';

  constructor(children: readonly ChildCommand[], options: Partial<SupervisorOptions> = {}) {
    const collect = (add: (text: string) => void) =>
      new PassThrough().setEncoding('utf8').on('data', (text: string) => add(text));
    const write = (line: string) => this.log.push(JSON.parse(line) as Record<string, unknown>);
    this.supervisor = new Supervisor({
      children,
      logger: pino({ base: null }, { write }),
      isFatal: (exitCode) => exitCode === 2 || exitCode === 3,
      killAfterMs: 5_000,
      clock: this.clock,
      random: withoutJitter,
      stdout: collect((text) => (this.stdout += text)),
      stderr: collect((text) => (this.stderr += text)),
      ...options,
    });
    supervised.push(this);
  }

  state(index = 0): ChildState {
    return this.supervisor.children[index]!.state;
  }

  pid(index = 0): number {
    const { pid } = this.supervisor.children[index]!;
    if (pid === undefined) throw new Error('there is no process');
    return pid;
  }

  reaches(state: ChildState, index = 0): Promise<unknown> {
    return eventually(`child ${index} is ${state}`, () => this.state(index) === state);
  }

  prints(text: string, times = 1): Promise<unknown> {
    const count = () => this.stdout.split(text).length - 1;
    return eventually(`"${text}" is printed ${times} times`, () => count() >= times);
  }

  /** What was logged with this text. */
  logged(message: string): readonly Record<string, unknown>[] {
    return this.log.filter((line) => line['msg'] === message);
  }

  /** Stops with a grace of this clock, and lets it pass at once. */
  async stop(graceMs: number): Promise<void> {
    const stopped = this.supervisor.stop(graceMs);
    this.clock.advance(graceMs);
    await stopped;
  }
}

/** A child that runs this text. */
export function script(name: string, text: string, ...args: readonly string[]): ChildCommand {
  return { name, command: process.execPath, args: ['-e', text, '--', ...args] };
}

/** Runs until it is told to end. */
export const patient = `setInterval(() => {}, 1e6); console.log('up')`;

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
