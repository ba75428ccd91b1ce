/** The worker's end of the exchange stream: batches and demand in, credits and replies out. */
import {
  chunkToWire,
  FrameInbox,
  FrameOutbox,
  link,
  readMessage,
  ServingError,
  type FrameLabel,
  type LabelledFrame,
  type RpcClientStream,
} from '@serving/common';
import type { LinkedReplica, LinkedShare } from './linked-replica.js';

export interface ExchangeSettings {
  readonly stream: RpcClientStream;
  readonly replicas: ReadonlyMap<string, LinkedReplica>;
  readonly leaseMs: number;
}

/** How long a credit is good for, in leases: a registration that is over has let go of its credits long before. */
const leasesPerCredit = 2;

export class Exchange {
  readonly #stream: RpcClientStream;
  readonly #replicas: ReadonlyMap<string, LinkedReplica>;
  readonly #creditMs: number;
  readonly #inbox = new FrameInbox();
  readonly #outbox: FrameOutbox<FrameLabel>;
  /** The master's shares of those replicas that it was offered. */
  readonly #shares = new Map<string, LinkedShare>();
  /** What was cancelled of batches between two chunks of their frames, by replica and id. */
  readonly #cancelledEarly = new Map<string, link.BatchCancellation[]>();
  #isOver = false;

  constructor({ stream, replicas, leaseMs }: ExchangeSettings) {
    this.#stream = stream;
    this.#replicas = replicas;
    this.#creditMs = leasesPerCredit * leaseMs;
    this.#outbox = new FrameOutbox((chunk, label) =>
      this.#send({ $case: 'reply', value: chunkToWire(chunk, label) }),
    );
  }

  /** What a heartbeat says of the replicas; the credits that the master holds are good for as long as it says. */
  load(): link.ReplicaLoad[] {
    return [...this.#shares].map(([replicaId, share]) => {
      share.renew();
      return { replicaId, busy: share.busy, creditsValidMs: share.validMs };
    });
  }

  /** Lets the master send the replica batches. To be called again when the master has taken it anew. */
  offer(replica: LinkedReplica): void {
    let share = this.#shares.get(replica.id);
    if (share === undefined) {
      share = this.#shareOf(replica);
      this.#shares.set(replica.id, share);
    }
    share.open();
  }

  #shareOf(replica: LinkedReplica): LinkedShare {
    const { id: replicaId } = replica;
    return replica.share(
      {
        grant: (creditId, validMs) => this.#tell({ $case: 'grant', value: { replicaId, creditId, validMs } }),
        recall: (creditId) => this.#tell({ $case: 'recall', value: { replicaId, creditId } }),
        wantDemand: (isWanted) => this.#tell({ $case: 'demandRequest', value: { replicaId, isWanted } }),
      },
      this.#creditMs,
    );
  }

  /** Takes what the master sends until the stream ends. @throws RpcError, ServingError FRAME_INVALID or BAD_REQUEST */
  async serve(): Promise<void> {
    try {
      for await (const bytes of this.#stream.messages) {
        this.#receive(readMessage('ExchangeResponse', link.ExchangeResponse, bytes).message);
      }
    } finally {
      this.#abandon();
    }
  }

  #receive(message: link.ExchangeResponse['message']): void {
    switch (message?.$case) {
      case 'batch':
        return this.#takeChunk(message.value);
      case 'cancellation':
        return this.#cancel(message.value);
      case 'demand':
        return this.#shares.get(message.value.replicaId)?.demand(message.value.waiting);
      case undefined:
        // A message of a later release of the same protocol version.
        return undefined;
    }
  }

  #takeChunk(chunk: link.FrameChunk): void {
    if (chunk.offset === 0) this.#shares.get(chunk.replicaId)?.arriving(chunk.creditId);
    const whole = this.#inbox.add(chunk);
    if (whole !== undefined) this.#take(whole);
  }

  #cancel(cancellation: link.BatchCancellation): void {
    const { replicaId, batchId, instances } = cancellation;
    if (!this.#inbox.isIncomplete(replicaId, batchId))
      return this.#shares.get(replicaId)?.cancel(batchId, instances);
    const key = keyOf(replicaId, batchId);
    const early = this.#cancelledEarly.get(key);
    if (early === undefined) this.#cancelledEarly.set(key, [cancellation]);
    else early.push(cancellation);
  }

  #take({ label, frame }: LabelledFrame): void {
    const { replicaId, batchId, method, count, creditId } = label;
    if (!this.#replicas.has(replicaId))
      throw new ServingError('FRAME_INVALID', `batch for replica ${replicaId}, which is not of this worker`);
    const share = this.#shares.get(replicaId);
    if (share === undefined) return this.#tell({ $case: 'returned', value: { replicaId, batchId } });
    const order = keyOf(replicaId, batchId);
    share.run({
      batchId,
      creditId,
      method,
      count,
      frame,
      onFrame: (reply, onSent) => {
        const replyLabel = { ...noBatch, replicaId, batchId };
        if (!this.#isOver) this.#outbox.add(reply, replyLabel, { order, onSent });
      },
      onReturned: () => this.#tell({ $case: 'returned', value: { replicaId, batchId } }),
      onLost: (why, overdue) => this.#tell({ $case: 'lost', value: { replicaId, batchId, why, overdue } }),
      onDone: () => undefined,
    });
    // Its replies are still waited for, so it is run, and told to end early.
    const early = this.#cancelledEarly.get(order);
    if (early === undefined) return;
    this.#cancelledEarly.delete(order);
    for (const { instances } of early) share.cancel(batchId, instances);
  }

  /** Nobody takes the replies of what runs any more. */
  #abandon(): void {
    this.#isOver = true;
    for (const share of this.#shares.values()) {
      share.cancelAll();
      share.close();
    }
  }

  #tell(message: NonNullable<link.ExchangeRequest['message']>): void {
    if (this.#isOver) return;
    // A stream that is broken tells so by its end.
    this.#send(message).catch(() => undefined);
  }

  #send(message: NonNullable<link.ExchangeRequest['message']>): Promise<void> {
    return this.#stream.send(link.ExchangeRequest.encode({ message }).finish());
  }
}

/** What a reply's label says of a batch. */
const noBatch = { method: '', count: 0, creditId: 0 };

function keyOf(replicaId: string, batchId: number): string {
  return `${batchId} ${replicaId}`;
}
