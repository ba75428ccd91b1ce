/** One worker's registration: its epoch, its lease, its replicas, and the streams that live as long as it does. */
import {
  Lease,
  registrationTransitions,
  StateMachine,
  type Clock,
  type FrameLabel,
  type link,
  type Logger,
  type RegistrationState,
  type WorkerIdentity,
} from '@serving/common';
import type { ReplicaRegistry } from '../cluster/replica-registry.js';
import type { InstanceRange } from '../cluster/replica.js';
import { RemoteReplica, type BatchExit, type RemoteReplicaInfo } from './remote-replica.js';

export interface RegistrationSettings {
  readonly worker: WorkerIdentity;
  readonly epoch: number;
  readonly leaseMs: number;
  readonly registry: ReplicaRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A replica of the worker is in routing. */
  readonly onServing: () => void;
  readonly onEnded: (how: RegistrationEnd) => void;
}

const endTexts = {
  broken: 'the connection to the worker broke',
  expired: 'no heartbeat came for a whole lease',
  left: 'the worker left',
  replaced: 'the worker registered anew',
  stopped: 'the master is stopping',
  unattached: 'no exchange stream came for a whole lease',
};

/** How a registration can end. */
export type RegistrationEnd = keyof typeof endTexts;

export const registrationEnds = Object.keys(endTexts) as readonly RegistrationEnd[];

export class Registration {
  readonly worker: WorkerIdentity;
  readonly epoch: number;
  readonly replicas = new Map<string, RemoteReplica>();
  readonly #settings: RegistrationSettings;
  readonly #lease: Lease;
  /** How long the exchange stream may take to come. */
  readonly #joining: Lease;
  readonly #states = new StateMachine<RegistrationState, typeof registrationTransitions>(
    registrationTransitions,
    'joining',
  );
  readonly #endListeners = new Set<(why: string) => void>();
  /** What waits for the exchange stream, in order. */
  #onLive: (() => void)[] = [];
  #exit: BatchExit | undefined;
  #endedBecause = '';

  constructor(settings: RegistrationSettings) {
    this.worker = settings.worker;
    this.epoch = settings.epoch;
    this.#settings = settings;
    const { leaseMs, clock } = settings;
    this.#lease = new Lease(leaseMs, clock, () => this.end('expired'));
    this.#joining = new Lease(leaseMs, clock, () => this.end('unattached'));
  }

  get isEnded(): boolean {
    return this.#states.state === 'ended';
  }

  get heartbeatAgeMs(): number {
    return this.#lease.ageMs;
  }

  /** A heartbeat came, with what it says of the replicas. */
  renew(loads: readonly link.ReplicaLoad[] = []): void {
    this.#lease.renew();
    for (const { replicaId, creditsValidMs } of loads) this.replicas.get(replicaId)?.renew(creditsValidMs);
  }

  /** Calls `listener` once when the registration ends, at once when it has. */
  onEnd(listener: (why: string) => void): void {
    if (this.isEnded) listener(this.#endedBecause);
    else this.#endListeners.add(listener);
  }

  /** The exchange stream is there: batches leave by it. */
  attach(exit: BatchExit): void {
    this.#exit = exit;
    if (!this.#states.take('attached')) return;
    this.#joining.end();
    for (const listener of this.#onLive.splice(0)) listener();
  }

  /** Calls `listener` when the exchange stream is there: a replica that is routed to before that answers nobody. */
  whenLive(listener: () => void): void {
    if (this.#states.state === 'joining') this.#onLive.push(listener);
    else if (!this.isEnded) listener();
  }

  /**
   * Adds a replica or takes its new state.
   * @throws ServingError SIGNATURE_CONFLICT when it disagrees with a live replica of the same version
   */
  update(info: RemoteReplicaInfo, state: 'loading' | 'available'): void {
    let replica = this.replicas.get(info.replicaId);
    if (replica?.state === 'draining') return;
    // What was told while it was loading is not its signature yet; but what it was sent it still has to answer.
    if (replica === undefined || (replica.state === 'loading' && replica.activity.inFlight === 0)) {
      replica?.wantDemand(false);
      replica = new RemoteReplica(this.worker.workerId, info, this.#exitOfStream, this.#settings.clock);
      this.replicas.set(info.replicaId, replica);
    }
    if (state === 'available' && replica.state === 'loading') {
      this.#settings.registry.add(replica);
      replica.take('loaded');
      this.#settings.onServing();
    } else if (state === 'loading' && replica.take('unavailable')) {
      this.#settings.registry.remove(replica.id);
    }
  }

  /** Takes the replica out of routing; `onDrained` is called when its last batch is answered. */
  drain(replicaId: string, onDrained: () => void): void {
    const replica = this.replicas.get(replicaId);
    if (replica === undefined || !replica.take('drain')) return;
    this.#settings.registry.remove(replica.id);
    replica.whenIdle(onDrained);
  }

  /** The replica is gone while its worker lives on. */
  withdraw(replicaId: string): void {
    const replica = this.replicas.get(replicaId);
    if (replica === undefined) return;
    this.replicas.delete(replicaId);
    this.#drop(replica, 'withdrawn', `worker ${this.worker.workerId} withdrew the replica`);
  }

  end(how: RegistrationEnd): void {
    if (!this.#states.take(how)) return;
    this.#lease.end();
    this.#joining.end();
    this.#onLive = [];
    this.#endedBecause = endTexts[how];
    this.#settings.onEnded(how);
    const { workerId } = this.worker;
    const logged = { worker: workerId, epoch: this.epoch, why: this.#endedBecause };
    if (how === 'left' || how === 'stopped') this.#settings.logger.info(logged, 'worker left');
    else this.#settings.logger.warn(logged, 'worker lost');
    const replicas = [...this.replicas.values()];
    // All of them leave routing before any batch looks for another replica.
    for (const replica of replicas) this.#settings.registry.remove(replica.id);
    for (const replica of replicas) this.#drop(replica, 'lost', `worker ${workerId}: ${this.#endedBecause}`);
    for (const listener of this.#endListeners) listener(this.#endedBecause);
    this.#endListeners.clear();
  }

  #drop(replica: RemoteReplica, event: 'withdrawn' | 'lost', why: string): void {
    replica.take(event);
    this.#settings.registry.remove(replica.id);
    replica.lose(why);
  }

  /** Replicas outlive no stream, but come before it. */
  readonly #exitOfStream: BatchExit = {
    sendBatch: (frame: ArrayBuffer, label: FrameLabel) => this.#exit?.sendBatch(frame, label),
    sendCancellation: (replicaId: string, batchId: number, instances?: InstanceRange) =>
      this.#exit?.sendCancellation(replicaId, batchId, instances),
    sendDemand: (replicaId: string, waiting: number) => this.#exit?.sendDemand(replicaId, waiting),
  };
}
