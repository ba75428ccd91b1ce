/** Which replicas there are. Publishes immutable snapshots; readers never see a half-made change. */
import { ServingError } from '@serving/common';
import type { Replica } from './replica.js';
import { checkAgreement } from './same-methods.js';

export type RegistrySnapshot = readonly Replica[];

export class ReplicaRegistry {
  #snapshot: RegistrySnapshot = [];
  readonly #listeners = new Set<(snapshot: RegistrySnapshot) => void>();

  get snapshot(): RegistrySnapshot {
    return this.#snapshot;
  }

  /**
   * @throws ServingError CONFIG_INVALID when a replica of this id is there already, SIGNATURE_CONFLICT when its methods
   * are not those of a live replica of the same servable and version
   */
  add(replica: Replica): void {
    if (this.#snapshot.some((known) => known.id === replica.id)) {
      throw new ServingError('CONFIG_INVALID', `replica ${replica.id} is already registered`);
    }
    const live = this.#snapshot.find(
      ({ servable, version }) => servable === replica.servable && version === replica.version,
    );
    if (live !== undefined) checkAgreement(live, replica);
    this.#publish([...this.#snapshot, replica]);
  }

  /** Takes a replica out of routing. */
  remove(replicaId: string): void {
    this.#publish(this.#snapshot.filter((replica) => replica.id !== replicaId));
  }

  /** Calls `listener` with each new snapshot until the result is called. */
  onChange(listener: (snapshot: RegistrySnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #publish(snapshot: RegistrySnapshot): void {
    this.#snapshot = Object.freeze(snapshot);
    // A listener may come or go, and may itself change what there is.
    for (const listener of Array.from(this.#listeners)) listener(this.#snapshot);
  }
}
