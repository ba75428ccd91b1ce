/** A replica in another process: hands batches to its worker's exchange stream and takes the replies. */
import {
  decodeReply,
  ServingError,
  StateMachine,
  replicaTransitions,
  type BatchReply,
  type Clock,
  type FrameLabel,
  type MethodSignature,
  type ReplicaLifeState,
} from '@serving/common';
import { Answered } from '../call/answered.js';
import { DemandReport } from './demand-report.js';
import type {
  CreditListener,
  InstanceRange,
  Replica,
  ReplicaActivity,
  ReplicaWork,
} from '../cluster/replica.js';

/** The way to the worker, once its exchange stream is there. */
export interface BatchExit {
  sendBatch(frame: ArrayBuffer, label: FrameLabel): void;
  sendCancellation(replicaId: string, batchId: number, instances?: InstanceRange): void;
  sendDemand(replicaId: string, waiting: number): void;
}

export interface RemoteReplicaInfo {
  /** Unique among the worker's replicas. */
  readonly replicaId: string;
  readonly servable: string;
  readonly version: number;
  readonly executors: number;
  readonly methods: readonly MethodSignature[];
}

interface InFlight {
  readonly work: ReplicaWork;
  /** Once a reply came that was not for all instances. */
  answered: Answered | undefined;
}

export class RemoteReplica implements Replica {
  readonly id: string;
  readonly replicaId: string;
  readonly servable: string;
  readonly version: number;
  readonly executors: number;
  readonly methods: readonly MethodSignature[];
  readonly #exit: BatchExit;
  readonly #clock: Clock;
  readonly #states = new StateMachine<ReplicaLifeState, typeof replicaTransitions>(
    replicaTransitions,
    'loading',
  );
  /** One for an executor at most. A Map would keep those that are over (see LinkedList). */
  readonly #inFlight: InFlight[] = [];
  /** Credits that were not spent, and when they lapse. */
  readonly #credits = new Map<number, number>();
  readonly #demand: DemandReport;
  #listener: CreditListener | undefined;
  #onIdle: () => void = () => undefined;

  constructor(workerId: string, info: RemoteReplicaInfo, exit: BatchExit, clock: Clock) {
    this.id = `${workerId}/${info.replicaId}`;
    this.replicaId = info.replicaId;
    this.servable = info.servable;
    this.version = info.version;
    this.executors = info.executors;
    this.methods = info.methods;
    this.#exit = exit;
    this.#clock = clock;
    this.#demand = new DemandReport((waiting) => exit.sendDemand(info.replicaId, waiting));
  }

  get state(): ReplicaLifeState {
    return this.#states.state;
  }

  get activity(): ReplicaActivity {
    this.#dropLapsed();
    return { credits: this.#credits.size, inFlight: this.#inFlight.length };
  }

  /** Takes what the worker says of the replica; false when that changes nothing. */
  take(event: Parameters<StateMachine<ReplicaLifeState, typeof replicaTransitions>['take']>[0]): boolean {
    return this.#states.take(event);
  }

  grantTo(listener: CreditListener): void {
    this.#listener = listener;
    for (const creditId of this.#credits.keys()) this.#tell(creditId);
    if (this.#demand.isWanted) listener.wantDemand(true);
  }

  /** The credit is good for so long from now on. */
  grant(creditId: number, validMs: number): void {
    this.#credits.set(creditId, this.#clock.now() + validMs);
    this.#tell(creditId);
  }

  /** So are all that have not lapsed. */
  renew(validMs: number): void {
    this.#dropLapsed();
    const expiresAt = this.#clock.now() + validMs;
    for (const creditId of this.#credits.keys()) this.#credits.set(creditId, expiresAt);
    // One that the listener spends when it is told of another is not among them any more.
    for (const creditId of this.#credits.keys()) this.#tell(creditId);
  }

  recall(creditId: number): void {
    this.#credits.delete(creditId);
    this.#listener?.recall(creditId);
  }

  #tell(creditId: number): void {
    const expiresAt = this.#credits.get(creditId);
    if (expiresAt !== undefined) this.#listener?.grant({ replicaId: this.id, creditId, expiresAt });
  }

  #dropLapsed(): void {
    const now = this.#clock.now();
    for (const [creditId, expiresAt] of this.#credits) if (expiresAt <= now) this.#credits.delete(creditId);
  }

  /** Whether the worker wants to be told what waits for its credits. */
  wantDemand(isWanted: boolean): void {
    this.#demand.want(isWanted);
    this.#listener?.wantDemand(isWanted);
  }

  demand(waiting: number): void {
    this.#demand.update(waiting, this.activity.credits > 0);
  }

  send(work: ReplicaWork): void {
    const { batchId, method, count, creditId, frame } = work;
    this.#credits.delete(creditId);
    this.#demand.spent();
    this.#inFlight.push({ work, answered: undefined });
    this.#exit.sendBatch(frame, { replicaId: this.replicaId, batchId, method, count, creditId });
  }

  cancel(batchId: number, instances?: InstanceRange): void {
    if (this.#find(batchId) !== undefined) this.#exit.sendCancellation(this.replicaId, batchId, instances);
  }

  #find(batchId: number): InFlight | undefined {
    return this.#inFlight.find(({ work }) => work.batchId === batchId);
  }

  #remove(batchId: number): InFlight | undefined {
    const index = this.#inFlight.findIndex(({ work }) => work.batchId === batchId);
    return index === -1 ? undefined : this.#inFlight.splice(index, 1)[0];
  }

  /** Takes a reply frame of the worker. @throws ServingError FRAME_INVALID */
  reply(frame: ArrayBuffer): void {
    const decoded = decodeReply(frame);
    const flight = this.#find(decoded.batchId);
    // Answered already, for instance because it was cancelled.
    if (flight === undefined) return;
    const { first, count, last } = decoded.reply;
    if (first + count > flight.work.count) {
      throw new ServingError(
        'FRAME_INVALID',
        `reply for instances ${first} to ${first + count} of a batch of ${flight.work.count}`,
      );
    }
    if (last && isSettledBy(flight, first, count)) this.#remove(decoded.batchId);
    this.#handOver(flight.work, decoded);
  }

  #handOver(work: ReplicaWork, reply: BatchReply): void {
    work.onReply(reply);
    this.#checkIdle();
  }

  /** The worker did not start the batch. */
  returned(batchId: number): void {
    const flight = this.#remove(batchId);
    if (flight === undefined) return;
    flight.work.onReturned();
    this.#checkIdle();
  }

  /** What ran the batch is gone; the replica is not, and its credits are as they were. */
  batchLost(batchId: number, why: string, overdue?: InstanceRange): void {
    const flight = this.#remove(batchId);
    if (flight === undefined) return;
    flight.work.onLost(why, overdue);
    this.#checkIdle();
  }

  /** The replica is gone: its unfinished batches are lost. To be called once it is out of routing. */
  lose(why: string): void {
    const lost = this.#inFlight.splice(0);
    for (const creditId of this.#credits.keys()) this.recall(creditId);
    if (this.#demand.isWanted) this.wantDemand(false);
    for (const { work } of lost) work.onLost(why);
  }

  /** Calls `listener` once when no batch is in flight. */
  whenIdle(listener: () => void): void {
    this.#onIdle = listener;
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#inFlight.length > 0) return;
    const listener = this.#onIdle;
    this.#onIdle = () => undefined;
    listener();
  }
}

/** Takes a final reply; true when it was the last one. Instances may be answered more than once. */
function isSettledBy(flight: InFlight, first: number, count: number): boolean {
  if (count === flight.work.count) return true;
  flight.answered ??= new Answered(flight.work.count);
  flight.answered.take(first, count, true);
  return flight.answered.left === 0;
}
