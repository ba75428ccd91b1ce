/** A replica without a model: sleeps for a batch as if it ran one, then gives every x back as y. */
import { Block, decodeBatch, encodeReply, type MethodSignature } from '@serving/common';
import type { BatchWork, CreditSink } from '@serving/worker';
import type { LinkedReplica, LinkedShare } from '../../packages/worker/dist/link/linked-replica.js';

export const sleepMs = 20;
export const sleepingBatch = 8;

const method: MethodSignature = {
  name: 'predict',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  modelBatchSize: sleepingBatch,
  idempotent: true,
};

export class SleepingReplica implements LinkedReplica {
  readonly id: string;
  readonly servable = 'sleeping';
  readonly version = 1;
  readonly executors = 1;
  readonly methods = [method];
  readonly isAvailable = true;

  constructor(id: string) {
    this.id = id;
  }

  /** There is one master only. */
  share(sink: CreditSink, validMs: number): LinkedShare {
    return new WholeShare(sink, validMs);
  }
}

/** One credit, always the same. */
class WholeShare implements LinkedShare {
  readonly validMs: number;
  readonly #sink: CreditSink;
  busy = 0;

  constructor(sink: CreditSink, validMs: number) {
    this.#sink = sink;
    this.validMs = validMs;
  }

  open(): void {
    this.#sink.grant(0, this.validMs);
  }

  run(work: BatchWork): void {
    this.busy++;
    setTimeout(() => {
      this.busy--;
      for (const frame of repliesTo(work)) work.onFrame(frame);
      work.onDone();
      this.#sink.grant(0, this.validMs);
    }, sleepMs);
  }

  /** Its batches end by themselves soon enough. */
  cancel(): void {}
  cancelAll(): void {}
  close(): void {}
  demand(): void {}
  renew(): void {}
  arriving(): void {}
}

function repliesTo({ batchId, frame }: BatchWork): ArrayBuffer[] {
  let next = 0;
  return decodeBatch(frame).sections.map(({ count, columns }) => {
    const first = next;
    next += count;
    const outputs = new Block(
      count,
      columns.map((column) => ({ ...column, name: 'y' })),
    ).all();
    const reply = { first, count, sequence: 0, last: true, outcome: { ok: true, outputs } } as const;
    return encodeReply({ batchId, reply, durations: [] });
  });
}
