/** Lightweight deployment: a replica in the master's own process. The only file that imports master and worker. */
import { LocalReplica, type ReplicaOptions } from '@serving/worker';
import type { Master } from './master.js';

export type ServableOptions = Omit<ReplicaOptions, 'logger' | 'clock'>;

/**
 * Loads a servable in this process and takes it into the master's routing; the counterpart of MindSpore Serving's
 * `start_servable_in_master`. Front ends may be started before or after; stopping the master gives loading up.
 * @throws ServingError LOAD_FAILED naming the file and line or the model at fault, CONFIG_INVALID when the master has
 * this servable version already or was stopped
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
  const { signal = stopping.signal, onStuck } = options;
  loading = LocalReplica.load({
    ...options,
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
  replica.onAvailability((isAvailable) => {
    if (!isAvailable) master.removeReplica(replica.id);
    else if (!master.isStopping) master.addReplica(replica);
  });
}
