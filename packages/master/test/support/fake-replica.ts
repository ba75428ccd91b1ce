/** A replica that keeps what it is sent and answers on the test's command, over encoded frames as a real one does. */
import {
  Block,
  bytesColumn,
  contiguousBytes,
  decodeBatch,
  decodeReply,
  encodeReply,
  failure,
  ServingError,
  type BatchContents,
  type BytesColumn,
  type Credit,
  type MethodSignature,
  type Reply,
} from '@serving/common';
import type { CreditListener, InstanceRange, Replica, ReplicaWork } from '../../src/cluster/replica.js';

/** What an instance holds, as one text; the fake's output `y` for it. */
export function instanceText(block: Block, instance: number): string {
  return block.columns
    .map((column) => {
      const bytes =
        column.kind === 'numeric'
          ? contiguousBytes(column, instance, instance + 1)
          : elementsOf(column, instance);
      return `${column.name}:${column.dtype}[${column.shape.join(',')}]=${Buffer.from(bytes).toString('hex')}`;
    })
    .join(' ');
}

function elementsOf({ elements, elementsPerInstance: each }: BytesColumn, instance: number): Uint8Array {
  return Buffer.concat(elements.slice(instance * each, (instance + 1) * each));
}

export function signature(
  name: string,
  inputs: readonly string[] = ['x'],
  modelBatchSize = 0,
  idempotent = true,
): MethodSignature {
  const ports = inputs.map((input) => ({ name: input }));
  return { name, inputs: ports, outputs: [{ name: 'y' }], modelBatchSize, idempotent };
}

/** A batch that a FakeReplica was sent. */
export class FakeWork {
  readonly contents: BatchContents;
  /** What each instance holds. */
  readonly texts: readonly string[];
  /** What it took in an executor, as the first reply tells. */
  tookMs = 0;
  readonly #work: ReplicaWork;

  constructor(work: ReplicaWork) {
    this.#work = work;
    this.contents = decodeBatch(work.frame);
    this.texts = this.contents.sections.flatMap((section) =>
      Array.from({ length: section.count }, (_, i) => instanceText(section, i)),
    );
  }

  get batchId(): number {
    return this.#work.batchId;
  }

  get count(): number {
    return this.#work.count;
  }

  get method(): string {
    return this.#work.method;
  }

  /** Answers `count` instances from `first` on with what they hold. */
  succeed(first = 0, count = this.count - first, more: Partial<Reply> = {}): void {
    const elements = this.texts.slice(first, first + count).map((text) => Buffer.from(text));
    const outputs = new Block(count, [bytesColumn('y', 'string', [], elements)]).all();
    this.send({ first, count, sequence: 0, last: true, outcome: { ok: true, outputs }, ...more });
  }

  fail(first = 0, count = this.count - first, message = 'the stage threw'): void {
    this.send(failure(first, count, new ServingError('STAGE_FAILED', message)));
  }

  /** Hands the batch back, not started. */
  giveBack(): void {
    this.#work.onReturned();
  }

  lose(why = 'it died'): void {
    this.#work.onLost(why);
  }

  /** It does not come back in time; these instances were worked on. */
  standStill(first = 0, count = this.count - first): void {
    this.#work.onLost('did not return within 5 ms', { first, count });
  }

  send(reply: Reply): void {
    const durations = this.tookMs === 0 ? [] : [{ stage: 'model', micros: this.tookMs * 1000, model: true }];
    this.tookMs = 0;
    this.#work.onReply(decodeReply(encodeReply({ batchId: this.batchId, reply, durations })));
  }
}

export interface FakeReplicaOptions {
  readonly id?: string;
  readonly servable?: string;
  readonly version?: number;
  readonly methods?: readonly MethodSignature[];
  readonly executors?: number;
}

export class FakeReplica implements Replica {
  readonly id: string;
  readonly servable: string;
  readonly version: number;
  readonly methods: readonly MethodSignature[];
  readonly executors: number;
  /** Everything it was sent, in order. */
  readonly works: FakeWork[] = [];
  readonly cancelled: number[] = [];
  /** Batches of which only some instances were cancelled, and these. */
  readonly cancelledParts: (readonly [batchId: number, InstanceRange])[] = [];
  /** Called within `send`. */
  onSend: (work: FakeWork) => void = () => undefined;
  #listeners: CreditListener[] = [];
  #nextCreditId = 1;

  constructor(options: FakeReplicaOptions = {}) {
    this.servable = options.servable ?? 'add';
    this.version = options.version ?? 1;
    this.id = options.id ?? `${this.servable}@${this.version}`;
    this.methods = options.methods ?? [signature('predict')];
    this.executors = options.executors ?? 1;
  }

  /** As the replica of this process does: a credit goes to the last listener, once. */
  grantTo(listener: CreditListener): void {
    this.#listeners.push(listener);
  }

  /** Grants credits; gives the id of the last. */
  grant(count = 1, expiresAt = Infinity): number {
    for (let i = 0; i < count; i++)
      this.grantCredit({ replicaId: this.id, creditId: this.#nextCreditId++, expiresAt });
    return this.#nextCreditId - 1;
  }

  grantCredit(credit: Credit): void {
    this.#listeners.at(-1)!.grant(credit);
  }

  recall(creditId: number): void {
    this.#listeners.at(-1)!.recall(creditId);
  }

  send(work: ReplicaWork): void {
    const taken = new FakeWork(work);
    this.works.push(taken);
    this.onSend(taken);
  }

  cancel(batchId: number, instances?: InstanceRange): void {
    if (instances === undefined) this.cancelled.push(batchId);
    else this.cancelledParts.push([batchId, instances]);
  }

  /** It is gone with everything it was sent. Whoever routes to it has to take it out first. */
  die(why?: string): void {
    for (const work of this.works) work.lose(why);
  }

  /** The batch it was sent last. */
  get last(): FakeWork {
    return this.works.at(-1)!;
  }

  /** Instances per batch, in order of sending. */
  get sizes(): number[] {
    return this.works.map((work) => work.count);
  }
}
