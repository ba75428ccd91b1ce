/** When nobody wants the responses of a streaming method any more, or not yet. */
import { expect, test } from '@jest/globals';
import { asBytes, type Reply, type Tensor } from '@serving/common';
import { call, endless, failed, numberOf, ofInstance, run, shown, stage } from './streaming-run.js';

test.each([false, true])(
  'a cancelled batch is pulled no more, and generators clean up (async: %s)',
  async (isAsync) => {
    const { seen, each } = endless(isAsync);
    let cancelled = false;
    const { all } = await run([stage(each)], {
      control: {
        isCancelled: () => cancelled,
        emit: () => (cancelled = seen.yielded >= 6),
      },
    });
    const error = 'CANCELLED: the request was cancelled before it was finished';
    expect(all).toEqual([`1.2 ${error}`, `2.2 ${error}`, `3.2 ${error}`]);
    expect(seen).toEqual({ yielded: 6, cleanedUp: 3 });
  },
);

test('who waits for a promise learns of the cancellation', async () => {
  let cancelled = false;
  let cleanedUp = false;
  const { all } = await run(
    [
      stage(async (x: Tensor) => ({
        next: () => {
          cancelled = true;
          return new Promise(() => undefined);
        },
        return: () => {
          cleanedUp = numberOf(x) > 0;
        },
      })),
    ],
    { control: { isCancelled: () => cancelled } },
  );
  expect([all.length, cleanedUp]).toEqual([3, true]);
  expect(all[0]).toMatch(/^1\.0 CANCELLED: /);
});

test('an instance whose caller has no time left is pulled no more, and the others are', async () => {
  let now = 0;
  let cleanedUp = 0;
  const { all } = await run(
    [
      stage(function* (x: Tensor) {
        try {
          for (let i = 0; i < 3; i++) yield i;
        } finally {
          if (numberOf(x) === 2) cleanedUp = now;
        }
      }),
    ],
    {
      calls: [call(), call(10), call(0)],
      control: { now: () => now, emit: ({ sequence }) => (now = sequence === 0 ? now : 10) },
    },
  );
  expect(all).toEqual(['1.3 end']);
  expect(cleanedUp).toBe(10);
});

test('the error of one whose time ran out says whether its responses had begun', async () => {
  let now = 0;
  const early: Reply[] = [];
  const { replies } = await run(
    [
      stage(function* () {
        yield 1;
        yield 2;
      }),
    ],
    {
      calls: [call(), call(10), call(0)],
      control: {
        now: () => now,
        emit: (reply) => {
          early.push(reply);
          if (reply.first === 1) now = 10;
        },
      },
    },
  );
  const all = [...early, ...replies].map(shown);
  expect([ofInstance(all, 2).at(-1), ofInstance(all, 3)]).toEqual([
    "2.1 DEADLINE_EXCEEDED: the caller's deadline passed before the last response to the instance",
    ["3.0 DEADLINE_EXCEEDED: the caller's deadline passed before the instance was started"],
  ]);
});

test('a result that does not come in time is the end of its instance', async () => {
  const { all } = await run([
    stage(
      async function* (x: Tensor) {
        for (let i = 0; i < 4; i++) {
          await Promise.resolve();
          yield i;
        }
        if (numberOf(x) === 1) await new Promise(() => undefined);
      },
      { timeoutMs: 20 },
    ),
  ]);
  expect(ofInstance(all, 1).at(-1)).toBe(`1.4 ${failed('did not return within 20 ms')}`);
  expect([ofInstance(all, 2).at(-1), ofInstance(all, 3).at(-1)]).toEqual(['2.4 end', '3.4 end']);
});

test('who is worked on is said before each step, and all of them while nobody is', async () => {
  const told: string[] = [];
  const { all } = await run(
    [
      stage(function* (x: Tensor) {
        told.push(`step of ${numberOf(x)}`);
        yield asBytes(x.data);
        told.push(`end of ${numberOf(x)}`);
      }),
    ],
    { control: { workOn: (first, count) => void told.push(`${first + 1}+${count}`) } },
  );
  expect(all).toHaveLength(6);
  for (const instance of [1, 2, 3])
    for (const what of ['step', 'end'])
      expect(told[told.indexOf(`${what} of ${instance}`) - 1]).toBe(`${instance}+1`);
  expect(told.at(-1)).toBe('1+3');
});

test('while there is no room for responses none is asked for, and the thread is not taken for stuck', async () => {
  const { seen, each } = endless(false);
  let [progress, cancelled] = [0, false];
  await run([stage(each)], {
    control: {
      hasRoom: () => seen.yielded < 2,
      progress: () => (cancelled = ++progress >= 20),
      isCancelled: () => cancelled,
    },
  });
  // Each of the three instances may have found room before the others took it.
  expect(seen.yielded).toBeLessThanOrEqual(4);
  expect(seen.cleanedUp).toBe(3);
});

test('an instance that nobody waits for is pulled no more, and the others are', async () => {
  const cleanedUp: number[] = [];
  const early: Reply[] = [];
  const ranges: { first: number; count: number }[] = [];
  const { replies } = await run(
    [
      stage(function* (x: Tensor) {
        try {
          for (let i = 0; i < 3; i++) yield i;
        } finally {
          cleanedUp.push(numberOf(x));
        }
      }),
    ],
    {
      control: {
        emit: (reply) => {
          early.push(reply);
          if (early.length === 3) ranges.push({ first: 1, count: 1 });
        },
        takeCancelled: () => ranges.shift(),
      },
    },
  );
  const all = [...early, ...replies].map(shown);
  expect(ofInstance(all, 2)).toEqual([
    '2.0 0',
    '2.1 CANCELLED: the request was cancelled before it was finished',
  ]);
  expect([ofInstance(all, 1).at(-1), ofInstance(all, 3).at(-1), cleanedUp[0]]).toEqual([
    '1.3 end',
    '3.3 end',
    2,
  ]);
});
