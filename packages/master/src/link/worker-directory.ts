/** Which workers are registered: at most one registration per worker id, each with an epoch of its own. */
import { ServingError, type Clock, type Logger, type WorkerIdentity } from '@serving/common';
import type { ReplicaRegistry } from '../cluster/replica-registry.js';
import { Registration, type RegistrationEnd } from './registration.js';

/**
 * Least and most. Below, an ordinary pause of a process would cost its work; above, a lost worker would hold its name and
 * its batches for days.
 */
export const leaseBoundsMs = [100, 24 * 3_600_000] as const;

export interface DirectorySettings {
  readonly leaseMs: number;
  readonly registry: ReplicaRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class WorkerDirectory {
  readonly #settings: DirectorySettings;
  readonly #registrations = new Map<string, Registration>();
  // Begins with the time, so that a restarted master does not give out its predecessor's epochs.
  #nextEpoch = Date.now();
  readonly #ended = new Map<RegistrationEnd, number>();
  #registered = 0;
  #hasServed = false;
  /** When workers could first register; Infinity before. */
  #openedAt = Infinity;

  /** @throws ServingError CONFIG_INVALID for a lease that makes no sense */
  constructor(settings: DirectorySettings) {
    const [least, most] = leaseBoundsMs;
    const { leaseMs } = settings;
    if (!Number.isInteger(leaseMs) || leaseMs < least || leaseMs > most) {
      throw new ServingError(
        'CONFIG_INVALID',
        `leaseMs: expected a whole number of milliseconds from ${least} to ${most}, given ${leaseMs}`,
      );
    }
    this.#settings = settings;
  }

  get leaseMs(): number {
    return this.#settings.leaseMs;
  }

  /** Workers can register from now on. */
  opened(): void {
    this.#openedAt = Math.min(this.#openedAt, this.#settings.clock.now());
  }

  /**
   * Whether workers that will serve may not be here yet: none has ever brought a replica, or those of a master that was
   * restarted are still on their way back, which takes them up to a lease.
   */
  get awaitsWorkers(): boolean {
    if (this.#openedAt === Infinity) return false;
    return !this.#hasServed || this.#settings.clock.now() - this.#openedAt < this.leaseMs;
  }

  /** Registrations so far: a worker that comes back counts again. */
  get registered(): number {
    return this.#registered;
  }

  /** How many of them have ended so. */
  ended(how: RegistrationEnd): number {
    return this.#ended.get(how) ?? 0;
  }

  /** In the order they registered. */
  get registrations(): readonly Registration[] {
    return [...this.#registrations.values()];
  }

  /** @throws ServingError WORKER_ID_TAKEN when another process with this id is registered */
  register(worker: WorkerIdentity): Registration {
    const holder = this.#registrations.get(worker.workerId);
    if (holder !== undefined) {
      if (holder.worker.incarnation !== worker.incarnation) throw idTaken(worker, holder);
      holder.end('replaced');
    }
    const registration = new Registration({
      ...this.#settings,
      worker,
      epoch: this.#nextEpoch++,
      onServing: () => (this.#hasServed = true),
      onEnded: (how) => this.#ended.set(how, this.ended(how) + 1),
    });
    this.#registered++;
    this.#registrations.set(worker.workerId, registration);
    registration.onEnd(() => {
      if (this.#registrations.get(worker.workerId) === registration)
        this.#registrations.delete(worker.workerId);
    });
    return registration;
  }

  /** The registration if it is the worker's current one. */
  find(workerId: string, epoch: number): Registration | undefined {
    const registration = this.#registrations.get(workerId);
    return registration?.epoch === epoch ? registration : undefined;
  }

  /** The master is stopping. */
  endAll(): void {
    for (const registration of this.registrations) registration.end('stopped');
  }
}

function idTaken(worker: WorkerIdentity, { worker: holder }: Registration): ServingError {
  return new ServingError(
    'WORKER_ID_TAKEN',
    `worker id ${worker.workerId}: expected an id that no other worker has, given one that process ${holder.pid} on ${holder.host} is registered with; choose another with --id`,
  );
}
