import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BlockRange } from '../../src/block/block.js';
import { Block } from '../../src/block/block.js';
import { bytesColumn, numericColumn, type Column } from '../../src/block/column.js';
import { decodeBatch, encodeBatch, type BatchContents, type CallRange } from '../../src/frame/batch-frame.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { blockRanges, instancesOf } from './arbitraries.js';

const description = { batchId: 7, servable: 'add', version: 2, method: 'add_common' };

function callFor(count: number, more: Partial<CallRange> = {}): CallRange {
  return { callId: 1, count, priority: 0, traceparent: '', affinityKey: new Uint8Array(0), ...more };
}

function framed(ranges: readonly BlockRange[]): ArrayBuffer {
  const count = ranges.reduce((sum, range) => sum + range.to - range.from, 0);
  return encodeBatch({ ...description, calls: [callFor(count)] }, ranges);
}

function instancesIn(batch: BatchContents): unknown[] {
  return batch.sections.flatMap((section) => instancesOf(section.all()));
}

/** Where the column begins in its frame. */
function startOf(column: Column): number | undefined {
  if (column.kind === 'numeric') return column.segments[0]?.byteOffset;
  const first = column.elements[0];
  return first === undefined ? undefined : first.byteOffset - 4 * (column.elements.length + 1);
}

test('any ranges of any blocks come out as the same instances in the same order', () => {
  fc.assert(
    fc.property(blockRanges, (ranges) => {
      const decoded = decodeBatch(framed(ranges));
      expect(instancesIn(decoded)).toEqual(ranges.flatMap((range) => instancesOf(range)));
      expect(decoded.count).toBe(ranges.reduce((sum, range) => sum + range.to - range.from, 0));
    }),
    { numRuns: 300 },
  );
});

test('every column of a decoded batch begins at a multiple of 16 bytes of its own buffer', () => {
  fc.assert(
    fc.property(blockRanges, (ranges) => {
      const frame = framed(ranges);
      for (const column of decodeBatch(frame).sections.flatMap((section) => section.columns)) {
        expect((startOf(column) ?? 0) % 16).toBe(0);
        for (const view of column.kind === 'numeric' ? column.segments : column.elements) {
          expect(view.buffer).toBe(frame);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('neighbours of one layout share a section and others do not', () => {
  fc.assert(
    fc.property(blockRanges, (ranges) => {
      const changes = ranges.filter((range, i) => i === 0 || range.layout !== ranges[i - 1]!.layout);
      expect(decodeBatch(framed(ranges)).sections).toHaveLength(changes.length);
    }),
    { numRuns: 200 },
  );
});

test('rows of changing shape become a section each and keep their order', () => {
  const row = (length: number) => {
    const bytes = Uint8Array.from({ length }, () => length);
    return new Block(1, [numericColumn('x', 'uint8', [length], [bytes])]).all();
  };
  const decoded = decodeBatch(framed([row(1), row(2), row(1)]));
  expect(decoded.sections.map((section) => section.column('x')?.shape)).toEqual([[1], [2], [1]]);
});

test('what is known of the batch and of its calls arrives unchanged', () => {
  const word = new Block(3, [
    bytesColumn(
      'w',
      'string',
      [],
      ['a', 'b', 'c'].map((w) => Buffer.from(w)),
    ),
  ]);
  const calls = [
    callFor(1, { callId: Number.MAX_SAFE_INTEGER, priority: -5, remainingMs: 0, traceparent: '00-ab-cd-01' }),
    callFor(2, { callId: 0, priority: 2 ** 31 - 1, affinityKey: Uint8Array.of(0, 255) }),
  ];
  const batch = { batchId: 2 ** 40, servable: 'größe', version: 2 ** 33, method: '__proto__', calls };
  const { sections, count, ...rest } = decodeBatch(encodeBatch(batch, [word.all()]));
  expect({ sections: sections.length, count }).toEqual({ sections: 1, count: 3 });
  expect(rest).toEqual({ ...batch, calls: calls.map((call) => ({ remainingMs: undefined, ...call })) });
});

test('a deadline further away than 2^32 milliseconds travels as the furthest that can be written', () => {
  const block = new Block(1, []);
  const frame = encodeBatch({ ...description, calls: [callFor(1, { remainingMs: 2 ** 40 })] }, [block.all()]);
  expect(decodeBatch(frame).calls[0]?.remainingMs).toBe(2 ** 32 - 1);
});

test('a batch of no instances and one of instances without inputs are batches', () => {
  expect(decodeBatch(framed([])).count).toBe(0);
  expect(decodeBatch(framed([new Block(5, []).all()])).sections.map((section) => section.count)).toEqual([5]);
});

test('the frame has a buffer of its own, so that it can be transferred', () => {
  const block = new Block(2, [numericColumn('x', 'float32', [], [new Uint8Array(64).subarray(8, 16)])]);
  const frame = framed([block.all()]);
  const moved = structuredClone(frame, { transfer: [frame] });
  expect(frame.byteLength).toBe(0);
  expect(decodeBatch(moved).count).toBe(2);
  expect(block.column('x')).toBeDefined();
});

test('calls that do not add up to the instances are refused', () => {
  const block = new Block(2, []);
  for (const calls of [[], [callFor(1)], [callFor(2), callFor(1)]]) {
    const frame = encodeBatch({ ...description, calls }, [block.all()]);
    expect(() => decodeBatch(frame)).toThrow(servingError('FRAME_INVALID', /expected calls for 2 instances/));
  }
});
