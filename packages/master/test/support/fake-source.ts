/** A method's queue that has as much as the test says, and never a batch. */
import type { BatchSource } from '../../src/dispatch/turns.js';

interface SourceTraits {
  readonly weight?: number;
  /** What a batch takes; undefined while that is not known. */
  readonly batchMs?: number;
}

export class FakeSource implements BatchSource {
  readonly method: string;
  readonly idempotent = true;
  readonly weight: number;
  readonly batchMs: number;
  waiting: number;
  isReady = true;
  running = 0;

  constructor(method = 'predict', waiting = 0, { weight = 1, batchMs = 1 }: SourceTraits = {}) {
    this.method = method;
    this.waiting = waiting;
    this.weight = weight;
    this.batchMs = batchMs;
  }

  ready(): number {
    return this.isReady ? this.waiting : 0;
  }

  nextBatch(): undefined {
    return undefined;
  }

  predictMs(): number {
    return this.batchMs;
  }

  sent(): void {
    this.running++;
  }

  ended(): void {
    this.running--;
  }

  ran(): void {
    throw new Error('a batch that was never sent cannot have run');
  }

  learn(): void {
    throw new Error('a batch that was never sent cannot have run');
  }
}
