/** `serving-worker health`: whether this host's workers serve, as their master sees it, or one of several. */
import {
  addressList,
  createGrpcJsChannel,
  duration,
  automaticText,
  linkPaths,
  linkStatus,
  link,
  loadConfig,
  maxLinkMessageBytes,
  parseAddresses,
} from '@serving/common';
import { Command } from 'commander';
import { hostname } from 'node:os';
import { workerOptions } from '../config.js';
import { linkFault } from '../link/link-fault.js';

const healthOptions = {
  master: addressList(
    'cluster address of the master; of several, separated by commas, one is enough',
    '127.0.0.1:6500',
  ),
  id: automaticText('the worker to ask for', 'name', 'all of this host'),
  timeout: duration('longest time to wait for the master', '5s'),
} as const;

/** The exit code: 0 when every worker asked for has an available replica, 1 otherwise. */
export async function runHealth(argv: readonly string[]): Promise<number> {
  const command = new Command('serving-worker health').description(
    'Exits with 0 when the workers of this host serve, with 1 otherwise.',
  );
  const { master, id, timeout } = loadConfig(command, healthOptions, {
    argv,
    env: process.env,
    // The variables and the file are those of the worker beside it.
    beside: workerOptions,
    warn: () => undefined,
  });
  const problems = await Promise.all(
    parseAddresses(master).map((address) => problemOf(address, id, timeout)),
  );
  const serves = problems.includes(undefined);
  process.stdout.write(serves ? 'serving\n' : `not serving: ${problems.join('; ')}\n`);
  return serves ? 0 : 1;
}

async function problemOf(
  address: string,
  id: string | undefined,
  timeoutMs: number,
): Promise<string | undefined> {
  const channel = createGrpcJsChannel(address, { maxMessageBytes: maxLinkMessageBytes });
  try {
    const reply = await channel.unary(linkPaths.status, new Uint8Array(0), timeoutMs);
    return missing(linkStatus.GetStatusResponse.decode(reply).workers, id);
  } catch (thrown) {
    return `master ${address}: ${linkFault(thrown)}`;
  } finally {
    channel.close();
  }
}

function missing(workers: readonly linkStatus.WorkerStatus[], id: string | undefined): string | undefined {
  const asked = workers.filter((worker) =>
    id === undefined ? worker.epoch !== 0 && worker.host === hostname() : isCalled(worker, id),
  );
  if (asked.length === 0)
    return id === undefined
      ? `no worker of host ${hostname()} is registered`
      : `worker ${id} is not registered`;
  const idle = asked.find(
    (worker) => !worker.replicas.some((replica) => replica.state === link.ReplicaState.AVAILABLE),
  );
  return idle === undefined ? undefined : `worker ${idle.workerId} has no available replica`;
}

/** With several devices each one's worker has the device's number behind the id. */
function isCalled({ workerId, deviceId }: linkStatus.WorkerStatus, id: string): boolean {
  return workerId === id || workerId === `${id}-${deviceId}`;
}
