/** A worker's link to its master: registers, and registers again whenever the link breaks. */
import {
  backoffMs,
  createGrpcJsChannel,
  grpcStatus,
  maxLinkMessageBytes,
  RpcError,
  ServingError,
  StateMachine,
  workerLinkTransitions,
  type Clock,
  type Logger,
  type RpcChannel,
  type WorkerIdentity,
  type WorkerLinkState,
} from '@serving/common';
import { isWithoutMaster, linkFault } from './link-fault.js';
import type { LinkedReplica } from './linked-replica.js';
import { Registration } from './registration.js';

export interface MasterLinkSettings {
  /** The master's cluster address in full. */
  readonly address: string;
  readonly identity: WorkerIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of each registration, once the master routes to the worker. */
  readonly onRegistered?: (epoch: number) => void;
  /** Told once when tries begin that may go on for long: at the start, and after each registration that ended. */
  readonly onTrying?: (outage: Outage) => void;
}

/** Why there is no link. */
export interface Outage {
  /** One line for people. */
  readonly why: string;
  /** No master is there; otherwise there is one that does not take this worker now. */
  readonly isWithoutMaster: boolean;
  /** There was a link before. */
  readonly wasRegistered: boolean;
}

/** The longest interval a timer takes. */
const neverMs = 2 ** 31 - 1;

export class MasterLink {
  readonly #settings: MasterLinkSettings;
  readonly #replicas = new Map<string, LinkedReplica>();
  readonly #states: StateMachine<WorkerLinkState, typeof workerLinkTransitions>;
  #registration: Registration | undefined;
  /** Failures since the last registration that lived for a lease. */
  #failures = 0;
  #wake: () => void = () => undefined;
  #wasRegistered = false;
  /** What the last failure was, and how many times in a row it was that, since the last registration. */
  #outage: { why: string; tries: number } | undefined;

  constructor(settings: MasterLinkSettings) {
    this.#settings = settings;
    const { logger } = settings;
    this.#states = new StateMachine<WorkerLinkState, typeof workerLinkTransitions>(
      workerLinkTransitions,
      'connecting',
      (from, to, event) => logger.debug({ from, to, event }, 'link state'),
    );
  }

  get state(): WorkerLinkState {
    return this.#states.state;
  }

  /** Announces the replica, now and at every registration to come. */
  add(replica: LinkedReplica): void {
    this.#replicas.set(replica.id, replica);
    this.#registration?.announce(replica);
  }

  /** Tells the master of the replica's new state. */
  announce(replica: LinkedReplica): void {
    this.#registration?.announce(replica);
  }

  /**
   * Keeps the link up, and the process alive, until it is closed.
   * @throws ServingError REPLICA_REFUSED or PROTOCOL_MISMATCH when the master will never take this worker
   */
  async run(): Promise<void> {
    // While the link backs off and all executors are being replaced, nothing else would.
    const keepAlive = setInterval(() => undefined, neverMs);
    try {
      while (!this.#states.isFinal) await this.#registerOnce();
    } finally {
      clearInterval(keepAlive);
      this.#resolveClosed();
    }
  }

  /** Registers, serves, and waits for the next try when that ended. */
  async #registerOnce(): Promise<void> {
    const failure = await this.#register();
    const refusal = terminal(failure, this.#settings.address);
    if (refusal !== undefined && this.#states.take('refused')) throw refusal;
    if (!this.#states.take('broken')) this.#states.take('failed');
    if (this.#states.isFinal) return;
    await this.#backOff(failure);
    this.#states.take('retry');
  }

  /** Takes no new batches, waits for those in progress for up to `graceMs`, then closes the link. */
  async drain(graceMs: number): Promise<void> {
    const registration = this.#registration;
    if (registration !== undefined && this.#states.take('drain')) {
      let cancel: () => void = () => undefined;
      const late = new Promise<void>((resolve) => (cancel = this.#settings.clock.after(graceMs, resolve)));
      await Promise.race([registration.drain(), this.#closed, late]);
      cancel();
    }
    this.close();
  }

  close(): void {
    if (!this.#states.take('drained')) this.#states.take('close');
    this.#registration?.leave();
    this.#wake();
    this.#resolveClosed();
  }

  #resolveClosed: () => void = () => undefined;
  readonly #closed = new Promise<void>((resolve) => (this.#resolveClosed = resolve));

  /** One registration; gives what ended it. */
  async #register(): Promise<unknown> {
    const { address, identity, clock, logger, onRegistered } = this.#settings;
    let steadyAt = Infinity;
    const registration = new Registration({
      identity,
      replicas: this.#replicas,
      connect: (silenceMs) => openChannel(address, silenceMs),
      clock,
      onWelcome: ({ epoch, leaseMs }) => {
        steadyAt = clock.now() + leaseMs;
        this.#registration = registration;
        this.#states.take('welcomed');
        this.#wasRegistered = true;
        this.#outage = undefined;
        logger.info({ master: address, epoch }, 'registered with the master');
      },
      onServing: (epoch) => onRegistered?.(epoch),
    });
    try {
      await Promise.race([registration.run(), this.#closed.then(() => leaving(registration, clock))]);
      return undefined;
    } catch (thrown) {
      return thrown;
    } finally {
      // A master that welcomes the worker and fails right after it is as little help as one that cannot be reached.
      if (clock.now() >= steadyAt) this.#failures = 0;
      this.#registration = undefined;
      registration.close();
    }
  }

  async #backOff(failure: unknown): Promise<void> {
    const { clock } = this.#settings;
    const delayMs = backoffMs(this.#failures++, Math.random(), { maximumMs: 2000 });
    this.#tellOutage(failure, delayMs);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      clock.after(delayMs, resolve);
    });
  }

  /** The log has every new reason, and one that stays the same ever more seldom. */
  #tellOutage(failure: unknown, delayMs: number): void {
    const { address, logger, onTrying } = this.#settings;
    const why = linkFault(failure);
    if (this.#outage === undefined)
      onTrying?.({
        why,
        isWithoutMaster: isWithoutMaster(failure),
        wasRegistered: this.#wasRegistered,
      });
    if (this.#outage?.why !== why) this.#outage = { why, tries: 0 };
    const tries = ++this.#outage.tries;
    const told = { master: address, why, tries, delayMs };
    if (isWorthTelling(tries)) logger.warn(told, 'no link to the master; trying again');
    else logger.debug(told, 'no link to the master; trying again');
  }
}

/** At the first, second, fourth, eighth … time. */
function isWorthTelling(tries: number): boolean {
  return Number.isInteger(Math.log2(tries));
}

/** Time for the goodbye to go out, in milliseconds. */
const leaveMs = 500;

function leaving(registration: Registration, clock: Clock): Promise<void> {
  registration.leave();
  return new Promise((resolve) => void clock.after(leaveMs, resolve));
}

function openChannel(address: string, silenceMs?: number): RpcChannel {
  const options = { maxMessageBytes: maxLinkMessageBytes };
  return createGrpcJsChannel(address, silenceMs === undefined ? options : { ...options, silenceMs });
}

/** The failure when trying again makes no sense. */
function terminal(thrown: unknown, address: string): ServingError | undefined {
  if (thrown instanceof ServingError && thrown.code === 'REPLICA_REFUSED') return thrown;
  if (!(thrown instanceof RpcError)) return undefined;
  if (thrown.status === grpcStatus.FAILED_PRECONDITION)
    return new ServingError('PROTOCOL_MISMATCH', `master ${address}: ${thrown.message}`);
  return undefined;
}
