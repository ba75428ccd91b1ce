/** A master's steps under a script of events, with a plain account of what must come of them. */
import { expect } from '@jest/globals';
import { Block, bytesColumn, Deadline, numericColumn, rangeBytes, ServingError } from '@serving/common';
import { Batcher } from '../../src/batching/batcher.js';
import type { MethodRoute } from '../../src/call/method-route.js';
import { ReplyCollector, type CollectedOutcome } from '../../src/call/reply-collector.js';
import { ManualSignal, outcomeText, partsOf } from './calls.js';
import { FakeReplica, instanceText, signature, type FakeWork } from './fake-replica.js';
import { Plane } from './plane.js';

export const limits = {
  maxBatchSize: 5,
  maxBatchBytes: 60,
  minShare: 2,
  maxQueueInstances: 30,
  maxQueueBytes: 90,
};
/** The third has every wish there is, so that the rules meet each other. */
const choosy = {
  ...signature('c'),
  batching: {
    maxBatchSize: 6,
    preferredBatchSizes: [3],
    maxQueueDelayMs: 4,
    maxBatchTimeMs: 50,
    latencyTargetMs: 20,
    priority: 1,
    weight: 2,
    refuseLate: true,
    sameShapes: true,
  },
};
const methods = [signature('a'), signature('b', ['x'], 7), choosy];
const batchSizes: Readonly<Record<string, number>> = { a: 5, b: 7, c: 6 };

export interface Arrival {
  /** 0 is the default. */
  readonly version: number;
  readonly method: string;
  /** Layout and number of instances of each block. */
  readonly blocks: readonly (readonly [layout: number, count: number])[];
  readonly priority: number;
  readonly deadlineMs: number | undefined;
  /** Instances that the front end refused, before the others. */
  readonly refused: number;
  readonly retainedBytes: number;
  /** Goes straight to the queue, as a call with a priority does. */
  readonly isDirect: boolean;
}

interface TrackedCall {
  readonly route: MethodRoute;
  /** What each instance holds; undefined where the front end refused it. */
  readonly texts: readonly (string | undefined)[];
  readonly signal: ManualSignal;
  readonly deadline: Deadline;
  /** Each set of outcomes it was given: one in the end. */
  readonly completions: (readonly CollectedOutcome[])[];
  readonly mustBeRefused: boolean;
}

/** A replica that keeps account of its credits and of what it was sent. */
export class TrackedReplica extends FakeReplica {
  /** Answers and grants again within `send`. */
  isEager = false;
  readonly #journey: Journey;
  #credits: { readonly creditId: number; readonly expiresAt: number }[] = [];

  constructor(id: string, version: number, journey: Journey) {
    super({ id, version, methods });
    this.#journey = journey;
    this.onSend = (work) => this.#took(work);
  }

  get goodCredits(): number {
    const now = this.#journey.plane.clock.now();
    this.#credits = this.#credits.filter(({ expiresAt }) => expiresAt > now);
    return this.#credits.length;
  }

  override grant(count = 1, expiresAt = Infinity): number {
    const creditId = this.#journey.nextCreditId++;
    this.#credits.push({ creditId, expiresAt });
    this.grantCredit({ replicaId: this.id, creditId, expiresAt });
    return count > 1 ? this.grant(count - 1, expiresAt) : creditId;
  }

  recallOne(which: number): void {
    const [credit] = this.#credits.splice(which % Math.max(1, this.#credits.length), 1);
    if (credit !== undefined) this.recall(credit.creditId);
  }

  #took(work: FakeWork): void {
    this.#journey.require(this.goodCredits > 0, 'a batch came without a credit');
    this.#journey.require(this.#journey.live.includes(this), 'a batch came to a replica that was removed');
    const first = this.#credits.toSorted((a, b) => a.expiresAt - b.expiresAt)[0];
    this.#credits = this.#credits.filter((credit) => credit !== first);
    this.#journey.sent(work);
    work.tookMs = work.count;
    if (!this.isEager) return;
    work.succeed();
    this.grant();
  }
}

export class Journey {
  readonly plane = new Plane(limits);
  readonly calls: TrackedCall[] = [];
  /** Every replica there ever was. */
  readonly replicas: TrackedReplica[] = [];
  nextCreditId = 1;
  #nextInstance = 1;
  /** Whose instance a text is. */
  readonly #owners = new Map<string, TrackedCall>();
  readonly #executed = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #problems: string[] = [];
  /** Versions that had no replica at some moment. */
  readonly #unserved = new Set<number>();

  constructor() {
    for (const [id, version] of [
      ['a', 1],
      ['b', 1],
      ['c', 2],
      ['d', 2],
    ] as const)
      this.add(id, version);
  }

  get live(): readonly TrackedReplica[] {
    return this.replicas.filter((replica) => this.plane.registry.snapshot.includes(replica));
  }

  /** A replica that was never there before; takes the place of one with the same id. */
  add(id: string, version: number): void {
    this.remove(id);
    const replica = new TrackedReplica(id, version, this);
    this.replicas.push(replica);
    this.plane.registry.add(replica);
  }

  bringBack(replica: TrackedReplica): void {
    if (this.live.every(({ id }) => id !== replica.id)) this.plane.registry.add(replica);
  }

  remove(id: string): void {
    this.plane.registry.remove(id);
    for (const version of [1, 2]) if (!this.isLive(version)) this.#unserved.add(version);
  }

  isLive(version: number): boolean {
    return this.live.some((replica) => replica.version === version);
  }

  arrive(arrival: Arrival): void {
    const { version, method } = arrival;
    const expected = version === 0 ? [2, 1].find((newest) => this.isLive(newest)) : version;
    const spec = { servable: 'add', method, version: BigInt(version) };
    if (expected === undefined || !this.isLive(expected)) {
      expect(() => this.plane.endpoint.route(spec)).toThrow(expect.objectContaining({ code: 'NO_REPLICA' }));
      return;
    }
    const route = this.plane.endpoint.route(spec);
    expect(route.version).toBe(expected);
    this.#enqueue(route, arrival);
  }

  #enqueue(route: MethodRoute, arrival: Arrival): void {
    const { deadlineMs, priority, retainedBytes, isDirect } = arrival;
    const refused = isDirect ? 0 : arrival.refused;
    const blocks = arrival.blocks.map(([layout, count]) => this.#block(layout, count));
    const parts = partsOf(blocks).map(({ first, block }) => ({ first: first + refused, block }));
    const texts = blocks.flatMap((block) =>
      Array.from({ length: block.count }, (_, i) => instanceText(block, i)),
    );
    const { clock } = this.plane;
    const deadline = deadlineMs === undefined ? Deadline.none : Deadline.after(deadlineMs, clock);
    const signal = new ManualSignal();
    const waiting = route.queue instanceof Batcher ? route.queue.waiting : 0;
    const tracked: TrackedCall = {
      route,
      texts: [...Array.from({ length: refused }, () => undefined), ...texts],
      signal,
      deadline,
      completions: [],
      mustBeRefused: waiting + texts.length > limits.maxQueueInstances,
    };
    this.calls.push(tracked);
    for (const text of texts) this.#owners.set(text, tracked);
    const common = { route, parts, retainedBytes, deadline, signal, traceparent: '' };
    const done = (outcomes: readonly CollectedOutcome[]) => void tracked.completions.push(outcomes);
    if (isDirect) {
      const sink = new ReplyCollector(texts.length, done);
      route.queue.enqueue({ ...common, id: this.calls.length, arrivedAt: clock.now(), priority, sink });
      return;
    }
    const error = new ServingError('INVALID_TENSOR', 'refused at the front end');
    const refusedInstances = Array.from({ length: refused }, (_, index) => ({ index, error }));
    const count = texts.length + refused;
    const request = { ...common, count, refused: refusedInstances, priority: undefined };
    void this.plane.endpoint.predict(request).then(done);
  }

  /** Instances that no other call has: of 4, 6 or up to 80 bytes. */
  #block(layout: number, count: number): Block {
    const ids = Array.from({ length: count }, () => this.#nextInstance++);
    if (layout === 0) {
      const bytes = new Uint8Array(Float32Array.from(ids).buffer);
      return new Block(count, [numericColumn('x', 'float32', [], [bytes])]);
    }
    if (layout === 1) {
      const segments = ids.map((id) => new Uint8Array(Int16Array.of(id, -id, 0).buffer));
      return new Block(count, [numericColumn('x', 'int16', [3], segments)]);
    }
    const elements = ids.map((id) => Buffer.from(`${id}`.padEnd((id * 7) % 80, '.')));
    return new Block(count, [bytesColumn('x', 'bytes', [], elements)]);
  }

  /** A replica was sent this: of one method, within the limits, for callers who still wait, and never twice. */
  sent(work: FakeWork): void {
    const { count, method, contents, texts } = work;
    const bytes = contents.sections.reduce((sum, section) => sum + rangeBytes(section.all()), 0);
    this.require(count <= batchSizes[method]!, `${count} instances in a batch of ${method}`);
    this.require(bytes <= limits.maxBatchBytes || count === 1, `${bytes} bytes in a batch of ${count}`);
    for (const text of texts) {
      const { route, signal, deadline } = this.#owners.get(text)!;
      const isItsOwn = route.version === contents.version && route.method.name === method;
      this.require(isItsOwn, `${text} went to ${method} of version ${contents.version}`);
      this.require(!signal.aborted && !deadline.isPassed(this.plane.clock), `nobody waits for ${text}`);
      this.require(!this.#executed.has(text), `${text} was sent twice`);
      const layouts = new Set(texts.map((one) => one.slice(0, one.indexOf('='))));
      this.require(method !== 'c' || layouts.size === 1, 'shapes were mixed');
      this.#executed.add(text);
    }
  }

  /** As `expect`, but told in the end: a replica that throws is part of the game. */
  require(isTrue: boolean, otherwise: string): void {
    if (!isTrue) this.#problems.push(otherwise);
  }

  fail(work: FakeWork, first: number, count: number): void {
    for (const text of work.texts.slice(first, first + count)) this.#failed.add(text);
    work.fail(first, count);
  }

  /** Ends the round of I/O; nothing that may go waits beside a credit that could carry it. */
  endRound(): void {
    this.plane.runDeferred();
    for (const version of [1, 2]) {
      const credits = this.live
        .filter((replica) => replica.version === version)
        .reduce((sum, replica) => sum + replica.goodCredits, 0);
      if (credits > 0) expect(this.#ready(version)).toBe(0);
    }
  }

  #waiting(version: number): number {
    return this.plane.batchers(version).reduce((sum, batcher) => sum + batcher.waiting, 0);
  }

  #ready(version: number): number {
    const now = this.plane.clock.now();
    return this.plane.batchers(version).reduce((sum, batcher) => sum + batcher.ready(now), 0);
  }

  /** Lets everything come to its end. */
  async finish(): Promise<void> {
    for (const [id, version] of [
      ['a', 1],
      ['c', 2],
    ] as const)
      if (!this.isLive(version)) this.add(id, version);
    for (const replica of this.replicas) {
      for (const work of replica.works) work.succeed();
      replica.isEager = true;
    }
    for (const replica of this.live) replica.grant();
    this.endRound();
    this.plane.clock.advance(choosy.batching.maxQueueDelayMs);
    this.endRound();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Every instance of every call has one outcome: its own output, or an error that there was a reason for. */
  checkOutcomes(): void {
    for (const call of this.calls) {
      expect(call.completions).toHaveLength(1);
      const outcomes = call.completions[0]!;
      const told = outcomes.flatMap(({ first, count, outcome }) =>
        Array.from({ length: count }, (_, i) => ({ position: first + i, outcome: outcomeText(outcome, i) })),
      );
      this.require(
        told.length === call.texts.length && told.every(({ position }, i) => position === i),
        'outcomes are missing or out of place',
      );
      for (const { position, outcome } of told) {
        const text = call.texts[position];
        const reasons = [text ?? 'refused', ...this.#reasons(call, text)];
        this.require(reasons.includes(outcome), `got ${outcome}, expected one of ${reasons.join(', ')}`);
      }
      if (call.mustBeRefused) expect(told.at(-1)!.outcome).not.toBe(call.texts.at(-1));
    }
  }

  /** `ok` or the code of every outcome there was. */
  outcomeCodes(): string[] {
    const outcomes = this.calls.flatMap((call) => call.completions.flat());
    return outcomes.map(({ outcome }) => (outcome.ok ? 'ok' : outcome.error.code));
  }

  #reasons(call: TrackedCall, text: string | undefined): string[] {
    if (text === undefined) return ['INVALID_TENSOR'];
    const wasStarted = call.texts.some((one) => one !== undefined && this.#executed.has(one));
    return [
      ...(this.#failed.has(text) ? ['STAGE_FAILED'] : []),
      ...(call.signal.aborted ? ['CANCELLED'] : []),
      ...(this.#mayBeLate(call) ? ['DEADLINE_EXCEEDED'] : []),
      ...(this.#unserved.has(call.route.version) && !this.#executed.has(text) ? ['NO_REPLICA'] : []),
      ...(wasStarted ? [] : ['QUEUE_FULL']),
      ...(call.texts.length > limits.maxQueueInstances ? ['BAD_REQUEST'] : []),
    ];
  }

  /** Late is also what is predicted to be. */
  #mayBeLate({ deadline, route }: TrackedCall): boolean {
    return deadline.isPassed(this.plane.clock) || (route.method === choosy && deadline.at < Infinity);
  }

  /** Queues, their bytes, timers and the records of what is in flight are empty; a full queue's worth still fits. */
  async checkNothingLeft(): Promise<void> {
    const cancelled = () => this.replicas.flatMap((replica) => replica.cancelled).length;
    const before = cancelled();
    for (const { signal } of this.calls) signal.abort();
    expect(cancelled()).toBe(before);
    this.plane.clock.advance(1000);
    expect([this.plane.clock.pending, this.#waiting(1), this.#waiting(2)]).toEqual([0, 0, 0]);
    this.plane.mostInFlight = 0;
    const full = { blocks: [[0, limits.maxQueueInstances]] as const, retainedBytes: limits.maxQueueBytes };
    const probe = { priority: 0, deadlineMs: undefined, refused: 0, isDirect: true };
    for (const version of [1, 2])
      for (const method of ['a', 'b']) this.arrive({ version, method, ...full, ...probe });
    const probes = this.calls.slice(-4);
    this.endRound();
    for (const { completions, texts } of probes)
      expect(
        completions
          .flat()
          .flatMap(({ count, outcome }) => Array.from({ length: count }, (_, i) => outcomeText(outcome, i))),
      ).toEqual(texts);
    expect(this.plane.mostInFlight).toBe(0);
    expect([this.#problems, this.plane.internal]).toEqual([[], []]);
  }
}
