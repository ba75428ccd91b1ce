import { createLogger } from '@serving/common';
import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { ReplicaRegistry } from '../../src/cluster/replica-registry.js';
import { Registration } from '../../src/link/registration.js';
import { worker } from '../support/worker-identity.js';

const leaseMs = 1000;
const exit = { sendBatch: () => undefined, sendCancellation: () => undefined, sendDemand: () => undefined };

function joining() {
  const clock = new ManualClock();
  const logger = createLogger('test', 'silent');
  const registration = new Registration({
    worker,
    epoch: 1,
    leaseMs,
    registry: new ReplicaRegistry(),
    clock,
    logger,
    onServing: () => undefined,
    onEnded: () => undefined,
  });
  const told: string[] = [];
  registration.onEnd((why) => told.push(why));
  return { clock, registration, told };
}

test('a worker whose exchange stream does not come within a lease is not kept, though its heart beats', () => {
  const { clock, registration, told } = joining();
  for (let beat = 0; beat < 4; beat++) {
    expect(told).toEqual([]);
    clock.advance(leaseMs / 4);
    registration.renew();
  }
  expect(told).toEqual(['no exchange stream came for a whole lease']);
  expect(clock.pending).toBe(0);
});

test('with its exchange stream it is kept for as long as its heart beats', () => {
  const { clock, registration, told } = joining();
  registration.attach(exit);
  for (let beat = 0; beat < 8; beat++) {
    clock.advance(leaseMs / 2);
    registration.renew();
  }
  expect(told).toEqual([]);
  clock.advance(leaseMs);
  expect(told).toEqual(['no heartbeat came for a whole lease']);
});

test('what waits for the exchange stream happens once it is there, in order, and never after the end', () => {
  const { registration, told } = joining();
  for (const name of ['a', 'b']) registration.whenLive(() => told.push(name));
  expect(told).toEqual([]);
  registration.attach(exit);
  registration.whenLive(() => told.push('c'));
  registration.attach(exit);
  expect(told).toEqual(['a', 'b', 'c']);
  registration.end('left');
  registration.whenLive(() => told.push('d'));
  const other = joining();
  other.registration.whenLive(() => other.told.push('a'));
  other.registration.end('broken');
  other.registration.attach(exit);
  expect([told.slice(3), other.told]).toEqual([['the worker left'], ['the connection to the worker broke']]);
});
