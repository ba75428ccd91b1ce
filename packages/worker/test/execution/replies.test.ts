import { expect, test } from '@jest/globals';
import { asBytes, ServingError, Tensor, visitBytes, type Reply, type Value } from '@serving/common';
import { BatchValues, SlotValues } from '../../src/execution/batch-values.js';
import { collectReplies } from '../../src/execution/replies.js';
import { block, floats } from './batch.js';

const outputs = [{ name: 'y', slot: 0 }];

function valuesWith(rows: (Value | undefined)[], errors: Record<number, ServingError> = {}): BatchValues {
  const values = new BatchValues([], 1, [block(rows.length)]);
  values.set(0, SlotValues.ofRows(rows));
  for (const [instance, error] of Object.entries(errors)) values.fail(Number(instance), error);
  return values;
}

/** first, count and what is in the reply's only column, or its error. */
function shown({ first, count, outcome, last }: Reply): unknown[] {
  expect(last).toBe(true);
  if (!outcome.ok) return [first, count, outcome.error.message];
  const column = outcome.outputs.block.column('y')!;
  expect([outcome.outputs.from, outcome.outputs.to]).toEqual([0, count]);
  if (column.kind === 'bytes')
    return [first, count, column.dtype, ...column.elements.map((element) => Buffer.from(element).toString())];
  const bytes: number[] = [];
  visitBytes(column, 0, count, (view) => bytes.push(...view));
  return [first, count, column.dtype, column.shape, ...new Float32Array(Uint8Array.from(bytes).buffer)];
}

test('a column is one reply that shares its bytes', () => {
  const values = new BatchValues([], 1, [block(2)]);
  const column = floats([2, 2], 1, 2, 3, 4);
  values.set(0, SlotValues.ofColumn(column));
  const [reply, ...others] = collectReplies(outputs, values);
  expect(others).toEqual([]);
  expect(shown(reply!)).toEqual([0, 2, 'float32', [2], 1, 2, 3, 4]);
  const given = reply!.outcome.ok ? reply!.outcome.outputs.block.columns[0]! : undefined;
  expect(given?.kind === 'numeric' && given.segments[0]!.buffer).toBe(asBytes(column.data).buffer);
});

test('rows of one layout are one reply, each change of layout another', () => {
  const rows = [floats([], 1), floats([], 2), floats([1], 3), 'a', 'b', Buffer.from('c'), floats([1], 4)];
  expect(collectReplies(outputs, valuesWith(rows)).map(shown)).toEqual([
    [0, 2, 'float32', [], 1, 2],
    [2, 1, 'float32', [1], 3],
    [3, 2, 'string', 'a', 'b'],
    [5, 1, 'bytes', 'c'],
    [6, 1, 'float32', [1], 4],
  ]);
});

test('neighbours with one error are one reply', () => {
  const [a, b] = [new ServingError('STAGE_FAILED', 'a'), new ServingError('STAGE_FAILED', 'b')];
  const rows = [undefined, undefined, floats([], 1), undefined, undefined];
  expect(collectReplies(outputs, valuesWith(rows, { 0: a, 1: a, 3: a, 4: b })).map(shown)).toEqual([
    [0, 2, 'a'],
    [2, 1, 'float32', [], 1],
    [3, 1, 'a'],
    [4, 1, 'b'],
  ]);
});

test('the dtype is part of the layout', () => {
  const whole = new Tensor('int32', [], Int32Array.of(0));
  expect(collectReplies(outputs, valuesWith([floats([], 0), whole])).map(({ count }) => count)).toEqual([
    1, 1,
  ]);
});

test('no outputs are a success of all', () => {
  const [reply] = collectReplies([], new BatchValues([], 0, [block(3)]));
  expect(reply).toMatchObject({ first: 0, count: 3, outcome: { ok: true } });
});

test('no instances are no replies', () => {
  expect(collectReplies(outputs, new BatchValues([], 1, []))).toEqual([]);
});
