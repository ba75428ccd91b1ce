import { encodeReply, failure, ServingError } from '@serving/common';
import { expect, test } from '@jest/globals';
import { RemoteReplica } from '../../src/link/remote-replica.js';

function newReplica() {
  const info = { replicaId: 'r', servable: 'add', version: 1, executors: 2, methods: [] };
  const replica = new RemoteReplica('w', info, {
    sendBatch: () => undefined,
    sendCancellation: () => undefined,
  });
  const told: string[] = [];
  const send = (batchId: number, count = 1) =>
    replica.send({
      batchId,
      method: 'predict',
      count,
      frame: new ArrayBuffer(8),
      onReply: () => told.push(`reply ${batchId}`),
      onReturned: () => told.push(`returned ${batchId}`),
      onLost: (why) => told.push(`lost ${batchId}: ${why}`),
    });
  replica.grantTo({
    grant: ({ creditId }) => told.push(`grant ${creditId}`),
    recall: (creditId) => told.push(`recall ${creditId}`),
  });
  return { replica, told, send };
}

test('a batch that its worker has lost is lost alone, and the credits of other executors are as they were', () => {
  const { replica, told, send } = newReplica();
  for (const creditId of [1, 2, 3]) replica.grant(creditId);
  send(7);
  send(8);
  told.splice(0);
  replica.batchLost(7, 'its thread ended');
  replica.batchLost(7, 'its thread ended');
  // Granted anew, one that was spent on the lost batch meanwhile would be there twice.
  expect(told).toEqual(['lost 7: its thread ended']);
  expect(replica.activity).toEqual({ credits: 1, inFlight: 1 });
});

test('who waits for a replica to be idle is told when its last batch was lost', () => {
  const { replica, told, send } = newReplica();
  replica.grant(1);
  send(7);
  replica.whenIdle(() => told.push('idle'));
  replica.batchLost(7, 'why');
  expect(told).toEqual(['grant 1', 'lost 7: why', 'idle']);
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
