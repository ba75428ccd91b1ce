/** The steps of a master from endpoint to replicas, put together as the composition root does, on a manual clock. */
import type { ServingError } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { resolveLimits, type Limits } from '../../src/batching/batch-limits.js';
import { Batcher } from '../../src/batching/batcher.js';
import { QueueBudget } from '../../src/batching/queue-budget.js';
import { ReplicaRegistry } from '../../src/cluster/replica-registry.js';
import { pickFewestInFlight } from '../../src/dispatch/pickers/fewest-in-flight.js';
import type { Candidate } from '../../src/dispatch/pickers/replica-picker.js';
import { PredictEndpoint } from '../../src/frontend/predict-endpoint.js';
import { RouteTable } from '../../src/routing/route-table.js';
import { Router } from '../../src/routing/router.js';
import { createVersionEntry } from '../../src/routing/version-entry.js';
import { ErrorCounts } from '../../src/statistics/error-counts.js';
import { StatisticsBook } from '../../src/statistics/statistics-book.js';
import type { FakeReplica } from './fake-replica.js';

export class Plane {
  readonly clock = new ManualClock();
  readonly registry = new ReplicaRegistry();
  readonly table: RouteTable;
  readonly endpoint: PredictEndpoint;
  readonly internal: ServingError[] = [];
  readonly refusals = new ErrorCounts();
  /** Most batches that any replica had in flight when one was picked. */
  mostInFlight = 0;
  #deferred: (() => void)[] = [];

  constructor(given: Partial<Limits>) {
    const limits = resolveLimits(given);
    const settings = {
      limits,
      batching: limits,
      budget: QueueBudget.ofAll(limits),
      clock: this.clock,
      createPicker: () => (candidates: Iterable<Candidate>) => {
        const all = [...candidates];
        this.mostInFlight = Math.max(this.mostInFlight, ...all.map(({ inFlight }) => inFlight));
        return pickFewestInFlight(all);
      },
      statistics: new StatisticsBook(),
      defer: (callback: () => void) => void this.#deferred.push(callback),
      onBatchLost: () => undefined,
      onInternalError: (error: ServingError) => void this.internal.push(error),
    };
    this.table = new RouteTable((replica) => createVersionEntry(replica, settings));
    this.registry.onChange((snapshot) => this.table.update(snapshot));
    this.endpoint = new PredictEndpoint(new Router(this.table, () => false), this.clock, this.refusals);
  }

  /** Ends the current round of I/O. */
  runDeferred(): void {
    while (this.#deferred.length > 0) for (const callback of this.#deferred.splice(0)) callback();
  }

  /** The queues of a version of every servable. */
  batchers(version: number): Batcher[] {
    const entries = [...this.table.servables()].flatMap(
      (name) => this.table.versions(name)!.get(version) ?? [],
    );
    const queues = entries.flatMap((entry) => [...entry.methods.values()].map((route) => route.queue));
    return queues.filter((queue) => queue instanceof Batcher);
  }
}

/** Lets the replica answer every batch within `send` and grant the next credit. */
export function answerAtOnce(replica: FakeReplica): FakeReplica {
  replica.onSend = (work) => {
    work.succeed();
    replica.grant();
  };
  return replica;
}
