/** Lightweight deployment: a replica in the master's own process. The only file that imports master and worker. */
import { ServingError } from '@serving/common';
import { LocalReplica, shareOfCores, type ReplicaOptions } from '@serving/worker';
import type { Master } from './master.js';

export interface ServableOptions extends Omit<ReplicaOptions, 'logger' | 'clock'> {
  /** Devices that the servable is started on in this process: they share its cores, unless `cores` says otherwise. @default 1 */
  readonly devices?: number;
}

/**
 * Loads a servable in this process and takes it into the master's routing; the counterpart of MindSpore Serving's
 * `start_servable_in_master`. Front ends may be started before or after; stopping the master gives loading up.
 * @throws ServingError LOAD_FAILED naming the file and line or the model at fault, CONFIG_INVALID when the master has
 * this servable version already or was stopped, SIGNATURE_CONFLICT when a live worker's methods of that version differ
 */
export async function startServableInMaster(master: Master, options: ServableOptions): Promise<LocalReplica> {
  const stopping = new AbortController();
  let isStuck = false;
  let loading: Promise<LocalReplica> | undefined;
  // Before loading begins: a master that stops meanwhile would not know of the threads.
  master.onStop(async (graceMs) => {
    stopping.abort();
    const replica = await loading?.catch(() => undefined);
    return replica === undefined ? !isStuck : replica.stop(graceMs);
  });
  const { signal = stopping.signal, onStuck, devices = 1, ...replicaOptions } = options;
  loading = LocalReplica.load({
    ...replicaOptions,
    cores: options.cores ?? (devices === 1 ? undefined : shareOfCores(devices)),
    signal: AbortSignal.any([signal, stopping.signal]),
    onStuck: (during) => {
      isStuck = true;
      onStuck?.(during);
    },
    logger: master.logger,
  });
  const replica = await loading;
  await take(master, replica);
  return replica;
}

async function take(master: Master, replica: LocalReplica): Promise<void> {
  try {
    master.addReplica(replica);
  } catch (thrown) {
    // Its threads would keep on running for nobody.
    await replica.stop(0);
    throw thrown;
  }
  const way = new WayBack(master, replica);
  replica.onAvailability((isAvailable) => (isAvailable ? way.open() : way.close()));
}

/** The way back into routing of a replica whose executors were all lost. */
class WayBack {
  readonly #master: Master;
  readonly #replica: LocalReplica;
  #stopWaiting: () => void = () => undefined;

  constructor(master: Master, replica: LocalReplica) {
    this.#master = master;
    this.#replica = replica;
  }

  /**
   * The replica can take batches again. Meanwhile a worker may have brought other methods under the same version: then
   * the replica stays out until these are gone. Nobody called this who could be told by an error.
   */
  open(): void {
    const problem = this.#join();
    if (problem === undefined) return;
    const { logger } = this.#master;
    logger.error(
      { replica: this.#replica.id, reason: problem },
      'replica left out until the others are gone',
    );
    this.#wait();
  }

  close(): void {
    this.#stopWaiting();
    this.#master.removeReplica(this.#replica.id);
  }

  #wait(): void {
    this.#stopWaiting = this.#master.onReplicasChanged(() => {
      // Joining is a change itself.
      this.#stopWaiting();
      if (this.#join() !== undefined) this.#wait();
    });
  }

  /** Why it could not. */
  #join(): string | undefined {
    if (this.#master.isStopping) return undefined;
    try {
      this.#master.addReplica(this.#replica);
      return undefined;
    } catch (thrown) {
      return ServingError.from(thrown).message;
    }
  }
}
