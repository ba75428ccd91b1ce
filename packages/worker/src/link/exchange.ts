/** The worker's end of the exchange stream: batches in, credits and replies out. */
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
import type { LinkedReplica } from './linked-replica.js';

export class Exchange {
  readonly #stream: RpcClientStream;
  readonly #replicas: ReadonlyMap<string, LinkedReplica>;
  readonly #inbox = new FrameInbox();
  readonly #outbox: FrameOutbox<FrameLabel>;
  /** Batches without their last reply, by replica. */
  readonly #running = new Map<string, Set<number>>();
  /** Batches that were cancelled between two chunks of their frames, by replica and id. */
  readonly #cancelledEarly = new Set<string>();
  #isOver = false;

  constructor(stream: RpcClientStream, replicas: ReadonlyMap<string, LinkedReplica>) {
    this.#stream = stream;
    this.#replicas = replicas;
    this.#outbox = new FrameOutbox((chunk, label) =>
      this.#send({ $case: 'reply', value: chunkToWire(chunk, label) }),
    );
  }

  /** Batches that run now. */
  busy(replicaId: string): number {
    return this.#running.get(replicaId)?.size ?? 0;
  }

  /** Lets the master send the replica batches. */
  offer(replica: LinkedReplica): void {
    const { id: replicaId } = replica;
    replica.grantTo({
      grant: ({ creditId }) => this.#tell({ $case: 'grant', value: { replicaId, creditId } }),
      recall: (creditId) => this.#tell({ $case: 'recall', value: { replicaId, creditId } }),
    });
  }

  /** Takes what the master sends until the stream ends. @throws RpcError, ServingError FRAME_INVALID or BAD_REQUEST */
  async serve(): Promise<void> {
    try {
      for await (const bytes of this.#stream.messages) {
        const { message } = readMessage('ExchangeResponse', link.ExchangeResponse, bytes);
        if (message?.$case === 'batch') this.#take(this.#inbox.add(message.value));
        else if (message?.$case === 'cancellation') this.#cancel(message.value);
      }
    } finally {
      this.#abandon();
    }
  }

  #cancel({ replicaId, batchId }: link.BatchCancellation): void {
    if (this.#inbox.isIncomplete(replicaId, batchId)) this.#cancelledEarly.add(keyOf(replicaId, batchId));
    else this.#replicas.get(replicaId)?.cancel(batchId);
  }

  #take(whole: LabelledFrame | undefined): void {
    if (whole === undefined) return;
    const { label, frame } = whole;
    const { replicaId, batchId, method, count } = label;
    const replica = this.#replicas.get(replicaId);
    if (replica === undefined)
      throw new ServingError('FRAME_INVALID', `batch for replica ${replicaId}, which is not of this worker`);
    const running = this.#running.get(replicaId) ?? new Set();
    this.#running.set(replicaId, running.add(batchId));
    replica.run({
      batchId,
      method,
      count,
      frame,
      onFrame: (reply) => {
        if (!this.#isOver) this.#outbox.add(reply, { replicaId, batchId, method: '', count: 0 });
      },
      onReturned: () => {
        running.delete(batchId);
        this.#tell({ $case: 'returned', value: { replicaId, batchId } });
      },
      onLost: (why, overdue) => {
        running.delete(batchId);
        this.#tell({ $case: 'lost', value: { replicaId, batchId, why, overdue } });
      },
      onDone: () => running.delete(batchId),
    });
    // Its replies are still waited for, so it is run, and told to end early.
    if (this.#cancelledEarly.delete(keyOf(replicaId, batchId))) replica.cancel(batchId);
  }

  /** Nobody takes the replies of what runs any more. */
  #abandon(): void {
    this.#isOver = true;
    for (const [replicaId, batchIds] of this.#running)
      for (const batchId of batchIds) this.#replicas.get(replicaId)?.cancel(batchId);
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

function keyOf(replicaId: string, batchId: number): string {
  return `${batchId} ${replicaId}`;
}
