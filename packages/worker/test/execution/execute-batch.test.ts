import { expect, test } from '@jest/globals';
import { asBytes, contiguousBytes, type Reply, type Tensor } from '@serving/common';
import { executeBatch } from '../../src/execution/execute-batch.js';
import type { MethodDefinition, StageDefinition } from '../../src/definition/definition.js';
import type { LoadedServable } from '../../src/servables/load-servable.js';
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

const model = loaded(new FakeSession([['N']], [['N']], doubled));

function servableWith(stages: StageDefinition[], models: LoadedModel[] = [model]): LoadedServable {
  const slotCount = 1 + stages.reduce((sum, stage) => sum + stage.outputs.length, 0);
  const method: MethodDefinition = {
    name: 'm',
    inputs: [{ name: 'x' }],
    outputs: [{ name: 'y', slot: slotCount - 1 }],
    stages,
    constants: [],
    slotCount,
    idempotent: true,
    isDefault: false,
    isStreaming: false,
    batching: {},
    at: undefined,
  };
  return {
    name: 's',
    version: 1,
    methods: new Map([['m', method]]),
    models: new Map(models.map((each) => [each.definition, each])),
    signatures: [],
  };
}

const three = batchOf('m', block(3, floatColumn('x', [], 1, 2, 3)));
const going = control(() => false);
const errorsOf = (replies: readonly Reply[]) =>
  replies.map(({ first, count, outcome }) => [first, count, outcome.ok ? 'ok' : outcome.error.code]);

test('stages run in order, and each has a duration', async () => {
  const plus = functionStage(
    function plus(x: Tensor) {
      return Number(x.data[0]) + 1;
    },
    [0],
    [1],
  );
  const { replies, durations } = await executeBatch(
    servableWith([plus, modelStage(model, [1], [2])]),
    three,
    going,
  );
  const [reply] = replies;
  if (!reply!.outcome.ok) throw reply!.outcome.error;
  const column = reply!.outcome.outputs.block.column('y');
  expect(column?.kind === 'numeric' && contiguousBytes(column, 0, 3)).toEqual(
    asBytes(Float32Array.of(4, 6, 8)),
  );
  expect(replies).toHaveLength(1);
  expect(durations.map(({ stage }) => stage)).toEqual(['plus', 'm.onnx']);
  expect(durations.every(({ micros }) => Number.isInteger(micros) && micros >= 0)).toBe(true);
});

test('an unknown method is the outcome of all instances', async () => {
  const { replies } = await executeBatch(servableWith([]), { ...three, method: '__proto__' }, going);
  expect(errorsOf(replies)).toEqual([[0, 3, 'METHOD_NOT_FOUND']]);
});

test('a method without stages gives back its inputs', async () => {
  expect(errorsOf((await executeBatch(servableWith([]), three, going)).replies)).toEqual([[0, 3, 'ok']]);
});

test('a batch without a needed column is the outcome of all instances', async () => {
  const other = batchOf('m', block(2, floatColumn('z', [], 1, 2)));
  expect(errorsOf((await executeBatch(servableWith([]), other, going)).replies)).toEqual([
    [0, 2, 'FRAME_INVALID'],
  ]);
});

test('a session that throws something unknown is INTERNAL, and the cause is not in the text', async () => {
  const broken = loaded(
    new FakeSession([['N']], [['N']], () => {
      throw new TypeError('secret detail');
    }),
  );
  const { replies } = await executeBatch(
    servableWith([modelStage(broken, [0], [1])], [broken]),
    three,
    going,
  );
  const [reply] = replies;
  if (reply!.outcome.ok) throw new Error('expected a failure');
  expect(reply!.outcome.error).toMatchObject({ code: 'INTERNAL', errorId: expect.any(String) as unknown });
  expect(reply!.outcome.error.message).not.toContain('secret');
});

test('when all instances have failed, later stages do not run', async () => {
  let calls = 0;
  const fails = functionStage(() => undefined, [0], [1]);
  const counts = functionStage(() => ++calls, [1], [2]);
  const { replies, durations } = await executeBatch(servableWith([fails, counts]), three, going);
  expect(calls).toBe(0);
  expect(durations).toHaveLength(1);
  expect(errorsOf(replies).flat()).not.toContain('ok');
});

test('a batch that is cancelled before it starts runs nothing', async () => {
  let calls = 0;
  const counts = functionStage(() => ++calls, [0], [1]);
  const { replies } = await executeBatch(
    servableWith([counts]),
    three,
    control(() => true),
  );
  expect(calls).toBe(0);
  expect(errorsOf(replies)).toEqual([[0, 3, 'CANCELLED']]);
});

test('a batch that is cancelled during its last stage has no outputs', async () => {
  let isCancelled = false;
  const cancels = functionStage(
    () => {
      isCancelled = true;
      return 1;
    },
    [0],
    [1],
  );
  const { replies } = await executeBatch(
    servableWith([cancels]),
    three,
    control(() => isCancelled),
  );
  expect(errorsOf(replies)).toEqual([[0, 3, 'CANCELLED']]);
});

test('a batch of which callers have given up is no measure of the next one', async () => {
  const gone = [{ first: 0, count: 2 }];
  const seen: number[] = [];
  const see = (x: Tensor) => {
    seen.push(Number(x.data[0]));
    return x;
  };
  const { replies, isWhole } = await executeBatch(servableWith([functionStage(see, [0], [1])]), three, {
    ...going,
    takeCancelled: () => gone.shift(),
  });
  expect([errorsOf(replies), seen, isWhole]).toEqual([
    [
      [0, 2, 'CANCELLED'],
      [2, 1, 'ok'],
    ],
    [3],
    false,
  ]);
});
