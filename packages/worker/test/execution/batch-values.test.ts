import { describe, expect, test } from '@jest/globals';
import { numericColumn, ServingError, type Block } from '@serving/common';
import { BatchValues } from '../../src/execution/batch-values.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { blobColumn, block, floatColumn, floats, plain, textColumn } from './batch.js';

const valuesOf = (inputs: string[], ...sections: Block[]) =>
  new BatchValues(
    inputs.map((name) => ({ name })),
    inputs.length,
    sections,
  );

test('inputs go to slots by name, whatever the order of the columns', () => {
  const values = valuesOf(['a', 'b'], block(2, textColumn('b', 'x', 'y'), floatColumn('a', [], 1, 2)));
  expect(plain(values.slot(0).row(1))).toEqual(plain(floats([], 2)));
  expect(values.slot(1).row(1)).toBe('y');
});

test('one numeric section is a stacked column', () => {
  const values = valuesOf(['a'], block(2, floatColumn('a', [2], 1, 2, 3, 4)));
  expect(plain(values.slot(0).column!)).toEqual(plain(floats([2, 2], 1, 2, 3, 4)));
  expect(plain(values.slot(0).row(0))).toEqual(plain(floats([2], 1, 2)));
});

test('sections of different shapes and types are rows', () => {
  const values = valuesOf(
    ['a'],
    block(1, floatColumn('a', [2], 1, 2)),
    block(2, floatColumn('a', [], 3, 4)),
    block(1, textColumn('a', 'text')),
    block(1, blobColumn('a', Uint8Array.of(0, 255))),
  );
  expect(values.count).toBe(5);
  expect(values.slot(0).column).toBeUndefined();
  expect([0, 1, 2, 3, 4].map((i) => plain(values.slot(0).row(i)))).toEqual(
    [floats([2], 1, 2), floats([], 3), floats([], 4), 'text', Uint8Array.of(0, 255)].map(plain),
  );
});

test('a text keeps its byte order mark', () => {
  const values = valuesOf(['a'], block(1, textColumn('a', '\ufefftext')));
  expect(values.slot(0).row(0)).toBe('\ufefftext');
});

test('as many instances as a batch may have are read', () => {
  const many = 65_536;
  const values = valuesOf(['a'], block(many, floatColumn('a', [0])), block(1, floatColumn('a', [], 5)));
  expect(plain(values.slot(0).row(many))).toEqual(plain(floats([], 5)));
  expect(plain(values.slot(0).row(many - 1))).toEqual(plain(floats([0])));
});

test('a batch without a column that the method needs is not to be read', () => {
  expect(() => valuesOf(['a'], block(1, floatColumn('b', [], 1)))).toThrow(
    servingError('FRAME_INVALID', 'the batch has no column for input a'),
  );
});

test('a slot that was not written and an instance without a value are faults', () => {
  const values = new BatchValues([], 1, [block(1)]);
  expect(() => values.slot(0)).toThrow('slot 0 is read before it is written');
});

describe('failures', () => {
  const error = new ServingError('STAGE_FAILED', 'first');
  const other = new ServingError('STAGE_FAILED', 'second');

  test('instances that have failed are out, and their first error stays', () => {
    const values = valuesOf(['a'], block(3, floatColumn('a', [], 1, 2, 3)));
    expect(values.anyFailed).toBe(false);
    values.fail(1, error);
    values.fail(1, other);
    expect([...values.alive()]).toEqual([0, 2]);
    expect(values.errorOf(1)).toBe(error);
    expect([values.anyFailed, values.allFailed]).toEqual([true, false]);
    values.failAll(other);
    expect([0, 1, 2].map((i) => values.errorOf(i))).toEqual([other, error, other]);
    expect(values.allFailed).toBe(true);
  });
});

test('a column of bytes at an odd offset is read', () => {
  const bytes = new Uint8Array(9);
  bytes.set(new Uint8Array(Float32Array.of(1.5, 2.5).buffer), 1);
  const values = valuesOf(['a'], block(2, numericColumn('a', 'float32', [], [bytes.subarray(1)])));
  expect(plain(values.slot(0).row(1))).toEqual(plain(floats([], 2.5)));
});
