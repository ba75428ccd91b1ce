/** Functions that are called with the instances of several requests: what one does is no business of the others. */
import { describe, expect, jest, test } from '@jest/globals';
import type { Tensor } from '@serving/common';
import type { StageFunction } from '../../src/definition/definition.js';
import { BatchValues, SlotValues } from '../../src/execution/batch-values.js';
import { byRequest } from '../../src/execution/by-request.js';
import { runFunctionStage } from '../../src/execution/function-stage.js';
import type { StageContext } from '../../src/execution/stage-context.js';
import { block, context, floatColumn, functionStage, ports } from './batch.js';

type Instances = readonly [x: Tensor][];

const numberOf = ([x]: readonly [Tensor]) => Number(x.data[0]);
const call = (callId: number, count: number) => ({
  callId,
  count,
  priority: 0,
  remainingMs: undefined,
  traceparent: '',
  affinityKey: new Uint8Array(0),
});

/** Instances 0 and 1 came with one request, 2 and 3 with another, 4 with a third; the second is the bad one. */
const requests = byRequest([call(7, 2), call(8, 2), call(9, 1)]);
const ofRequests = context(
  () => false,
  () => undefined,
  requests,
);
const isBad = (instance: readonly [Tensor]) => numberOf(instance) === 2;

async function outcomes(run: StageFunction, options: { batchSize?: number; timeoutMs?: number } = {}) {
  const values = new BatchValues(ports('x'), 2, [block(5, floatColumn('x', [], 0, 1, 2, 3, 4))]);
  const stage = functionStage(run, [0], [1], { batchSize: 0, ...options });
  await runFunctionStage(stage, values, ofRequests);
  return [0, 1, 2, 3, 4].map((i) => {
    const error = values.errorOf(i)?.message.replace(/^.* error msg: /, '');
    return error ?? Number((values.slot(1).row(i) as Tensor).data[0]);
  });
}

test('instances are told apart by their requests, whose ranges need not lie side by side', () => {
  expect(requests([0, 2, 3, 4])).toEqual([[0], [2, 3], [4]]);
  expect(byRequest([call(1, 1), call(2, 1), call(1, 2)])([0, 1, 2, 3])).toEqual([[0, 2, 3], [1]]);
});

describe('only the request fails whose instance makes the function', () => {
  const few = 'expected 2 results for 2 instances, given 1';
  test.each<[string, StageFunction, string | [unknown, unknown]]>([
    [
      'throw',
      (instances: Instances) => {
        if (instances.some(isBad)) throw new Error('no two');
        return instances.map(numberOf);
      },
      'no two',
    ],
    ['leave one out', (instances: Instances) => instances.filter((one) => !isBad(one)).map(numberOf), few],
    [
      'return no list',
      (instances: Instances) => (instances.some(isBad) ? 7 : instances.map(numberOf)),
      'expected a list of 2 results for 2 instances, given number',
    ],
    [
      'wait for ever',
      (instances: Instances) =>
        instances.some(isBad) ? new Promise(() => undefined) : Promise.resolve(instances.map(numberOf)),
      'did not return within 20 ms',
    ],
    [
      'yield one fewer, so that all after it move up',
      function* (instances: Instances) {
        for (const one of instances) if (!isBad(one)) yield numberOf(one);
      },
      // Within a request they do.
      [3, few],
    ],
    [
      'yield one more',
      async function* (instances: Instances) {
        for (const one of instances) {
          yield numberOf(one);
          if (isBad(one)) yield -1;
        }
      },
      'expected 2 results for 2 instances, given more',
    ],
  ])('%s', async (_, run, expected) => {
    const [third, fourth] = typeof expected === 'string' ? [expected, expected] : expected;
    expect(await outcomes(run, { timeoutMs: 20 })).toEqual([0, 1, third, fourth, 4]);
  });
});

test('a call with a limit is repeated for its own instances only', async () => {
  const calls: number[][] = [];
  const run = (instances: Instances) => {
    calls.push(instances.map(numberOf));
    if (instances.some(isBad)) throw new Error('no two');
    return instances.map(numberOf);
  };
  expect(await outcomes(run, { batchSize: 3 })).toEqual([0, 1, 'no two', 3, 4]);
  expect(calls).toEqual([[0, 1, 2], [0, 1], [2], [3, 4]]);
});

describe('should the thread not come back', () => {
  async function blamed(run: StageFunction, batchSize?: number): Promise<string[]> {
    const told: string[] = [];
    const values = new BatchValues(ports('x'), 2, [block(5, floatColumn('x', [], 0, 1, 2, 3, 4))]);
    const watched: StageContext = {
      ...context(
        () => false,
        () => undefined,
        requests,
      ),
      workOn: (first, count) => void told.push(`${first}+${count}`),
    };
    const stage = functionStage(run, [0], [1], batchSize === undefined ? {} : { batchSize });
    await runFunctionStage(stage, values, watched);
    return told;
  }

  test('while functions run one after another, the one that runs is to blame', async () => {
    expect(await blamed((x: Tensor) => x)).toEqual(['0+1', '1+1', '2+1', '3+1', '4+1']);
  });

  test('once they wait, it may be any of those that do', async () => {
    const run = (x: Tensor) => (Number(x.data[0]) % 2 === 1 ? Promise.resolve(x) : x);
    expect((await blamed(run)).at(-1)).toBe('1+3');
  });

  test('so it is while calls for several requests wait', async () => {
    const run = async (instances: Instances) => {
      await Promise.resolve();
      if (instances.length > 2) throw new Error('too many');
      return instances.map(numberOf);
    };
    // All, which wait; then each request until it waits, and all again.
    expect(await blamed(run, 0)).toEqual(['0+5', '0+5', '0+2', '0+5', '2+2', '0+5', '4+1', '0+5']);
  });
});

test('constants are not kept for another call: they must not be written to', async () => {
  const constant = new Uint8Array(16);
  const kept = jest.spyOn(Uint8Array.prototype, 'set');
  const values = new BatchValues(ports('x'), 3, [block(5, floatColumn('x', [], 0, 1, 2, 3, 4))]);
  values.set(1, SlotValues.ofConstant(constant));
  const given: unknown[] = [];
  const stage = functionStage(
    (instances: readonly [Tensor, Uint8Array][]) => {
      if (instances.some(([x]) => isBad([x]))) throw new Error('bad');
      given.push(...instances.map(([, bytes]) => bytes));
      return instances.map(([x]) => x);
    },
    [0, 1],
    [2],
    { batchSize: 0 },
  );
  await runFunctionStage(stage, values, ofRequests);
  const restored = kept.mock.contexts.includes(constant);
  kept.mockRestore();
  expect([restored, given]).toEqual([false, [constant, constant, constant]]);
});
