/** Two methods with policies of their own under a script of events, and an account of what must come of them. */
import { expect } from '@jest/globals';
import { Block, numericColumn, type Batching } from '@serving/common';
import { callOf, type TestCall } from './calls.js';
import { FakeReplica, instanceText, type FakeWork } from './fake-replica.js';
import { Scheduler } from './scheduler.js';

const limits = {
  maxBatchSize: 6,
  maxBatchBytes: 40,
  minShare: 2,
  maxQueueInstances: 60,
  maxQueueBytes: 1000,
  maxQueueRequests: 30,
  maxTotalInstances: 90,
};
const methods = ['a', 'b'] as const;

export interface PlayedArrival {
  readonly method: (typeof methods)[number];
  /** Elements of an instance, and number of instances, of each block. */
  readonly blocks: readonly (readonly [size: number, count: number])[];
  readonly priority: number;
  readonly deadlineMs: number | undefined;
  readonly retainedBytes: number;
}

interface PlayedCall {
  readonly call: TestCall;
  /** What each instance holds. */
  readonly texts: readonly string[];
}

export class SchedulingPlay {
  readonly scheduler: Scheduler;
  readonly calls: PlayedCall[] = [];
  /** Everything that was sent to anybody, whether it has ended or not. */
  readonly works: FakeWork[] = [];
  /** Replicas in service. */
  readonly live: FakeReplica[] = [];
  readonly #failed = new Set<string>();
  #replicas = 0;
  #nextValue = 1;
  #wasDeserted = false;
  #hasLost = false;

  constructor(a: Batching, b: Batching) {
    this.scheduler = new Scheduler({ a, b }, limits);
    this.add();
  }

  arrive({ method, blocks: given, priority, deadlineMs, retainedBytes }: PlayedArrival): void {
    const blocks = given.map(([size, count]) => this.#block(size, count));
    const call = callOf(blocks, {
      priority,
      retainedBytes,
      arrivedAt: this.scheduler.clock.now(),
      ...(deadlineMs === undefined ? {} : this.scheduler.inMs(deadlineMs)),
    });
    const texts = blocks.flatMap((block) =>
      Array.from({ length: block.count }, (_, i) => instanceText(block, i)),
    );
    this.calls.push({ call, texts });
    this.scheduler.enqueue(method, call);
  }

  /** Instances that no other call has. */
  #block(size: number, count: number): Block {
    const values = Array.from({ length: size * count }, () => this.#nextValue++);
    const bytes = new Uint8Array(Float32Array.from(values).buffer);
    return new Block(count, [numericColumn('x', 'float32', [size], [bytes])]);
  }

  add(): void {
    const replica = new FakeReplica({ id: `r${this.#replicas++}`, executors: 2 });
    replica.onSend = (work) => this.works.push(work);
    this.live.push(replica);
    this.scheduler.dispatcher.addReplica(replica);
  }

  /** Takes the replica out of service as a registry does: routes and queues first, then its batches. */
  kill(replica: FakeReplica): void {
    this.live.splice(this.live.indexOf(replica), 1);
    const { dispatcher } = this.scheduler;
    dispatcher.removeReplica(replica.id);
    if (this.live.length === 0) {
      this.#wasDeserted = true;
      dispatcher.refuseAll();
      for (const { batcher } of this.scheduler.methods) batcher.refuseAll();
    }
    this.#hasLost = true;
    replica.die();
  }

  /** What was worked on is to blame; where that is of several requests, each of them is tried by itself, and may fail. */
  standStill(work: FakeWork, first: number): void {
    for (const text of work.texts) this.#failed.add(text);
    work.standStill(first);
  }

  fail(work: FakeWork, first: number, count: number): void {
    for (const text of work.texts.slice(first, first + count)) this.#failed.add(text);
    work.fail(first, count);
  }

  /** Lets everything come to its end: all that is needed are credits, answers and a little time. */
  finish(): void {
    const { scheduler } = this;
    if (this.live.length === 0) this.add();
    let answered = 0;
    for (let ms = 0; ms < 300 && (scheduler.dispatcher.waiting > 0 || answered < this.works.length); ms++) {
      for (const replica of this.live) replica.grant();
      scheduler.endRound();
      for (; answered < this.works.length; answered++) {
        this.works[answered]!.succeed();
        scheduler.endRound();
      }
      scheduler.pass(1);
    }
    expect([scheduler.dispatcher.waiting, scheduler.internal]).toEqual([0, []]);
  }

  /** Every instance has one outcome, in its place: its own output, or an error that there was a reason for. */
  checkOutcomes(): void {
    for (const { call, texts } of this.calls) {
      const { list, repeated } = call.sink;
      expect(list).toHaveLength(texts.length);
      const reasons = this.#reasons(call);
      const odd = list.filter(
        (outcome, i) =>
          outcome !== texts[i] &&
          !reasons.includes(outcome!) &&
          !(outcome === 'STAGE_FAILED' && this.#failed.has(texts[i]!)),
      );
      expect(odd).toEqual([]);
      // A call that is given up is answered as a whole, and its sink drops what it has already.
      if (!call.signal.aborted && call.deadline.at === Infinity) expect(repeated).toEqual([]);
      // A request is refused as a whole.
      if (list.includes('QUEUE_FULL')) expect(new Set(list)).toEqual(new Set(['QUEUE_FULL']));
    }
  }

  #reasons({ signal, deadline }: TestCall): string[] {
    return [
      'QUEUE_FULL',
      ...(signal.aborted ? ['CANCELLED'] : []),
      // Late is also what is predicted to be.
      ...(deadline.at < Infinity ? ['DEADLINE_EXCEEDED'] : []),
      ...(this.#wasDeserted ? ['NO_REPLICA'] : []),
      ...(this.#hasLost ? ['WORKER_LOST'] : []),
    ];
  }

  /** Budgets and timers are as they were in the beginning, and every method still takes what its queue may hold. */
  checkNothingLeft(): void {
    const { scheduler } = this;
    const { maxQueueInstances, maxTotalInstances } = limits;
    for (const { budget } of scheduler.methods)
      expect([budget.bytes, budget.shortage(maxQueueInstances, limits.maxQueueBytes)]).toEqual([
        0,
        undefined,
      ]);
    expect([scheduler.budget.bytes, scheduler.budget.shortage(maxTotalInstances, 0)]).toEqual([0, undefined]);
    scheduler.pass(1000);
    expect(scheduler.clock.pending).toBe(0);
  }
}
