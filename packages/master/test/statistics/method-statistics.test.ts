/** Counted from what really comes back: replicas' replies with the durations of their stages. */
import { expect, test } from '@jest/globals';
import { computeTimes } from '../../src/statistics/compute-times.js';
import { floatsRequest, batchedEcho, InferenceBench } from '../support/inference.js';

const stage = (micros: number, model: boolean) => ({ stage: 's', micros, model });

test.each([
  ['a model alone', [stage(4000, true)], [0, 4, 0]],
  ['functions around it', [stage(1000, false), stage(4000, true), stage(2000, false)], [1, 4, 2]],
  [
    'a function between two models is theirs',
    [stage(1000, true), stage(500, false), stage(1000, true)],
    [0, 2.5, 0],
  ],
  ['functions without a model', [stage(1000, false), stage(2000, false)], [0, 3, 0]],
  ['nothing', [], [0, 0, 0]],
])('%s', (_, stages, [inputMs, inferMs, outputMs]) => {
  expect(computeTimes(stages)).toEqual({ inputMs, inferMs, outputMs });
});

function setUp() {
  const bench = new InferenceBench();
  const replica = bench.serve({ servable: 's', methods: [batchedEcho] }, () => undefined);
  const { statistics } = bench.models.ready('s', '').route;
  return { bench, replica, statistics };
}

test('requests that share a batch wait each for its own time, and each has all of its compute time', async () => {
  const { bench, replica, statistics } = setUp();
  replica.recall(1);
  replica.recall(2);
  const answers = [bench.infer(floatsRequest('s', [1], [1]))];
  bench.plane.clock.advance(5);
  answers.push(bench.infer(floatsRequest('s', [2], [2, 3])));
  bench.plane.clock.advance(2);
  replica.grant();
  bench.plane.clock.advance(4);
  replica.last.tookMs = 3;
  replica.last.succeed();
  await Promise.all(answers);
  expect(replica.sizes).toEqual([3]);
  expect(statistics).toMatchObject({
    succeeded: { count: 2, ms: 11 + 6 },
    failed: { count: 0, ms: 0 },
    queued: { count: 2, ms: 7 + 2 },
    computed: { input: { count: 2, ms: 0 }, infer: { count: 2, ms: 6 }, output: { count: 2, ms: 0 } },
    instances: 3,
    batches: 1,
  });
  expect([...statistics.batchesOfSize].map(([size, { infer }]) => [size, infer.count, infer.ms])).toEqual([
    [3, 1, 3],
  ]);
  expect(Date.now() - statistics.lastAt).toBeLessThan(60_000);
});

test('a request in several batches is one request', async () => {
  const { bench, replica, statistics } = setUp();
  replica.onSend = (work) => {
    work.tookMs = 2;
    work.succeed();
    replica.grant();
  };
  await bench.infer(floatsRequest('s', [9], [1, 2, 3, 4, 5, 6, 7, 8, 9]));
  expect(replica.sizes).toEqual([4, 4, 1]);
  expect(statistics).toMatchObject({
    succeeded: { count: 1 },
    queued: { count: 1 },
    computed: { infer: { count: 1, ms: 6 } },
    instances: 9,
    batches: 3,
  });
  expect([...statistics.batchesOfSize].map(([size, { infer }]) => [size, infer.count])).toEqual([
    [4, 2],
    [1, 1],
  ]);
});

test('one instance that fails makes its request a failure; the others count', async () => {
  const { bench, replica, statistics } = setUp();
  const refusal = bench.refusal(floatsRequest('s', [3], [1, 2, 3]));
  replica.last.succeed(0, 2);
  replica.last.fail(2, 1);
  await refusal;
  expect(statistics).toMatchObject({
    succeeded: { count: 0 },
    failed: { count: 1 },
    instances: 2,
    batches: 1,
  });
});

test('a request that is refused by a full queue is a failure without a batch', async () => {
  const { bench, statistics } = setUp();
  await bench.refusal(floatsRequest('s', [2_000_000, 0], []));
  expect(statistics).toMatchObject({ failed: { count: 1 }, queued: { count: 0 }, instances: 0, batches: 0 });
});
