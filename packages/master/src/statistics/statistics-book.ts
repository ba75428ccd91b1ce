/**
 * The statistics of all that was ever served. What is counted must not start anew when the replicas of a version go and
 * come back, not even with other methods: whoever reads counters takes a step back for a restart of the master.
 */
import { DispatchCounts } from './dispatch-counts.js';
import { MethodStatistics } from './method-statistics.js';

export class VersionStatistics {
  readonly dispatch = new DispatchCounts();
  readonly #methods = new Map<string, MethodStatistics>();

  method(name: string): MethodStatistics {
    return entryOf(this.#methods, name, () => new MethodStatistics());
  }
}

export class StatisticsBook {
  readonly #servables = new Map<string, Map<number, VersionStatistics>>();

  version(servable: string, version: number): VersionStatistics {
    const versions = entryOf(this.#servables, servable, () => new Map<number, VersionStatistics>());
    return entryOf(versions, version, () => new VersionStatistics());
  }
}

function entryOf<Key, Value>(entries: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = entries.get(key);
  if (known !== undefined) return known;
  const made = make();
  entries.set(key, made);
  return made;
}
