/** Batchers with what a test is about, and the rest as it is by default. */
import { ServiceTime, type Batching, type Clock } from '@serving/common';
import { resolveLimits, type Limits } from '../../src/batching/batch-limits.js';
import { policyOf, type BatchDefaults } from '../../src/batching/batch-policy.js';
import { Batcher, type BatcherSettings } from '../../src/batching/batcher.js';
import { laneRuleOf } from '../../src/batching/lanes.js';
import { QueueBudget } from '../../src/batching/queue-budget.js';
import { MethodStatistics } from '../../src/statistics/method-statistics.js';
import { signature } from './fake-replica.js';

interface Wanted extends Partial<
  Pick<BatcherSettings, 'method' | 'idempotent' | 'budget' | 'service' | 'laneOf'>
> {
  readonly clock: Clock;
  readonly dispatcher: BatcherSettings['dispatcher'];
  readonly limits?: Partial<Limits>;
  readonly batching?: Batching;
  readonly defaults?: Partial<BatchDefaults>;
}

export function batcherOf({ clock, dispatcher, limits, batching = {}, defaults, ...given }: Wanted): Batcher {
  const all = resolveLimits(limits);
  const method = { ...signature(given.method ?? 'predict'), batching };
  return new Batcher({
    servable: 'add',
    method: method.name,
    idempotent: true,
    policy: policyOf(method, { ...all, ...defaults }),
    budget: QueueBudget.ofMethod(all, QueueBudget.ofAll(all)),
    laneOf: laneRuleOf(method),
    service: new ServiceTime(),
    statistics: new MethodStatistics(),
    clock,
    dispatcher,
    ...given,
  });
}
