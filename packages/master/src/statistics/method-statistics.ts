/** What has become of the requests for a method since its version came: counted per request and per batch. */
import type { Batch } from '../call/batch.js';
import type { CollectedOutcome } from '../call/reply-collector.js';
import type { ComputeTimes } from './compute-times.js';

/** How often something happened, and how long it took in all. */
export class Tally {
  count = 0;
  ms = 0;

  add(ms: number, count = 1): void {
    this.count += count;
    this.ms += ms;
  }
}

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
  readonly succeeded = new Tally();
  /** The others. */
  readonly failed = new Tally();
  /** Requests that were sent, from arrival to the batch that their first instances were in. */
  readonly queued = new Tally();
  /** Time that those requests' batches took: all of it for each request of a batch. */
  readonly computed = new ComputeTally();
  /** By the number of their instances. */
  readonly batchesOfSize = new Map<number, ComputeTally>();
  /** Instances that succeeded. */
  instances = 0;
  /** Batches that were answered. */
  batches = 0;
  /** When the last request ended, in milliseconds since 1970; 0 before there was one. */
  lastAt = 0;

  /** A request has all its outcomes. */
  finished(outcomes: readonly CollectedOutcome[], ms: number): void {
    let hasFailed = false;
    for (const { count, outcome } of outcomes) {
      if (outcome.ok) this.instances += count;
      else hasFailed = true;
    }
    (hasFailed ? this.failed : this.succeeded).add(ms);
    this.lastAt = Date.now();
  }

  /** A batch has been answered. @param sentAt by the clock of the calls' arrival */
  ran({ count, entries }: Pick<Batch, 'count' | 'entries'>, sentAt: number, times: ComputeTimes): void {
    this.batches++;
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
