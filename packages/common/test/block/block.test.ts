import { expect, test } from '@jest/globals';
import { Block, contiguousBytes, rangeBytes, sameLayout } from '../../src/block/block.js';
import { bytesColumn, numericColumn } from '../../src/block/column.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

const pair = numericColumn('pair', 'uint8', [2], [Uint8Array.of(0, 1, 2, 3), Uint8Array.of(4, 5)]);
const words = bytesColumn(
  'words',
  'string',
  [],
  ['one', '', 'three'].map((word) => Buffer.from(word)),
);

test('a block finds its columns by name', () => {
  const block = new Block(3, [pair, words]);
  expect(block.column('words')).toBe(words);
  expect(block.column('missing')).toBeUndefined();
  expect(block.column('__proto__')).toBeUndefined();
});

test('a column with another number of instances is refused by name', () => {
  expect(() => new Block(2, [words])).toThrow(
    servingError('INVALID_TENSOR', /column words: expected 2 instances, given 3/),
  );
  const odd = bytesColumn('odd', 'bytes', [2], [Buffer.from('a')]);
  expect(() => new Block(1, [odd])).toThrow(servingError('INVALID_TENSOR', /given 0\.5/));
});

test('columns that cannot tell their number of instances fit any block, and so do no columns', () => {
  expect(new Block(5, [numericColumn('x', 'int8', [0], [])]).count).toBe(5);
  expect(new Block(5, []).all().to).toBe(5);
});

test('all of a block is the range from its first to its last instance', () => {
  const block = new Block(3, [pair]);
  expect(block.all()).toEqual({ block, from: 0, to: 3 });
});

test('blocks have one layout when their columns agree in order', () => {
  const block = new Block(3, [pair, words]);
  const other = new Block(1, [
    numericColumn('pair', 'uint8', [2], [Uint8Array.of(9, 9)]),
    bytesColumn('words', 'string', [], [Buffer.from('x')]),
  ]);
  expect(sameLayout(block, block)).toBe(true);
  expect(sameLayout(block, other)).toBe(true);
  expect(sameLayout(block, new Block(3, [words, pair]))).toBe(false);
  expect(sameLayout(block, new Block(3, [pair]))).toBe(false);
  expect(sameLayout(new Block(3, [pair]), block)).toBe(false);
});

test('the bytes of a range are those of its instances in every column', () => {
  const block = new Block(3, [pair, words]);
  expect(rangeBytes(block.all())).toBe(6 + 8);
  expect(rangeBytes({ block, from: 0, to: 2 })).toBe(4 + 3);
  expect(rangeBytes({ block, from: 2, to: 2 })).toBe(0);
});

test('contiguous bytes are a view within one segment and a copy across two', () => {
  const within = contiguousBytes(pair, 0, 2);
  expect(within.buffer).toBe(pair.segments[0]!.buffer);
  expect([...within]).toEqual([0, 1, 2, 3]);
  const across = contiguousBytes(pair, 1, 3);
  expect([...across]).toEqual([2, 3, 4, 5]);
  expect(pair.segments.map((segment) => segment.buffer)).not.toContain(across.buffer);
});

test('contiguous bytes of an empty range or of empty tensors are empty', () => {
  expect(contiguousBytes(pair, 1, 1)).toEqual(new Uint8Array(0));
  expect(contiguousBytes(numericColumn('x', 'int8', [0], []), 0, 4)).toEqual(new Uint8Array(0));
});
