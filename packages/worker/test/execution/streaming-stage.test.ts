import { expect, test } from '@jest/globals';
import type { Reply, Tensor } from '@serving/common';
import type { StageFunction } from '../../src/definition/definition.js';
import { functionStage, modelStage } from './batch.js';
import { failed, model, numberOf, ofInstance, run, shown, stage } from './streaming-run.js';

test.each<[string, StageFunction]>([
  [
    'a generator',
    function* (x: Tensor) {
      for (let i = 1; i <= numberOf(x); i++) yield 10 * i;
    },
  ],
  [
    'an async generator',
    async function* (x: Tensor) {
      for (let i = 1; i <= numberOf(x); i++) {
        await Promise.resolve();
        yield 10 * i;
      }
    },
  ],
  ['a function that returns an iterator', (x: Tensor) => [10, 20, 30].slice(0, numberOf(x)).values()],
  [
    'an async function that gives an iterator',
    async (x: Tensor) => [10, 20, 30].slice(0, numberOf(x)).values(),
  ],
])('%s gives a response for each result, and then an end without any', async (_what, each) => {
  const { all, early, replies } = await run([stage(each)]);
  expect([1, 2, 3].map((instance) => ofInstance(all, instance))).toEqual([
    ['1.0 10', '1.1 end'],
    ['2.0 10', '2.1 20', '2.2 end'],
    ['3.0 10', '3.1 20', '3.2 30', '3.3 end'],
  ]);
  expect([early.filter(({ last }) => last).length, replies.map(shown)]).toEqual([2, ['3.3 end']]);
});

test('instances take turns, and one that has ended need not wait for the others', async () => {
  const { all } = await run([
    stage(function* (x: Tensor) {
      for (let i = 0; i < numberOf(x); i++) yield i;
    }),
  ]);
  expect(all).toEqual([
    '1.0 0',
    '2.0 0',
    '3.0 0',
    '1.1 end',
    '2.1 1',
    '3.1 1',
    '2.2 end',
    '3.2 2',
    '3.3 end',
  ]);
});

test('a response goes out while the generator still runs', async () => {
  let goOn = () => {};
  const seen = new Promise<void>((resolve) => (goOn = resolve));
  const { all } = await run(
    [
      stage(async function* (x: Tensor) {
        yield 'first';
        await seen;
        yield numberOf(x);
      }),
    ],
    { control: { emit: ({ last }) => last || goOn() } },
  );
  expect(all).toHaveLength(1);
});

test('earlier stages are as in other methods; what fails there is told before the responses of others end', async () => {
  const failsAt2 = functionStage(
    (x: Tensor) => {
      if (numberOf(x) === 4) throw new Error('four');
      return x;
    },
    [1],
    [2],
  );
  const each = functionStage(
    function* (x: Tensor) {
      yield numberOf(x);
    },
    [2],
    [3],
  );
  const { all } = await run([modelStage(model, [0], [1]), failsAt2, each]);
  expect(all[0]).toMatch(/^2\.0 STAGE_FAILED: .* stage index\(begin with 1\): 2, error msg: four$/);
  expect(all.slice(1)).toEqual(['1.0 2', '3.0 6', '1.1 end', '3.1 end']);
});

test('a generator that throws fails its instance alone, behind the responses that it has given', async () => {
  const { all } = await run([
    stage(function* (x: Tensor) {
      yield 1;
      if (numberOf(x) === 2) throw new Error('two\nsecret');
    }),
  ]);
  expect(all).toEqual(['1.0 1', '2.0 1', '3.0 1', '1.1 end', `2.1 ${failed('two')}`, '3.1 end']);
});

test.each<[string, StageFunction, RegExp]>([
  [
    'a response that is no value',
    function* () {
      yield {};
    },
    /error msg: expected a Tensor, .*, given Object$/,
  ],
  [
    'two outputs for one',
    function* () {
      yield [1, 2];
    },
    /error msg: expected 1 output, given 2; a list is several outputs/,
  ],
  [
    'an Error',
    function* () {
      yield new Error('no more');
    },
    /error msg: no more$/,
  ],
  [
    'a list instead of an iterator',
    () => [1],
    /error msg: expected a generator, or another iterator over the responses, as the method is streaming; given a list$/,
  ],
  ['nothing instead of an iterator', () => undefined, /as the method is streaming; given undefined$/],
  [
    'text that cannot be sent',
    function* () {
      yield '\ud800';
    },
    /Call method 'm' Failed: output y: expected text that UTF-8 can hold/,
  ],
])('%s fails the instance', async (_what, each, error) => {
  const { all } = await run([stage(each)]);
  expect(all).toHaveLength(3);
  for (const text of all) expect(text).toMatch(error);
});

test('a response that is not as it was declared ends the generator', async () => {
  let cleanedUp = 0;
  const { all } = await run(
    [
      stage(function* () {
        try {
          yield 1;
          yield 'text';
          yield 3;
        } finally {
          cleanedUp++;
        }
      }),
    ],
    { outputs: [{ name: 'y', slot: 1, dtype: 'float32' }] },
  );
  expect([ofInstance(all, 1), cleanedUp]).toEqual([
    [
      '1.0 1',
      "1.1 STAGE_FAILED: Call method 'm' Failed: output y: expected float32 [], as it is declared, given string []",
    ],
    3,
  ]);
});

test('a response that cannot be sent is the end of its instance', async () => {
  const sent: Reply[] = [];
  const emit = (reply: Reply) => {
    if (reply.first === 1 && reply.sequence === 1) throw new RangeError('too large');
    sent.push(reply);
  };
  const { replies } = await run(
    [
      stage(function* () {
        yield 1;
        yield 2;
      }),
    ],
    { control: { emit: (reply) => (reply.last ? sent.push(reply) : emit(reply)) } },
  );
  const [error] = ofInstance([...sent, ...replies].map(shown), 2).slice(1);
  expect(error).toMatch(/^2\.1 INTERNAL: internal error, id/);
});
