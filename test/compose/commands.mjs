// Other programs, run to their end; Ctrl+C and SIGTERM end the one that runs, and the clean-up is what comes next.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const KEPT_CHARACTERS = 4000;
const KILL_AFTER_MS = 10_000;

/** What one command of the run needs to know of the rest: variables, and whether to go on at all. */
export class Commands {
  #interruption = new AbortController();
  /** Variables for every command besides those of this process. */
  env = {};

  /** Ends the command that runs; every later one fails at once, those of the clean-up excepted. */
  interrupt(signal) {
    this.#interruption.abort(new Error(`interrupted by ${signal}`));
  }

  get interruption() {
    return this.#interruption.signal;
  }

  /** Resolves with what it printed, trimmed; anything but exit code 0 is an error with its last lines. */
  async run(command, args, options = {}) {
    const result = await this.attempt(command, args, options);
    if (result.outcome === 'exit code 0') return result.stdout.trim();
    const last = `${result.stdout}${result.stderr}`.trim().slice(-KEPT_CHARACTERS);
    throw new Error(`\`${[command, ...args].join(' ')}\` ended with ${result.outcome}:\n${last}`);
  }

  /**
   * Resolves however it ends. `show` passes its output through, `timeLimitMs` ends it, `evenIfInterrupted` is for the
   * clean-up.
   */
  async attempt(
    command,
    args,
    { env, cwd, show = false, timeLimitMs = 60_000, evenIfInterrupted = false } = {},
  ) {
    if (!evenIfInterrupted) this.interruption.throwIfAborted();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...this.env, ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      // A group of its own: Ctrl+C reaches it through this process only, which then ends all of it.
      detached: true,
    });
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'])
      child[stream]?.setEncoding('utf8').on('data', (text) => (printed[stream] += text));
    const limit = AbortSignal.timeout(timeLimitMs);
    const reasons = evenIfInterrupted ? [limit] : [limit, this.interruption];
    const outcome = await waitForEnd(child, AbortSignal.any(reasons));
    if (!evenIfInterrupted) this.interruption.throwIfAborted();
    return { ...printed, outcome: limit.aborted ? `no end within ${timeLimitMs / 1000} s` : outcome };
  }
}

/** Resolves with how it ended, after the signal as well: nothing may go on behind the back of the clean-up. */
async function waitForEnd(child, signal) {
  let killer;
  const end = () => {
    killGroup(child.pid, 'SIGTERM');
    killer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS);
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const [code, killedBy] = await once(child, 'close');
    return killedBy ?? `exit code ${code}`;
  } catch (error) {
    return error.code === 'ENOENT' ? 'no such program' : error.message;
  } finally {
    clearTimeout(killer);
    signal.removeEventListener('abort', end);
  }
}

function killGroup(id, signal) {
  try {
    if (id !== undefined) process.kill(-id, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
