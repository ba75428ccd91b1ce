/** A worker's links to all of its masters: each has a registration and a share of the credits of its own. */
import { ServingError, type Logger } from '@serving/common';
import type { LinkedReplica } from './linked-replica.js';
import { MasterLink, type MasterLinkSettings, type Outage } from './master-link.js';

export interface MasterLinksSettings extends Omit<
  MasterLinkSettings,
  'address' | 'onRegistered' | 'onTrying'
> {
  /** The masters' cluster addresses in full, each once. */
  readonly addresses: readonly string[];
  readonly logger: Logger;
  /** Told of each registration, once that master routes to the worker. */
  readonly onRegistered?: ((epoch: number, address: string) => void) | undefined;
  /** Told once when there is no link to that master and tries begin. */
  readonly onTrying?: ((outage: Outage, address: string) => void) | undefined;
}

export class MasterLinks {
  readonly #links: ReadonlyMap<string, MasterLink>;
  readonly #logger: Logger;

  constructor({ addresses, onRegistered, onTrying, ...settings }: MasterLinksSettings) {
    this.#logger = settings.logger;
    const linkTo = (address: string) =>
      new MasterLink({
        ...settings,
        address,
        onRegistered: (epoch) => onRegistered?.(epoch, address),
        onTrying: (outage) => onTrying?.(outage, address),
      });
    this.#links = new Map(addresses.map((address) => [address, linkTo(address)]));
  }

  /** Announces the replica to all, now and at every registration to come. */
  add(replica: LinkedReplica): void {
    for (const link of this.#links.values()) link.add(replica);
  }

  /** Tells all of the replica's new state. */
  announce(replica: LinkedReplica): void {
    for (const link of this.#links.values()) link.announce(replica);
  }

  /**
   * Keeps the links up, and the process alive, until they are closed. A master that refuses the worker for good is left
   * to itself while there are others.
   * @throws ServingError REPLICA_REFUSED or PROTOCOL_MISMATCH when no master will ever take this worker
   */
  async run(): Promise<void> {
    const ends = [...this.#links].map(async ([master, link]) => {
      try {
        await link.run();
        return undefined;
      } catch (thrown) {
        const refusal = ServingError.from(thrown);
        if (this.#links.size > 1)
          this.#logger.error(
            { master, reason: refusal.message },
            'refused by a master; it is not tried again',
          );
        return refusal;
      }
    });
    const refusals = await Promise.all(ends);
    const [first] = refusals;
    if (first !== undefined && !refusals.includes(undefined)) throw first;
  }

  /** Takes no new batches, waits for those in progress for up to `graceMs`, then closes the links. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.drain(graceMs)));
  }
}
