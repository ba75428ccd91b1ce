/** What has become of the requests for a method since its version came: counted per request and per batch. */
import type { ServingError } from '@serving/common';
import type { Batch } from '../call/batch.js';
import type { CollectedOutcome } from '../call/reply-collector.js';
import type { ComputeTimes } from './compute-times.js';
import { ErrorCounts } from './error-counts.js';
import { Durations, Tally } from './tally.js';

/** Where the time of batches goes. */
export class ComputeTally {
  /** Stages before the first model. */
  readonly input = new Tally();
  readonly infer = new Tally();
  /** Stages after the last model. */
  readonly output = new Tally();

  add({ inputMs, inferMs, outputMs }: ComputeTimes, count: number): void {
    this.input.add(inputMs, count);
    this.infer.add(inferMs, count);
    this.output.add(outputMs, count);
  }
}

export class MethodStatistics {
  /** Requests of which every instance succeeded, from arrival to answer. */
  readonly succeeded = new Durations();
  /** The others. */
  readonly failed = new Tally();
  /** Why they failed: the first error of each, in the order of its instances. */
  readonly failures = new ErrorCounts();
  /** Requests that were sent, from arrival to the batch that their first instances were in. */
  readonly queued = new Durations();
  /** Batches that were answered, by what they took in an executor. */
  readonly runs = new Durations();
  /** Time that those requests' batches took: all of it for each request of a batch. */
  readonly computed = new ComputeTally();
  /** By the number of their instances. */
  readonly batchesOfSize = new Map<number, ComputeTally>();
  /** Instances that succeeded. */
  instances = 0;
  /** When the last request ended, in milliseconds since 1970; 0 before there was one. */
  lastAt = 0;

  /** Batches that were answered. */
  get batches(): number {
    return this.runs.count;
  }

  /** A request has all its outcomes, in the order of its instances. */
  finished(outcomes: readonly CollectedOutcome[], ms: number): void {
    let error: ServingError | undefined;
    for (const { count, outcome } of outcomes) {
      if (outcome.ok) this.instances += count;
      else error ??= outcome.error;
    }
    this.lastAt = Date.now();
    if (error === undefined) return this.succeeded.add(ms);
    this.failed.add(ms);
    this.failures.add(error);
  }

  /** A batch has been answered. @param sentAt by the clock of the calls' arrival */
  ran({ count, entries }: Pick<Batch, 'count' | 'entries'>, sentAt: number, times: ComputeTimes): void {
    this.runs.add(times.inputMs + times.inferMs + times.outputMs);
    let ofSize = this.batchesOfSize.get(count);
    if (ofSize === undefined) this.batchesOfSize.set(count, (ofSize = new ComputeTally()));
    ofSize.add(times, 1);
    for (const { call, range } of entries) {
      const isBegin = range.from === 0 && range.block === call.parts[0]!.block;
      this.computed.add(times, isBegin ? 1 : 0);
      if (isBegin) this.queued.add(sentAt - call.arrivedAt);
    }
  }
}
