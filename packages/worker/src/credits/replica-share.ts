/** One master's share of a replica: its credits, and the batches it sent for those it has spent. */
import type { BatchWork, InstanceRange } from '../executors/batch-work.js';
import type { ExecutorPool } from '../executors/executor-pool.js';
import { CreditAccount, type CreditSink } from './credit-account.js';
import type { CreditBroker } from './credit-broker.js';

/** A batch and the credit that it spends. */
export interface GrantedWork extends BatchWork {
  readonly creditId: number;
}

export class ReplicaShare {
  readonly #broker: CreditBroker;
  readonly #pool: Pick<ExecutorPool, 'run' | 'cancel'>;
  readonly #account: CreditAccount;
  /** Batches that have not ended, by the ids that this master gave them. */
  readonly #running = new Map<number, BatchWork>();
  #isOpen = false;

  /** @param validMs how long a credit is good for unless it is renewed */
  constructor(
    broker: CreditBroker,
    pool: Pick<ExecutorPool, 'run' | 'cancel'>,
    sink: CreditSink,
    validMs: number,
  ) {
    this.#broker = broker;
    this.#pool = pool;
    this.#account = new CreditAccount(sink, validMs);
  }

  /** Batches that have not ended. */
  get busy(): number {
    return this.#running.size;
  }

  /** How long a credit is good for unless it is renewed, in milliseconds. */
  get validMs(): number {
    return this.#account.validMs;
  }

  /** Grants credits from now on. To be called again when the master has forgotten those it had. */
  open(): void {
    if (this.#isOpen) return this.#broker.replaceAll(this.#account);
    this.#isOpen = true;
    return this.#broker.open(this.#account);
  }

  /** Grants no more; what it sent goes on. */
  close(): void {
    this.#broker.close(this.#account);
  }

  /** Instances that wait at the master. */
  demand(waiting: number): void {
    this.#broker.demand(this.#account, waiting);
  }

  /** The credits it holds are good for as long as new ones; to be called before the master is told so. */
  renew(): void {
    this.#broker.renew(this.#account);
  }

  /** The batch that spends the credit has begun to arrive. */
  arriving(creditId: number): void {
    this.#broker.arriving(this.#account, creditId);
  }

  /** Runs the batch on the executor of its credit; returns it when the credit is void. */
  run({ creditId, ...work }: GrantedWork): void {
    const executorId = this.#broker.spend(this.#account, creditId);
    // Told on a fresh turn: whoever sends is not sent to meanwhile.
    if (executorId === undefined) return queueMicrotask(work.onReturned);
    const { batchId, onDone, onReturned, onLost } = work;
    const tracked: BatchWork = {
      ...work,
      onDone: () => {
        this.#ended(batchId);
        onDone();
      },
      onReturned: () => {
        this.#ended(batchId);
        onReturned();
      },
      onLost: (why, overdue) => {
        this.#ended(batchId);
        onLost(why, overdue);
      },
    };
    this.#running.set(batchId, tracked);
    return this.#pool.run(executorId, tracked);
  }

  #ended(batchId: number): void {
    this.#running.delete(batchId);
    this.#broker.ended(this.#account);
  }

  /** Nobody waits for the batch, or these instances of it, any more. It still ends as any other. */
  cancel(batchId: number, instances?: InstanceRange): void {
    const work = this.#running.get(batchId);
    if (work !== undefined) this.#pool.cancel(work, instances);
  }

  /** Nobody takes what its batches give. */
  cancelAll(): void {
    for (const work of this.#running.values()) this.#pool.cancel(work);
  }
}
