/** Makes the entry of a servable version: a dispatcher, and one batcher per method that it feeds from. */
import { ServiceTime, type MethodSignature } from '@serving/common';
import type { QueueLimits } from '../batching/batch-limits.js';
import { policyOf, type BatchDefaults } from '../batching/batch-policy.js';
import { Batcher, type BatcherSettings } from '../batching/batcher.js';
import { laneRuleOf } from '../batching/lanes.js';
import { QueueBudget } from '../batching/queue-budget.js';
import type { MethodRoute } from '../call/method-route.js';
import type { Replica } from '../cluster/replica.js';
import { Dispatcher, type DispatcherSettings } from '../dispatch/dispatcher.js';
import type { ReplicaPicker } from '../dispatch/pickers/replica-picker.js';
import type { StatisticsBook } from '../statistics/statistics-book.js';
import type { VersionEntry } from './route-table.js';

export interface VersionEntrySettings extends Omit<
  DispatcherSettings,
  'servable' | 'version' | 'picker' | 'counts'
> {
  readonly limits: QueueLimits;
  readonly batching: BatchDefaults;
  /** What the queues of all methods share. */
  readonly budget: QueueBudget;
  readonly createPicker: () => ReplicaPicker;
  readonly statistics: StatisticsBook;
}

export function createVersionEntry(first: Replica, settings: VersionEntrySettings): VersionEntry {
  const { servable, version } = first;
  const counted = settings.statistics.version(servable, version);
  const picker = settings.createPicker();
  const dispatcher = new Dispatcher({ ...settings, picker, counts: counted.dispatch, servable, version });
  const methods = new Map<string, MethodRoute>();
  const batchers: Batcher[] = [];
  for (const method of first.methods) {
    const policy = policyOf(method, settings.batching);
    const statistics = counted.method(method.name);
    const batcher = createBatcher({ servable, method, policy, statistics, dispatcher }, settings);
    dispatcher.addSource(batcher);
    batchers.push(batcher);
    methods.set(method.name, { servable, version, method, batching: policy, statistics, queue: batcher });
  }
  const known = new Set<string>();
  return {
    version,
    methods,
    dispatchCounts: counted.dispatch,
    get isAvailable() {
      return known.size > 0;
    },
    get executors() {
      return dispatcher.executors;
    },
    setReplicas(replicas) {
      const ids = new Set(replicas.map((replica) => replica.id));
      for (const id of known) {
        if (ids.has(id)) continue;
        known.delete(id);
        dispatcher.removeReplica(id);
      }
      for (const replica of replicas) {
        if (known.has(replica.id)) continue;
        known.add(replica.id);
        dispatcher.addReplica(replica);
      }
      if (known.size > 0) return;
      dispatcher.refuseAll();
      for (const batcher of batchers) batcher.refuseAll();
    },
  };
}

interface NewMethod extends Pick<BatcherSettings, 'servable' | 'policy' | 'statistics' | 'dispatcher'> {
  readonly method: MethodSignature;
}

function createBatcher(
  { method, ...given }: NewMethod,
  { limits, budget, clock }: VersionEntrySettings,
): Batcher {
  return new Batcher({
    ...given,
    method: method.name,
    idempotent: method.idempotent,
    budget: QueueBudget.ofMethod(limits, budget),
    laneOf: laneRuleOf(method),
    service: new ServiceTime(),
    clock,
  });
}
