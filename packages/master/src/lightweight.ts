/** Lightweight deployment: a replica in the master's own process. The only file that imports master and worker. */
import { LocalReplica, type ReplicaOptions } from '@serving/worker';
import type { Master } from './master.js';

export type ServableOptions = Omit<ReplicaOptions, 'logger' | 'clock'>;

/**
 * Loads a servable in this process and takes it into the master's routing; the counterpart of MindSpore Serving's
 * `start_servable_in_master`. Front ends may be started before or after.
 * @throws ServingError LOAD_FAILED naming the file and line or the model at fault, CONFIG_INVALID when the master has
 * this servable version already
 */
export async function startServableInMaster(master: Master, options: ServableOptions): Promise<LocalReplica> {
  const replica = await LocalReplica.load({ ...options, logger: master.logger });
  try {
    master.addReplica(replica);
  } catch (thrown) {
    // Its threads would keep on running, and nobody could stop them.
    await replica.stop(0);
    throw thrown;
  }
  master.onStop((graceMs) => replica.stop(graceMs));
  replica.onAvailability((isAvailable) => {
    if (isAvailable) master.addReplica(replica);
    else master.removeReplica(replica.id);
  });
  return replica;
}
