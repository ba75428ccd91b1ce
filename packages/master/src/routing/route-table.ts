/**
 * Servable → version → method, as the registry's replicas make it. Rebuilt from snapshots; routes keep their queues as
 * long as the methods of a version stay what they are.
 */
import type { MethodRoute } from '../call/method-route.js';
import type { Replica } from '../cluster/replica.js';
import type { RegistrySnapshot } from '../cluster/replica-registry.js';
import { sameBatching, sameMethods } from '../cluster/same-methods.js';
import type { DispatchCounts } from '../statistics/dispatch-counts.js';

/** What stands behind one servable version: its methods' queues and the replicas they lead to. */
export interface VersionEntry {
  readonly version: number;
  readonly methods: ReadonlyMap<string, MethodRoute>;
  readonly dispatchCounts: DispatchCounts;
  /** Brings the entry's replicas in line with the snapshot. */
  setReplicas(replicas: readonly Replica[]): void;
  readonly isAvailable: boolean;
  /** Batches that its replicas can run at the same time. */
  readonly executors: number;
}

export type VersionEntryFactory = (replica: Replica) => VersionEntry;

export class RouteTable {
  readonly #makeEntry: VersionEntryFactory;
  readonly #servables = new Map<string, Map<number, VersionEntry>>();

  constructor(makeEntry: VersionEntryFactory) {
    this.#makeEntry = makeEntry;
  }

  update(snapshot: RegistrySnapshot): void {
    for (const replica of snapshot) this.#ensureEntry(replica);
    const replicas = new Map<VersionEntry, Replica[]>();
    for (const [, entry] of this.entries()) replicas.set(entry, []);
    for (const replica of snapshot)
      replicas.get(this.#servables.get(replica.servable)!.get(replica.version)!)!.push(replica);
    for (const [entry, own] of replicas) entry.setReplicas(own);
  }

  /** Versions of a servable that were ever known, newest first, or undefined. */
  versions(servable: string): ReadonlyMap<number, VersionEntry> | undefined {
    return this.#servables.get(servable);
  }

  servables(): IterableIterator<string> {
    return this.#servables.keys();
  }

  /** Every version that was ever known. */
  *entries(): Generator<readonly [servable: string, entry: VersionEntry]> {
    for (const [servable, versions] of this.#servables)
      for (const entry of versions.values()) yield [servable, entry];
  }

  #ensureEntry(replica: Replica): void {
    const { servable, version } = replica;
    const versions = this.#servables.get(servable) ?? new Map<number, VersionEntry>();
    const known = versions.get(version);
    if (known !== undefined) {
      if (isFor(known, replica)) return;
      // Replicas that are live together agree, so those with the old methods have gone.
      known.setReplicas([]);
    }
    const entries = [...new Map([...versions, [version, this.#makeEntry(replica)]])];
    this.#servables.set(servable, new Map(entries.toSorted(([a], [b]) => b - a)));
  }
}

/** Whether the replica's batches can come from the entry's queues. How to batch is decided anew once no replica is left. */
function isFor({ methods, isAvailable }: VersionEntry, replica: Replica): boolean {
  const signatures = [...methods.values()].map((route) => route.method);
  return (
    sameMethods(signatures, replica.methods) && (isAvailable || sameBatching(signatures, replica.methods))
  );
}
