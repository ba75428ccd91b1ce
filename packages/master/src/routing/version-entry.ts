/** Makes the entry of a servable version: a dispatcher, and one batcher per method that it feeds from. */
import type { BatchLimits, QueueLimits } from '../batching/batch-limits.js';
import { Batcher } from '../batching/batcher.js';
import type { MethodRoute } from '../call/method-route.js';
import type { Replica } from '../cluster/replica.js';
import { Dispatcher, type DispatcherSettings } from '../dispatch/dispatcher.js';
import type { VersionEntry } from './route-table.js';

export interface VersionEntrySettings extends Omit<DispatcherSettings, 'servable' | 'version'> {
  readonly limits: BatchLimits & QueueLimits;
}

export function createVersionEntry(first: Replica, settings: VersionEntrySettings): VersionEntry {
  const { servable, version } = first;
  const { limits, clock } = settings;
  const dispatcher = new Dispatcher({ ...settings, servable, version });
  const methods = new Map<string, MethodRoute>();
  const batchers: Batcher[] = [];
  for (const method of first.methods) {
    // A model that takes more at a time than the limit sets the limit for its method.
    const maxBatchSize = Math.max(limits.maxBatchSize, method.modelBatchSize);
    const batcher = new Batcher({
      servable,
      method: method.name,
      idempotent: method.idempotent,
      limits: { ...limits, maxBatchSize },
      clock,
      dispatcher,
    });
    dispatcher.addSource(batcher);
    batchers.push(batcher);
    methods.set(method.name, { servable, version, method, queue: batcher });
  }
  const known = new Set<string>();
  return {
    version,
    methods,
    get isAvailable() {
      return known.size > 0;
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
