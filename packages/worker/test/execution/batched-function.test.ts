import { describe, expect, test } from '@jest/globals';
import type { StageFunction } from '../../src/definition/definition.js';
import { BatchValues } from '../../src/execution/batch-values.js';
import type { StageContext } from '../../src/execution/stage-context.js';
import { runFunctionStage } from '../../src/execution/function-stage.js';
import type { Tensor } from '@serving/common';
import { block, context, floatColumn, functionStage, ports } from './batch.js';

type Instances = readonly [x: Tensor][];

const numberOf = ([x]: readonly [Tensor]) => Number(x.data[0]);

/** The outcome of each of the instances 0, 1, …: the output's number, or the error's text after its stage. */
async function outcomes(count: number, batchSize: number, run: StageFunction, timeoutMs?: number) {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const values = new BatchValues(ports('x'), 2, [block(count, floatColumn('x', [], ...numbers))]);
  const stage = functionStage(run, [0], [1], {
    batchSize,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  await runFunctionStage(stage, values, context());
  return numbers.map((i) => {
    const error = values.errorOf(i)?.message.replace(/^.* error msg: /, '');
    return error ?? Number((values.slot(1).row(i) as Tensor).data[0]);
  });
}

const doubled = (instances: Instances) => instances.map((instance) => 2 * numberOf(instance));

describe('a function with a batch size', () => {
  test.each([
    [0, [5]],
    [2, [2, 2, 1]],
    [8, [5]],
  ])('of %i is called with that many instances at most', async (batchSize, expected) => {
    const sizes: number[] = [];
    const run = (instances: Instances) => {
      sizes.push(instances.length);
      return doubled(instances);
    };
    expect(await outcomes(5, batchSize, run)).toEqual([0, 2, 4, 6, 8]);
    expect(sizes).toEqual(expected);
  });

  test('may be async', async () => {
    expect(await outcomes(3, 2, async (instances: Instances) => doubled(instances))).toEqual([0, 2, 4]);
  });

  test('fails those that it was called with when it throws', async () => {
    const run = (instances: Instances) => {
      if (instances.some((instance) => numberOf(instance) === 2)) throw new Error('no two');
      return doubled(instances);
    };
    expect(await outcomes(5, 2, run)).toEqual([0, 2, 'no two', 'no two', 8]);
  });

  test('fails single ones by an error in their place', async () => {
    const run = (instances: Instances) =>
      instances.map((instance) => (numberOf(instance) === 1 ? new Error('no one') : numberOf(instance)));
    expect(await outcomes(3, 0, run)).toEqual([0, 'no one', 2]);
  });

  test.each<[string, StageFunction, string]>([
    ['too few', () => [1], 'expected 2 results for 2 instances, given 1'],
    ['too many', () => [1, 2, 3], 'expected 2 results for 2 instances, given 3'],
    ['no list', () => 1, 'expected a list of 2 results for 2 instances, given number'],
    ['nothing', () => null, 'expected a list of 2 results for 2 instances, given null'],
  ])('fails all when it gives %s', async (_, run, text) => {
    expect(await outcomes(2, 0, run)).toEqual([text, text]);
  });

  test('fails those that a promise is late for', async () => {
    const late = 'did not return within 20 ms';
    expect(await outcomes(2, 0, () => new Promise(() => undefined), 20)).toEqual([late, late]);
  });
});

describe('a generator', () => {
  test.each<[string, StageFunction]>([
    [
      'yields results one by one',
      function* (instances: Instances) {
        for (const instance of instances) yield 2 * numberOf(instance);
      },
    ],
    [
      'may be async',
      async function* (instances: Instances) {
        for (const instance of instances) yield Promise.resolve(2 * numberOf(instance));
      },
    ],
  ])('%s', async (_, run) => {
    expect(await outcomes(4, 3, run)).toEqual([0, 2, 4, 6]);
  });

  test('that throws fails that instance, and is called again with those after it', async () => {
    const calls: number[][] = [];
    const run = function* (instances: Instances) {
      calls.push(instances.map(numberOf));
      for (const instance of instances) {
        if (numberOf(instance) % 2 === 1) throw new Error(`odd ${numberOf(instance)}`);
        yield numberOf(instance);
      }
    };
    expect(await outcomes(5, 0, run)).toEqual([0, 'odd 1', 2, 'odd 3', 4]);
    expect(calls).toEqual([[0, 1, 2, 3, 4], [2, 3, 4], [4]]);
  });

  test('may fill one array again for each result', async () => {
    const run = function* (instances: Instances) {
      const out = new Float32Array(1);
      for (const instance of instances) {
        out[0] = 10 * numberOf(instance);
        yield out;
      }
    };
    expect(await outcomes(3, 0, run)).toEqual([0, 10, 20]);
  });

  test('that ends early fails those without a result', async () => {
    const tooFew = 'expected 3 results for 3 instances, given 1';
    const run = function* () {
      yield 7;
    };
    expect(await outcomes(3, 0, run)).toEqual([7, tooFew, tooFew]);
  });

  test('that yields more fails all: nothing says which result belongs to which instance', async () => {
    const tooMany = 'expected 2 results for 2 instances, given more';
    const run = function* () {
      yield* [1, 2, 3];
    };
    expect(await outcomes(2, 0, run)).toEqual([tooMany, tooMany]);
  });
});

const triple = ([x]: readonly [Tensor]) => {
  x.data[0] = 3 * Number(x.data[0]);
  return x;
};

test.each<[string, StageFunction]>([
  [
    'a list',
    (instances: Instances) => {
      const tripled = instances.map(triple);
      if (tripled.length > 1) throw new Error('one at a time, please');
      return tripled;
    },
  ],
  [
    'a generator',
    function* (instances: Instances) {
      const tripled = instances.map(triple);
      if (Number(tripled[0]!.data[0]) === 3) throw new Error('no one');
      yield* tripled;
    },
  ],
])('what a function (%s) wrote to its inputs is undone before it is called again', async (_, run) => {
  const values = new BatchValues(ports('x'), 2, [block(3, floatColumn('x', [], 1, 2, 3))]);
  const eachItsOwn: StageContext['byRequest'] = (instances) => instances.map((instance) => [instance]);
  const stage = functionStage(run, [0], [1], { batchSize: 0 });
  await runFunctionStage(stage, values, context(undefined, undefined, eachItsOwn));
  expect([1, 2].map((i) => (values.slot(1).row(i) as Tensor).data[0])).toEqual([6, 9]);
  // And what the last call wrote is there for later stages.
  expect([1, 2].map((i) => (values.slot(0).row(i) as Tensor).data[0])).toEqual([6, 9]);
});

test.each<[string, () => unknown]>([
  ['too many results', () => ({ done: false, value: 1 })],
  ['late', () => new Promise(() => undefined)],
])('a generator of which nothing more is wanted (%s) can clean up', async (_, next) => {
  let ended = 0;
  const run = () => ({ next, return: () => ended++ });
  await outcomes(2, 0, run, 20);
  expect(ended).toBeGreaterThan(0);
});

test('an instance whose promise is late fails alone', async () => {
  const values = new BatchValues(ports('x'), 2, [block(3, floatColumn('x', [], 0, 1, 2))]);
  const run = (x: Tensor) => (Number(x.data[0]) === 1 ? new Promise(() => undefined) : x);
  await runFunctionStage(functionStage(run, [0], [1], { timeoutMs: 20 }), values, context());
  expect([...values.alive()]).toEqual([0, 2]);
  expect(values.errorOf(1)!.message).toMatch(/error msg: did not return within 20 ms$/);
});

test.each([undefined, 0])('a batch that nobody waits for is left (batch size %s)', async (batchSize) => {
  let isCancelled = false;
  const values = new BatchValues(ports('x'), 2, [block(1, floatColumn('x', [], 0))]);
  const run = () => {
    isCancelled = true;
    return new Promise(() => undefined);
  };
  await runFunctionStage(
    functionStage(run, [0], [1], batchSize === undefined ? {} : { batchSize }),
    values,
    context(() => isCancelled),
  );
  expect(values.errorOf(0)).toBeUndefined();
});

test('a promise that settles after its batch was left is no progress of the next one', async () => {
  let isCancelled = false;
  let progress = 0;
  let settle: (value: number) => void = () => undefined;
  const values = new BatchValues(ports('x'), 2, [block(1, floatColumn('x', [], 0))]);
  const run = () => {
    isCancelled = true;
    return new Promise<number>((resolve) => (settle = resolve));
  };
  const counting = context(
    () => isCancelled,
    () => void progress++,
  );
  await runFunctionStage(functionStage(run, [0], [1]), values, counting);
  const before = progress;
  settle(1);
  await new Promise(setImmediate);
  expect(progress).toBe(before);
});

test('errors call a stage by its tag', async () => {
  const values = new BatchValues(ports('x'), 2, [block(1, floatColumn('x', [], 0))]);
  const run = () => {
    throw new Error('why');
  };
  await runFunctionStage(functionStage(run, [0], [1], { tag: 'Preprocess' }), values, context());
  expect(values.errorOf(0)!.message).toMatch(/^Call Preprocess Failed, method: 'm', stage index/);
});
