/**
 * Many workers in one process, as far as a master can tell: each has a link of its own, with the connections, streams and
 * heartbeats of one.
 * Usage: node --import jiti/register sleeping-workers.ts <cluster address> <count>
 */
import { createLogger, parseAddress, systemClock } from '@serving/common';
import { MasterLink } from '../../packages/worker/dist/link/master-link.js';
import { SleepingReplica } from './sleeping-replica.ts';

const [cluster, count] = [parseAddress(process.argv[2]!), Number(process.argv[3])];
const logger = createLogger('sleeping-workers', 'warn');
let registered = 0;

function linkOf(index: number): MasterLink {
  const identity = {
    workerId: `sleeping-${index}`,
    incarnation: `${process.pid}-${index}`,
    deviceType: 'cpu',
    deviceId: index,
    host: 'bench',
    pid: process.pid,
    release: 'bench',
  };
  const onRegistered = () => {
    registered++;
    if (registered === count) console.log(`${count} workers registered with ${cluster}`);
  };
  const link = new MasterLink({ address: cluster, identity, clock: systemClock, logger, onRegistered });
  link.add(new SleepingReplica(`sleeping/${index}`));
  return link;
}

const links = Array.from({ length: count }, (_, index) => linkOf(index));
process.once('SIGTERM', () => {
  for (const link of links) link.close();
});
await Promise.all(links.map((link) => link.run()));
