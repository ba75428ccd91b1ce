import { expect, test } from '@jest/globals';
import { createLogger } from '@serving/common';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { ReplicaRegistry } from '../../src/cluster/replica-registry.js';
import { registrationEnds } from '../../src/link/registration.js';
import { WorkerDirectory } from '../../src/link/worker-directory.js';
import { worker } from '../support/worker-identity.js';

const leaseMs = 1000;

function setUp() {
  const clock = new ManualClock(50);
  const logger = createLogger('test', 'silent');
  return {
    clock,
    directory: new WorkerDirectory({ leaseMs, registry: new ReplicaRegistry(), clock, logger }),
  };
}

const exit = { sendBatch: () => undefined, sendCancellation: () => undefined, sendDemand: () => undefined };
const replica = { replicaId: '1', servable: 'add', version: 1, executors: 1, methods: [] };

test('without a port for workers none is awaited', () => {
  expect(setUp().directory.awaitsWorkers).toBe(false);
});

test('workers are awaited until the first one serves, however long that takes', () => {
  const { clock, directory } = setUp();
  directory.opened();
  clock.advance(100 * leaseMs);
  expect(directory.awaitsWorkers).toBe(true);
  const registration = directory.register(worker);
  registration.update(replica, 'loading');
  expect(directory.awaitsWorkers).toBe(true);
  registration.update(replica, 'available');
  expect(directory.awaitsWorkers).toBe(false);
  registration.end('left');
  expect(directory.awaitsWorkers).toBe(false);
});

test('after the first one the others are awaited until a lease has passed since the port was opened', () => {
  const { clock, directory } = setUp();
  directory.opened();
  directory.register(worker).update(replica, 'available');
  clock.advance(leaseMs - 1);
  // A second port changes nothing.
  directory.opened();
  expect(directory.awaitsWorkers).toBe(true);
  clock.advance(1);
  expect(directory.awaitsWorkers).toBe(false);
});

test('registrations and their ends are counted, each by how it came', () => {
  const { clock, directory } = setUp();
  directory.register(worker);
  directory.register(worker).end('left');
  directory.register(worker).attach(exit);
  clock.advance(leaseMs);
  directory.register(worker);
  directory.endAll();
  const ends = registrationEnds.map((how) => [how, directory.ended(how)]).filter(([, count]) => count !== 0);
  expect(directory.registered).toBe(4);
  expect(Object.fromEntries(ends)).toEqual({ replaced: 1, left: 1, expired: 1, stopped: 1 });
});
