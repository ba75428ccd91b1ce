import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '@serving/common';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Master, type MasterOptions } from '../src/master.js';
import { floatText } from './support/calls.js';
import { FakeReplica, signature } from './support/fake-replica.js';
import { RawClient, until } from './support/grpc-client.js';
import { answerAtOnce } from './support/plane.js';
import { readReply, wireFloats, wireInstance, wireRequest } from './support/wire.js';

const logger = createLogger('test', 'fatal');
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

function newMaster(options: MasterOptions = {}): Master {
  const master = new Master({ logger, ...options });
  cleanups.push(() => master.stop(0));
  return master;
}

async function listening(master: Master, maxMessageBytes = 2 ** 20): Promise<RawClient> {
  const client = new RawClient(await master.listenGrpc('127.0.0.1:0', maxMessageBytes));
  cleanups.push(() => client.close());
  return client;
}

function requestFor(...values: number[]): Uint8Array {
  return wireRequest(values.map((value) => wireInstance([['x', wireFloats([], value)]])));
}

test('requests over gRPC reach the replicas and come back, many at a time', async () => {
  const master = newMaster({ limits: { maxBatchSize: 3, minShare: 1 } });
  const client = await listening(master);
  for (const id of ['a', 'b']) {
    const replica = answerAtOnce(new FakeReplica({ id }));
    master.addReplica(replica);
    replica.grant();
  }
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => client.predict(requestFor(i, 100 + i, 200 + i, 300 + i))),
  );
  expect(answers.map(({ reply }) => readReply(reply!))).toEqual(
    answers.map((_, i) => ({
      spec: { name: 'add', methodName: 'predict', versionNumber: 0n },
      outputs: [i, 100 + i, 200 + i, 300 + i].map(floatText),
      errors: [],
    })),
  );
});

test('front ends may be started before there are replicas, and replicas may go', async () => {
  const master = newMaster();
  const client = await listening(master);
  const codes = async () =>
    readReply((await client.predict(requestFor(1))).reply!).errors.map(({ code }) => code);
  expect(await codes()).toEqual([2]);
  const replica = answerAtOnce(new FakeReplica());
  master.addReplica(replica);
  replica.grant();
  expect(await codes()).toEqual([]);
  master.removeReplica(replica.id);
  expect(await codes()).toEqual([5]);
  master.addReplica(replica);
  expect(await codes()).toEqual([]);
});

test('requests that wait for the last replica are answered when it goes', async () => {
  const master = newMaster();
  const client = await listening(master);
  const replica = new FakeReplica();
  master.addReplica(replica);
  replica.grant();
  const sent = client.predict(requestFor(1));
  await until(() => replica.works.length === 1);
  const waiting = client.predict(requestFor(2));
  // A third request on the same connection shows that the one before it has been read.
  const later = client.predict(wireRequest([]));
  await later;
  master.removeReplica(replica.id);
  expect(readReply((await waiting).reply!).errors).toMatchObject([{ code: 5 }]);
  replica.last.succeed();
  expect(readReply((await sent).reply!).outputs).toEqual([floatText(1)]);
});

test('a caller that gives up or runs out of time makes its replica give up too', async () => {
  const master = newMaster();
  const client = await listening(master);
  const replica = new FakeReplica();
  master.addReplica(replica);
  for (const end of ['cancel', 'deadline'] as const) {
    replica.grant();
    const before = replica.works.length;
    const options = end === 'deadline' ? { deadline: Date.now() + 400 } : {};
    const { answer, cancel } = client.begin(requestFor(1), options);
    await until(() => replica.works.length > before);
    if (end === 'deadline') expect(replica.last.contents.calls[0]?.remainingMs).toBeLessThanOrEqual(400);
    else cancel();
    await until(() => replica.cancelled.includes(replica.last.batchId));
    expect((await answer).error?.code).toBe(end === 'cancel' ? 1 : 4);
    replica.last.succeed();
  }
});

test('bytes that are no request end in INVALID_ARGUMENT, and requests that are too large in RESOURCE_EXHAUSTED', async () => {
  const client = await listening(newMaster(), 1000);
  expect((await client.predict(Buffer.from('not a request'))).error).toMatchObject({
    code: 3,
    details: expect.stringMatching(
      /^expected a mindspore.serving.proto.PredictRequest, given 13 bytes/,
    ) as unknown,
  });
  expect((await client.predict(new Uint8Array(1001))).error?.code).toBe(8);
});

test('the newest version serves by default, and each by its number', async () => {
  const master = newMaster();
  const client = await listening(master);
  const replicas = [1, 2].map((version) => answerAtOnce(new FakeReplica({ version })));
  for (const replica of replicas) {
    master.addReplica(replica);
    replica.grant();
  }
  await client.predict(requestFor(1));
  await client.predict(wireRequest([wireInstance([['x', wireFloats([], 1)]])], { version: 1n }));
  expect(replicas.map((replica) => replica.works.length)).toEqual([1, 1]);
});

test('the queue of a method is bounded', async () => {
  const master = newMaster({ limits: { maxQueueInstances: 2 } });
  const client = await listening(master);
  master.addReplica(new FakeReplica({ methods: [signature('predict'), signature('other')] }));
  const { reply } = await client.predict(requestFor(1, 2, 3));
  expect(readReply(reply!).errors).toEqual([
    {
      code: 2,
      text: expect.stringMatching(/^Serving Error: enqueued requests count exceeds the limit 2; 0 .* 3 more/),
    },
  ]);
});

test('limits, leases and replicas that make no sense are refused', () => {
  expect(() => newMaster({ limits: { maxBatchSize: 0 } })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
  for (const leaseMs of [0, 99, 2010.0000000000002, 86_400_001, Infinity, Number.NaN])
    expect(() => newMaster({ leaseMs })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `leaseMs: expected a whole number of milliseconds from 100 to 86400000, given ${leaseMs}`,
      }),
    );
  const master = newMaster();
  master.addReplica(new FakeReplica({ id: 'a' }));
  expect(() => master.addReplica(new FakeReplica({ id: 'a' }))).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});

test('an address in use is refused', async () => {
  const master = newMaster();
  const address = await master.listenGrpc('127.0.0.1:0', 1000);
  await expect(newMaster().listenGrpc(address, 1000)).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
});

test('stopping lets requests in progress finish, takes no new ones, and then runs the hooks', async () => {
  const master = newMaster({ clock: new ManualClock() });
  const client = await listening(master);
  const replica = new FakeReplica();
  master.addReplica(replica);
  replica.grant();
  const order: string[] = [];
  master.onStop(async (graceMs) => {
    order.push(`hook ${graceMs}`);
    return true;
  });
  const answer = client.predict(requestFor(1)).then((given) => {
    order.push('answer');
    return given;
  });
  await until(() => replica.works.length === 1);
  const stopped = master.stop(30_000);
  replica.last.succeed();
  expect(readReply((await answer).reply!).outputs).toEqual([floatText(1)]);
  expect(await stopped).toBe(true);
  expect(order).toEqual(['answer', 'hook 500']);
  expect((await client.predict(requestFor(1))).error?.code).toBe(14);
});

test('what cannot be stopped is told', async () => {
  const master = newMaster();
  master.onStop(async () => true);
  master.onStop(async () => false);
  expect(await master.stop(10)).toBe(false);
});

test('a master that was stopped takes nothing new', async () => {
  const master = newMaster();
  await master.stop(0);
  const refused = {
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/: expected a master that runs, given one that was stopped$/) as unknown,
  };
  expect(() => master.addReplica(new FakeReplica())).toThrow(expect.objectContaining(refused));
  expect(() => master.onStop(async () => true)).toThrow(expect.objectContaining(refused));
  await expect(master.listenGrpc('127.0.0.1:0', 1000)).rejects.toMatchObject(refused);
  await expect(master.listenCluster('127.0.0.1:0')).rejects.toMatchObject(refused);
});
