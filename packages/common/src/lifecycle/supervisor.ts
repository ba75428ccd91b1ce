/**
 * Child processes that are kept running: started together, replaced when they end, stopped together. A child is told
 * to stop by SIGTERM (see onShutdownSignal) and should call endWithParent, which is all that ends it if the parent is
 * killed: being in a session of its own, it gets no signal from the terminal, neither Ctrl+C nor the hang-up.
 *
 * As the first process of a container the parent needs no help for its own children: Node reaps them. It does not
 * reap processes that their parents left behind and that the kernel then gave to it; a servable that starts such
 * processes needs an init in front (`docker run --init`). A service manager has to send its SIGTERM to the parent
 * only, as a container engine does (systemd: `KillMode=mixed`), since a second one ends a child at once.
 */
import type { Writable } from 'node:stream';
import type { Logger } from '../logging/logger.js';
import { systemClock, type Clock } from '../timing/clock.js';
import { SharedOutput } from './forward-lines.js';
import { SupervisedChild, type ChildCommand, type ChildSnapshot, type FatalEnd } from './supervised-child.js';

export interface SupervisorOptions {
  readonly children: readonly ChildCommand[];
  readonly logger: Logger;
  /** Whether a child that ends with this code and has never served would only do so again, as after a wrong option. */
  readonly isFatal: (exitCode: number) => boolean;
  /** How long the other children may take to stop when one has ended for good, in milliseconds. */
  readonly killAfterMs: number;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Picks the jitter of delays, in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Where lines of the children's standard output go, as `[name] line`. @default process.stdout */
  readonly stdout?: Writable;
  /** Where lines of the children's standard error go, unchanged. @default process.stderr */
  readonly stderr?: Writable;
}

/** The longest interval a timer takes. */
const neverMs = 2 ** 31 - 1;

/**
 * A child that ends, by a code or a signal, is replaced after a delay that grows (backoffMs) until one has run for
 * `steadyAfterMs`. One whose exit code is fatal, or that cannot be started, ends the others too, unless it has served
 * before (tellServing): what others still serve must not end because a file was half written when one started anew.
 */
export class Supervisor {
  /** Resolves when each child has served once. */
  readonly served: Promise<void>;
  /** Resolves when a child ended for good and the others have been stopped; otherwise never. */
  readonly fatal: Promise<FatalEnd>;
  readonly #children: readonly SupervisedChild[];
  readonly #clock: Clock;
  #phase: 'new' | 'started' | 'stopping' = 'new';
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    const { logger, isFatal, killAfterMs, clock = systemClock, random = Math.random } = options;
    const stdout = new SharedOutput(options.stdout ?? process.stdout);
    const stderr = new SharedOutput(options.stderr ?? process.stderr);
    let resolveFatal: (end: FatalEnd) => void;
    this.fatal = new Promise((resolve) => (resolveFatal = resolve));
    const onFatal = (end: FatalEnd) => void this.stop(killAfterMs).then(() => resolveFatal(end));
    this.#clock = clock;
    this.#children = options.children.map((command) => {
      const childLogger = logger.child({ child: command.name });
      const shared = { clock, random, isFatal, stdout, stderr, onFatal };
      return new SupervisedChild({ command, logger: childLogger, ...shared });
    });
    this.served = Promise.all(this.#children.map((child) => child.served)).then(() => undefined);
  }

  /** The children as they are now. */
  get children(): readonly ChildSnapshot[] {
    return this.#children.map((child) => child.snapshot);
  }

  /** Starts all children, once; after `stop` it does nothing. */
  start(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'started';
    // While all children wait for their next start, nothing else would keep this process alive.
    this.#keepAlive = setInterval(() => undefined, neverMs);
    for (const child of this.#children) child.start();
  }

  /**
   * Asks all children to end, kills what is left after the grace, and resolves when none is left and their output has
   * been passed on. May be called at any time and again: the earliest end of a grace counts.
   */
  async stop(graceMs: number): Promise<void> {
    this.#phase = 'stopping';
    for (const child of this.#children) child.stop();
    const cancelKill = this.#clock.after(graceMs, () => {
      for (const child of this.#children) child.kill();
    });
    await Promise.all(this.#children.map((child) => child.ended));
    cancelKill();
    clearInterval(this.#keepAlive);
  }
}
