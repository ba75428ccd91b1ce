import { link, type RpcStream } from '@serving/common';
import { expect, test } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';
import { leaseMs, LinkUnderTest, readAll } from './link-under-test.js';

const chunk: link.FrameChunk = {
  frameId: 1,
  totalBytes: 10,
  offset: 0,
  data: new Uint8Array(10),
  replicaId: 'nobody',
  method: 'm',
  count: 1,
  batchId: 1,
  creditId: 1,
};

async function sendBatch(stream: RpcStream, value: link.FrameChunk): Promise<void> {
  void stream.send(link.ExchangeResponse.encode({ message: { $case: 'batch', value } }).finish());
  await readAll(stream);
}

test.each([
  ['a batch for a replica of somebody else', { exchange: (stream: RpcStream) => sendBatch(stream, chunk) }],
  [
    'a frame that begins in the middle',
    { exchange: (stream: RpcStream) => sendBatch(stream, { ...chunk, offset: 5 }) },
  ],
  ['no Welcome', { register: async () => undefined }],
])('a master that sends %s is no reason to end: the worker registers again', async (_, script) => {
  const under = await LinkUnderTest.to(script);
  for (let tries = 1; tries <= 2; tries++) {
    under.clock.advance(await under.failed(tries));
  }
  await under.failed(3);
  expect([under.registrations, under.link.state]).toEqual([3, 'backing-off']);
});

test('a master that does not answer Hello is given up after a while', async () => {
  const under = await LinkUnderTest.to({ register: readAll });
  await eventually('it had Hello', () => under.registrations === 1);
  under.clock.advance(9_999);
  expect(under.clock.pending).toBe(1);
  under.clock.advance(1);
  under.clock.advance(await under.failed(1));
  await eventually('it has Hello again', () => under.registrations === 2);
  expect(under.outages).toMatchObject([{ why: 'expected Welcome of the master within 10000 ms' }]);
});

test('delays grow until a registration has lived for a lease', async () => {
  const under = await LinkUnderTest.to({ exchange: (stream) => sendBatch(stream, chunk) });
  const ceilings = [100, 200, 400, 800];
  for (const [tries, ceiling] of ceilings.entries()) {
    const delayMs = await under.failed(tries + 1);
    expect(delayMs).toBeGreaterThanOrEqual(ceiling / 2);
    under.clock.advance(delayMs);
  }
});

test('delays begin anew when a registration has lived for a lease', async () => {
  let mayLive = false;
  const under = await LinkUnderTest.to({
    exchange: (stream) => (mayLive ? readAll(stream) : sendBatch(stream, chunk)),
  });
  for (let tries = 1; tries < 4; tries++) under.clock.advance(await under.failed(tries));
  const fourth = await under.failed(4);
  mayLive = true;
  under.clock.advance(fourth);
  await under.reaches('registered');
  // This master answers no heartbeat.
  under.clock.advance(leaseMs);
  expect(await under.failed(5)).toBeLessThanOrEqual(100);
});

test('an outage is told once, and logged ever more seldom while its reason stays the same', async () => {
  const under = await LinkUnderTest.to({ register: async () => undefined });
  for (let tries = 1; tries < 9; tries++) under.clock.advance(await under.failed(tries));
  await under.failed(9);
  const told = under.log.filter(({ msg }) => msg === 'no link to the master; trying again');
  expect(told.filter(({ level }) => level === 40).map(({ tries }) => tries)).toEqual([1, 2, 4, 8]);
  expect(told.map(({ tries }) => tries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(under.outages).toEqual([
    { why: 'expected Welcome of the master', isWithoutMaster: false, wasRegistered: false },
  ]);
});

test('the end of each registration is an outage of its own, and its log begins anew', async () => {
  let mayLive = true;
  const under = await LinkUnderTest.to({
    exchange: (stream) => (mayLive ? readAll(stream) : sendBatch(stream, chunk)),
  });
  await under.reaches('registered');
  mayLive = false;
  under.clock.advance(leaseMs);
  for (let tries = 1; tries < 3; tries++) under.clock.advance(await under.failed(tries));
  await under.failed(3);
  expect(under.outages.map(({ wasRegistered }) => wasRegistered)).toEqual([true, true, true]);
  const tries = under.log.flatMap((line) => (typeof line['tries'] === 'number' ? [line['tries']] : []));
  expect(tries).toEqual([1, 1, 1]);
});
