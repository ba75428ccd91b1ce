import { encodeReply, failure, ServingError } from '@serving/common';
import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { RemoteReplica } from '../../src/link/remote-replica.js';

function newReplica() {
  const info = { replicaId: 'r', servable: 'add', version: 1, executors: 2, methods: [] };
  const clock = new ManualClock();
  const told: string[] = [];
  const exit = {
    sendBatch: () => undefined,
    sendCancellation: () => undefined,
    sendDemand: (replicaId: string, waiting: number) => told.push(`demand ${replicaId} ${waiting}`),
  };
  const replica = new RemoteReplica('w', info, exit, clock);
  const send = (batchId: number, count = 1, creditId = 1) =>
    replica.send({
      batchId,
      method: 'predict',
      count,
      creditId,
      frame: new ArrayBuffer(8),
      onReply: () => told.push(`reply ${batchId}`),
      onReturned: () => told.push(`returned ${batchId}`),
      onLost: (why) => told.push(`lost ${batchId}: ${why}`),
    });
  replica.grantTo({
    grant: ({ creditId, expiresAt }) => told.push(`grant ${creditId} until ${expiresAt}`),
    recall: (creditId) => told.push(`recall ${creditId}`),
    wantDemand: (isWanted) => told.push(`want ${isWanted}`),
  });
  return { clock, replica, told, send };
}

test('a batch that its worker has lost is lost alone, and the credits of other executors are as they were', () => {
  const { replica, told, send } = newReplica();
  for (const creditId of [1, 2, 3]) replica.grant(creditId, 1000);
  send(7, 1, 1);
  send(8, 1, 2);
  told.splice(0);
  replica.batchLost(7, 'its thread ended');
  replica.batchLost(7, 'its thread ended');
  // Granted anew, one that was spent on the lost batch meanwhile would be there twice.
  expect(told).toEqual(['lost 7: its thread ended']);
  expect(replica.activity).toEqual({ credits: 1, inFlight: 1 });
});

test('who waits for a replica to be idle is told when its last batch was lost', () => {
  const { replica, told, send } = newReplica();
  replica.grant(1, 1000);
  send(7);
  replica.whenIdle(() => told.push('idle'));
  replica.batchLost(7, 'why');
  expect(told).toEqual(['grant 1 until 1000', 'lost 7: why', 'idle']);
});

/** A final reply of batch 7. */
function answer(first: number, count: number): ArrayBuffer {
  const reply = failure(first, count, new ServingError('STAGE_FAILED', 'no'));
  return encodeReply({ batchId: 7, reply, durations: [] });
}

test('instances that are answered twice count once: the others are still waited for', () => {
  const { replica, told, send } = newReplica();
  send(7, 3);
  for (const [first, count] of [
    [0, 1],
    [0, 1],
    [0, 2],
  ] as const)
    replica.reply(answer(first, count));
  expect(replica.activity.inFlight).toBe(1);
  replica.lose('its connection broke');
  expect(told).toEqual(['reply 7', 'reply 7', 'reply 7', 'lost 7: its connection broke']);
});

test('a batch is over when each of its instances has been answered, in one reply or in several', () => {
  for (const ranges of [
    [[0, 3]],
    [
      [2, 1],
      [0, 2],
    ],
  ] as const) {
    const { replica, told, send } = newReplica();
    send(7, 3);
    for (const [first, count] of ranges) replica.reply(answer(first, count));
    replica.lose('its connection broke');
    expect(told).toEqual(ranges.map(() => 'reply 7'));
  }
});

test('a renewal is for credits that are held: not for those that were spent, recalled or have lapsed', () => {
  const { clock, replica, told, send } = newReplica();
  replica.grant(1, 500);
  for (const creditId of [2, 3, 4]) replica.grant(creditId, 1000);
  send(7, 1, 2);
  replica.recall(3);
  clock.advance(600);
  told.splice(0);
  replica.renew(1000);
  expect([told, replica.activity.credits]).toEqual([['grant 4 until 1600'], 1]);
  clock.advance(1000);
  expect(replica.activity.credits).toBe(0);
});

test('whoever listens later is told of the credits that are there, with the time that they have', () => {
  const { clock, replica, send } = newReplica();
  replica.grant(1, 500);
  replica.grant(2, 500);
  send(7, 1, 1);
  clock.advance(100);
  const told: unknown[] = [];
  replica.wantDemand(true);
  replica.grantTo({
    grant: (credit) => told.push(credit),
    recall: () => undefined,
    wantDemand: (isWanted) => told.push(isWanted),
  });
  expect(told).toEqual([{ replicaId: 'w/r', creditId: 2, expiresAt: 500 }, true]);
});

test('a worker that asks for it is told of demand; none is told when credits are left over', () => {
  const { replica, told } = newReplica();
  replica.wantDemand(true);
  replica.demand(3);
  replica.grant(1, 1000);
  replica.demand(0);
  replica.lose('why');
  expect(told).toEqual([
    'want true',
    'demand r 3',
    'grant 1 until 1000',
    'demand r 0',
    'recall 1',
    'want false',
  ]);
});
