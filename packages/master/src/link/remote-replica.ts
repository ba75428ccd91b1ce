/** A replica in another process: hands batches to its worker's exchange stream and takes the replies. */
import {
  decodeReply,
  ServingError,
  StateMachine,
  replicaTransitions,
  type BatchReply,
  type FrameLabel,
  type MethodSignature,
  type ReplicaLifeState,
} from '@serving/common';
import { Answered } from '../call/answered.js';
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
  sendCancellation(replicaId: string, batchId: number): void;
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
  readonly #states = new StateMachine<ReplicaLifeState, typeof replicaTransitions>(
    replicaTransitions,
    'loading',
  );
  /** One for an executor at most. A Map would keep those that are over (see LinkedList). */
  readonly #inFlight: InFlight[] = [];
  /** Credits granted before anybody listened, then those that were not spent. */
  readonly #credits = new Set<number>();
  #listener: CreditListener | undefined;
  #onIdle: () => void = () => undefined;

  constructor(workerId: string, info: RemoteReplicaInfo, exit: BatchExit) {
    this.id = `${workerId}/${info.replicaId}`;
    this.replicaId = info.replicaId;
    this.servable = info.servable;
    this.version = info.version;
    this.executors = info.executors;
    this.methods = info.methods;
    this.#exit = exit;
  }

  get state(): ReplicaLifeState {
    return this.#states.state;
  }

  get activity(): ReplicaActivity {
    return { credits: this.#credits.size, inFlight: this.#inFlight.length };
  }

  /** Takes what the worker says of the replica; false when that changes nothing. */
  take(event: Parameters<StateMachine<ReplicaLifeState, typeof replicaTransitions>['take']>[0]): boolean {
    return this.#states.take(event);
  }

  grantTo(listener: CreditListener): void {
    this.#listener = listener;
    for (const creditId of this.#credits) listener.grant(this.#credit(creditId));
  }

  grant(creditId: number): void {
    this.#credits.add(creditId);
    this.#listener?.grant(this.#credit(creditId));
  }

  recall(creditId: number): void {
    this.#credits.delete(creditId);
    this.#listener?.recall(creditId);
  }

  #credit(creditId: number) {
    return { replicaId: this.id, creditId, expiresAt: Infinity };
  }

  send(work: ReplicaWork): void {
    // The worker runs it on the executor whose credit is the oldest, so that is the one which is spent.
    const [spent] = this.#credits;
    if (spent !== undefined) this.#credits.delete(spent);
    const { batchId, method, count, frame } = work;
    this.#inFlight.push({ work, answered: undefined });
    this.#exit.sendBatch(frame, { replicaId: this.replicaId, batchId, method, count });
  }

  cancel(batchId: number): void {
    if (this.#find(batchId) !== undefined) this.#exit.sendCancellation(this.replicaId, batchId);
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
    for (const creditId of this.#credits) this.recall(creditId);
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
