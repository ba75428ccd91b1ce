/** Keeps a replica busy with batches of one size, by its credits, as a master does with more than enough waiting. */
import { CreditPurse, encodeBatch, ServingError, type BatchReply, type Block } from '@serving/common';
import type { LocalReplica } from '../local-replica.js';

export interface BatchRuns {
  /** Executor time of each batch, ascending, in milliseconds. */
  readonly batchMs: readonly number[];
  /** From the first batch to the end of the last. */
  readonly elapsedMs: number;
}

/** When a run is over: at whichever comes first. */
export interface RunLimits {
  readonly durationMs: number;
  /** @default any number */
  readonly batches?: number;
}

interface Run {
  readonly block: Block;
  readonly endAt: number;
  readonly mostBatches: number;
  readonly signal: AbortSignal;
  readonly batchMs: number[];
  sent: number;
  inFlight: number;
  error: ServingError | undefined;
  readonly resolve: () => void;
}

/** What it needs of a replica. */
export type Replica = Pick<LocalReplica, 'servable' | 'version' | 'executors' | 'grantTo' | 'send'>;

export class BusyReplica {
  readonly #replica: Replica;
  readonly #method: string;
  readonly #purse = new CreditPurse();
  #run: Run | undefined;
  #nextBatchId = 1;

  constructor(replica: Replica, method: string) {
    this.#replica = replica;
    this.#method = method;
    replica.grantTo({
      grant: (credit) => {
        this.#purse.grant(credit);
        this.#sendWhatItTakes();
      },
      recall: (creditId) => void this.#purse.recall(creditId),
    });
  }

  /**
   * Sends the block again and again within the limits, but once to each executor at least; resolves when all have ended.
   * One run at a time.
   * @throws ServingError when an instance fails
   */
  async run(block: Block, limits: RunLimits, signal: AbortSignal): Promise<BatchRuns> {
    const { durationMs, batches: mostBatches = Infinity } = limits;
    const startedAt = performance.now();
    const batchMs: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const run: Run = {
        block,
        signal,
        batchMs,
        sent: 0,
        inFlight: 0,
        error: undefined,
        endAt: startedAt + durationMs,
        mostBatches,
        resolve: () => (run.error === undefined ? resolve() : reject(run.error)),
      };
      this.#run = run;
      this.#sendWhatItTakes();
    });
    return { batchMs: batchMs.toSorted((a, b) => a - b), elapsedMs: performance.now() - startedAt };
  }

  #sendWhatItTakes(): void {
    const run = this.#run;
    if (run === undefined) return;
    while (this.#goesOn(run)) {
      const credit = this.#purse.spend(performance.now());
      if (credit === undefined) return;
      this.#send(run, credit.creditId);
    }
    if (run.inFlight > 0) return;
    this.#run = undefined;
    run.resolve();
  }

  #goesOn({ sent, endAt, mostBatches, signal, error }: Run): boolean {
    if (signal.aborted || error !== undefined) return false;
    return sent < this.#replica.executors || (sent < mostBatches && performance.now() < endAt);
  }

  #send(run: Run, creditId: number): void {
    const { block } = run;
    const { servable, version } = this.#replica;
    const batchId = this.#nextBatchId++;
    const method = this.#method;
    const frame = encodeBatch({ batchId, servable, version, method, calls: [callOf(batchId, block)] }, [
      block.all(),
    ]);
    run.sent++;
    run.inFlight++;
    let answered = 0;
    let serviceMs = 0;
    const ended = (error?: ServingError) => {
      run.inFlight--;
      run.error ??= error;
      this.#sendWhatItTakes();
    };
    const onReply = ({ reply: { outcome, count, last }, durations }: BatchReply) => {
      for (const { micros } of durations) serviceMs += micros / 1000;
      if (!outcome.ok) run.error ??= failedOn(method, outcome.error);
      if (last) answered += count;
      if (answered < block.count) return;
      run.batchMs.push(serviceMs);
      ended();
    };
    const onReturned = () => ended();
    const onLost = (why: string) => ended(new ServingError('WORKER_LOST', `a batch was lost: ${why}`));
    this.#replica.send({
      creditId,
      batchId,
      method,
      count: block.count,
      frame,
      onReply,
      onReturned,
      onLost,
    });
  }
}

function failedOn(method: string, { code, message }: ServingError): ServingError {
  return new ServingError(
    code,
    `method ${method} fails on its inputs, which are zeros unless --input says otherwise: ${message}`,
  );
}

function callOf(callId: number, { count }: Block) {
  const affinityKey = new Uint8Array(0);
  return { callId, count, priority: 0, remainingMs: undefined, traceparent: '', affinityKey };
}
