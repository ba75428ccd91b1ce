import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dataTypes, elementWidth, isNumericType } from '../../src/tensor/data-type.js';
import {
  bytesColumn,
  columnInstances,
  numericColumn,
  sameColumnLayout,
  visitBytes,
  type NumericColumn,
} from '../../src/block/column.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

function visited(column: NumericColumn, from: number, to: number): Uint8Array[] {
  const views: Uint8Array[] = [];
  visitBytes(column, from, to, (view) => views.push(view));
  return views;
}

/** `counts[i]` instances in segment i; the bytes count up over the whole column. */
function segmented(instanceBytes: number, counts: readonly number[]): { column: NumericColumn; all: Buffer } {
  const total = counts.reduce((sum, count) => sum + count, 0) * instanceBytes;
  const all = Buffer.from(Uint8Array.from({ length: total }, (_, i) => i));
  let at = 0;
  const segments = counts.map((count) => all.subarray(at, (at += count * instanceBytes)));
  return { column: numericColumn('x', 'uint8', [instanceBytes], segments), all };
}

test('a numeric column knows the bytes of one instance for every element type', () => {
  for (const dtype of dataTypes.filter(isNumericType)) {
    expect(numericColumn('x', dtype, [2, 3], []).instanceBytes).toBe(6 * elementWidth(dtype));
    expect(numericColumn('x', dtype, [], []).instanceBytes).toBe(elementWidth(dtype));
    expect(numericColumn('x', dtype, [2, 0], []).instanceBytes).toBe(0);
  }
});

test('a segment that is no whole number of instances is refused by name', () => {
  expect(() => numericColumn('image', 'int16', [3], [new Uint8Array(6), new Uint8Array(8)])).toThrow(
    servingError('INVALID_TENSOR', /column image: expected a multiple of 6 bytes for int16 \[3\], given 8/),
  );
  expect(() => numericColumn('x', 'int16', [0], [new Uint8Array(2)])).toThrow(servingError('INVALID_TENSOR'));
});

test('elements without room for any are refused', () => {
  expect(() => bytesColumn('s', 'string', [2, 0], [Buffer.from('x')])).toThrow(
    servingError('INVALID_TENSOR'),
  );
});

test('a shape that is none is refused by name', () => {
  expect(() => numericColumn('x', 'int8', [-1], [])).toThrow(servingError('INVALID_TENSOR', /column x/));
  expect(() => bytesColumn('s', 'string', [2 ** 33], [])).toThrow(servingError('INVALID_TENSOR', /column s/));
});

test('instances are counted by bytes or elements, and cannot be where there are none of either', () => {
  expect(columnInstances(segmented(4, [2, 0, 3]).column)).toBe(5);
  expect(columnInstances(segmented(4, []).column)).toBe(0);
  expect(columnInstances(numericColumn('x', 'int8', [0], [new Uint8Array(0)]))).toBeUndefined();
  const word = Buffer.from('w');
  expect(columnInstances(bytesColumn('s', 'string', [2], [word, word, word, word]))).toBe(2);
  expect(columnInstances(bytesColumn('s', 'bytes', [0], []))).toBeUndefined();
});

test('visiting a range gives exactly its bytes, however the instances are spread over segments', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), counts, fc.nat(), fc.nat(), (instanceBytes, spread, a, b) => {
      const { column, all } = segmented(instanceBytes, spread);
      const total = spread.reduce((sum, count) => sum + count, 0);
      const [from, to] = [a % (total + 1), b % (total + 1)].toSorted((x, y) => x - y) as [number, number];
      const expected = all.subarray(from * instanceBytes, to * instanceBytes);
      expect(Buffer.concat(visited(column, from, to)).toString('hex')).toBe(expected.toString('hex'));
    }),
    { numRuns: 500 },
  );
});

test('a first segment of one instance says nothing about the others', () => {
  const { column, all } = segmented(2, [1, 3]);
  expect(Buffer.concat(visited(column, 1, 3))).toEqual(all.subarray(2, 6));
});

test('the views share memory with the segments', () => {
  for (const counts of [[4], [1, 1, 1, 1], [1, 3]]) {
    const { column, all } = segmented(2, counts);
    for (const view of visited(column, 1, 4)) expect(view.buffer).toBe(all.buffer);
  }
});

test('a column of empty tensors has no bytes to visit, with any number of segments', () => {
  const empty = new Uint8Array(0);
  for (const segments of [[], [empty], [empty, empty]]) {
    const views = visited(numericColumn('x', 'float32', [0], segments), 0, 7);
    expect(views.reduce((sum, view) => sum + view.byteLength, 0)).toBe(0);
  }
});

test('columns stand side by side only with equal name, element type and shape', () => {
  const column = numericColumn('x', 'int8', [2], []);
  expect(sameColumnLayout(column, numericColumn('x', 'int8', [2], [new Uint8Array(4)]))).toBe(true);
  expect(sameColumnLayout(column, numericColumn('y', 'int8', [2], []))).toBe(false);
  expect(sameColumnLayout(column, numericColumn('x', 'uint8', [2], []))).toBe(false);
  expect(sameColumnLayout(column, numericColumn('x', 'int8', [2, 1], []))).toBe(false);
  expect(sameColumnLayout(bytesColumn('x', 'string', [], []), bytesColumn('x', 'bytes', [], []))).toBe(false);
});
