import { expect, test } from '@jest/globals';
import type { CallRange } from '@serving/common';
import type { Reply, Tensor } from '@serving/common';
import { Deadlines } from '../../src/execution/deadlines.js';
import { executeBatch } from '../../src/execution/execute-batch.js';
import type { MethodDefinition, StageDefinition } from '../../src/definition/definition.js';
import type { LoadedModel } from '../../src/models/loaded-model.js';
import {
  batchOf,
  block,
  control,
  doubled,
  FakeSession,
  floatColumn,
  functionStage,
  loaded,
  modelStage,
} from './batch.js';

const call = (count: number, remainingMs?: number): CallRange => ({
  callId: 1,
  count,
  priority: 0,
  remainingMs,
  traceparent: '',
  affinityKey: new Uint8Array(0),
});

test('ranges pass in the order of their time, each once, and those without a deadline never', () => {
  let now = 100;
  const deadlines = new Deadlines([call(2, 50), call(1), call(3, 20)], 100, () => now);
  expect(deadlines.takePassed()).toBeUndefined();
  now = 119;
  expect(deadlines.takePassed()).toBeUndefined();
  now = 200;
  expect([deadlines.takePassed(), deadlines.takePassed(), deadlines.takePassed()]).toEqual([
    { from: 3, to: 6, at: 120 },
    { from: 0, to: 2, at: 150 },
    undefined,
  ]);
});

/** A method of these stages, each with one input and one output, run on instances 1, 2, 3, … of these calls. */
async function run(
  calls: readonly CallRange[],
  stages: StageDefinition[],
  models: LoadedModel[],
  now: () => number,
) {
  const method: MethodDefinition = {
    name: 'm',
    inputs: [{ name: 'x' }],
    outputs: [{ name: 'y', slot: stages.length }],
    stages,
    constants: [],
    slotCount: stages.length + 1,
    idempotent: true,
    isDefault: false,
    isStreaming: false,
    batching: {},
    at: undefined,
  };
  const servable = {
    name: 's',
    version: 1,
    methods: new Map([['m', method]]),
    models: new Map(models.map((each) => [each.definition, each])),
    signatures: [],
  };
  const count = calls.reduce((sum, each) => sum + each.count, 0);
  const values = Array.from({ length: count }, (_, i) => i + 1);
  const batch = { ...batchOf('m', block(count, floatColumn('x', [], ...values))), calls };
  const { replies, isWhole } = await executeBatch(servable, batch, { ...control(() => false), now });
  return { outcomes: replies.flatMap(outcomes), isWhole };
}

const outcomes = ({ count, outcome }: Reply): string[] =>
  Array.from({ length: count }, () => (outcome.ok ? 'ok' : outcome.error.code));

/** A function that remembers the instances it was called with; each call takes a while of a clock. */
function slowFunction(tookMs: number) {
  const calls: number[] = [];
  let now = 0;
  const stage = functionStage(
    (x: Tensor) => {
      now += tookMs;
      calls.push(Number(x.data[0]));
      return x;
    },
    [0],
    [1],
  );
  return { stage, calls, now: () => now };
}

test('a batch whose every caller has gone is not started', async () => {
  const { stage, calls } = slowFunction(0);
  const { outcomes: given, isWhole } = await run([call(1, 10), call(2, 20)], [stage], [], () => 20);
  expect([given, calls, isWhole]).toEqual([
    ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
    [],
    false,
  ]);
});

test('of a batch of which some callers have gone, the instances of the others are run', async () => {
  const { stage, calls } = slowFunction(0);
  const { outcomes: given } = await run([call(1, 30), call(1, 10), call(1)], [stage], [], () => 20);
  expect([given, calls]).toEqual([
    ['ok', 'DEADLINE_EXCEEDED', 'ok'],
    [1, 3],
  ]);
});

test('an instance whose time runs out while those before it run is not started; nobody waits for the rest of its call', async () => {
  const { stage, calls, now } = slowFunction(10);
  const { outcomes: given } = await run([call(1), call(2, 15), call(1)], [stage], [], now);
  expect([given, calls]).toEqual([
    ['ok', 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED', 'ok'],
    [1, 2, 4],
  ]);
});

test('neither is one in a later call of a function that takes several at a time', async () => {
  const sizes: number[] = [];
  let now = 0;
  const stage = functionStage(
    (instances: Tensor[][]) => {
      now += 10;
      sizes.push(instances.length);
      return instances.map(([x]) => x);
    },
    [0],
    [1],
    { batchSize: 2 },
  );
  const { outcomes: given } = await run([call(2), call(1, 5), call(1)], [stage], [], () => now);
  expect([given, sizes]).toEqual([
    ['ok', 'ok', 'DEADLINE_EXCEEDED', 'ok'],
    [2, 1],
  ]);
});

test('nor in a later run of a model that takes one at a time, or in a later stage', async () => {
  let now = 0;
  const session = new FakeSession([[]], [[]], (x) => {
    now += 1;
    return doubled(x);
  });
  const model = loaded(session, { withBatchDim: false });
  // Eight runs are asked for at once.
  const { outcomes: given } = await run(
    [call(12), call(1, 8), call(1)],
    [modelStage(model, [0], [1])],
    [model],
    () => now,
  );
  expect([
    given.indexOf('DEADLINE_EXCEEDED'),
    given.lastIndexOf('DEADLINE_EXCEEDED'),
    session.runs.length,
  ]).toEqual([12, 12, 13]);
  const { stage, calls } = slowFunction(0);
  const late = await run([call(1, 8)], [stage, modelStage(model, [1], [2])], [model], () =>
    calls.length > 0 ? 8 : 0,
  );
  expect([late.outcomes, calls, session.runs.length]).toEqual([['DEADLINE_EXCEEDED'], [1], 13]);
});

test('what has been finished is answered, however late', async () => {
  const { stage, now } = slowFunction(10);
  const { outcomes: given, isWhole } = await run([call(1, 5)], [stage], [], now);
  expect([given, isWhole]).toEqual([['ok'], true]);
});
