/** Frames from a peer that is broken or hostile: they decode or are FRAME_INVALID, at once and without much memory. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Block } from '../../src/block/block.js';
import { bytesColumn, numericColumn } from '../../src/block/column.js';
import { ServingError } from '../../src/errors/serving-error.js';
import { decodeBatch, encodeBatch } from '../../src/frame/batch-frame.js';
import { allocateFrame } from '../../src/frame/frame-buffer.js';
import { decodeReply, encodeReply } from '../../src/frame/reply-frame.js';
import {
  BatchHeader,
  ReplyHeader,
  type ColumnLayout,
  type DataType as WireDataType,
  type Section,
} from '../../src/gen/serving/link/v1/frame.js';
import { dataTypeToWire, type DataType } from '../../src/tensor/data-type.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { blockRange, blockRanges } from './arbitraries.js';

function decodesOrIsInvalid(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof ServingError) || error.code !== 'FRAME_INVALID') throw error;
  }
}

const batchFrames = blockRanges.map((ranges) => {
  const count = ranges.reduce((sum, range) => sum + range.to - range.from, 0);
  const call = {
    callId: 1,
    count,
    priority: 1,
    remainingMs: 9,
    traceparent: 't',
    affinityKey: Uint8Array.of(1),
  };
  return encodeBatch({ batchId: 5, servable: 'add', version: 1, method: 'm', calls: [call] }, ranges);
});

const replyFrames = blockRange.map((outputs) => {
  const count = outputs.to - outputs.from;
  const reply = { first: 1, count, sequence: 2, last: true, outcome: { ok: true, outputs } } as const;
  return encodeReply({ batchId: 5, durations: [{ stage: 's', micros: 3, model: true }], reply });
});

const frames = fc.oneof(batchFrames, replyFrames);

test('any truncation decodes or is refused', () => {
  fc.assert(
    fc.property(frames, fc.nat(), (frame, cut) => {
      const truncated = frame.slice(0, cut % (frame.byteLength + 1));
      decodesOrIsInvalid(() => decodeBatch(truncated));
      decodesOrIsInvalid(() => decodeReply(truncated));
    }),
    { numRuns: 500 },
  );
});

test('a frame cut anywhere before its last data byte is refused', () => {
  const words = bytesColumn('words', 'string', [], [Buffer.from('one'), Buffer.from('two')]);
  const numbers = numericColumn('numbers', 'int32', [], [new Uint8Array(8)]);
  const outputs = new Block(2, [words, numbers]).all();
  const reply = { first: 0, count: 2, sequence: 0, last: true, outcome: { ok: true, outputs } } as const;
  const frame = encodeReply({ batchId: 1, durations: [], reply });
  expect(decodeReply(frame).reply.count).toBe(2);
  for (let length = 0; length < frame.byteLength; length++) {
    expect(() => decodeReply(frame.slice(0, length))).toThrow(servingError('FRAME_INVALID'));
  }
});

test('any changed bytes decode or are refused', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(frames, changes, (frame, list) => {
      const changed = new Uint8Array(frame.slice(0));
      for (const [at, value] of list) changed[at % changed.byteLength] = value;
      decodesOrIsInvalid(() => decodeBatch(changed.buffer));
      decodesOrIsInvalid(() => decodeReply(changed.buffer));
    }),
    { numRuns: 1000 },
  );
});

test('any bytes in place of the header decode or are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 64 }), (header, dataBytes) => {
      const { frame } = allocateFrame(header, dataBytes);
      decodesOrIsInvalid(() => decodeBatch(frame));
      decodesOrIsInvalid(() => decodeReply(frame));
    }),
    { numRuns: 2000 },
  );
});

const wild = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1));
const wilder = fc.oneof(wild, fc.constantFrom(2 ** 32, 2 ** 53 - 1, 2 ** 53 - 8));
const sections: fc.Arbitrary<Section> = fc.record({
  count: wild,
  columns: fc.array(
    fc.record({
      name: fc.constantFrom('x', 'y'),
      dtype: fc.integer({ min: -1, max: 16 }),
      shape: fc.array(fc.oneof(fc.constant(0), wild), { maxLength: 4 }),
      offset: fc.oneof(fc.constantFrom(0, 8), wilder),
      byteLength: fc.oneof(fc.constantFrom(0, 4, 8), wilder),
    }),
    { maxLength: 3 },
  ),
});

test('any numbers in a well-formed header decode or are refused', () => {
  fc.assert(
    fc.property(fc.array(sections, { maxLength: 3 }), fc.boolean(), (list, matching) => {
      const count = matching ? list.reduce((sum, section) => sum + section.count, 0) : 1;
      const call = {
        callId: 1,
        count: count % 2 ** 32,
        priority: 0,
        traceparent: '',
        affinityKey: new Uint8Array(0),
      };
      const batch = { batchId: 1, servable: '', version: 1, method: '', calls: [call], sections: list };
      decodesOrIsInvalid(() => decodeBatch(allocateFrame(BatchHeader.encode(batch).finish(), 64).frame));
      const reply = {
        batchId: 1,
        first: 0,
        count: 0,
        sequence: 0,
        last: true,
        durations: [],
        section: list[0],
      };
      decodesOrIsInvalid(() => decodeReply(allocateFrame(ReplyHeader.encode(reply).finish(), 64).frame));
    }),
    { numRuns: 2000 },
  );
});

function replyOf(count: number, column: Partial<ColumnLayout>, data: Uint8Array): () => unknown {
  const layout = {
    name: 'x',
    dtype: dataTypeToWire('uint8'),
    shape: [],
    offset: 0,
    byteLength: 0,
    ...column,
  };
  const section = { count, columns: [layout] };
  const header = { batchId: 1, first: 0, count, sequence: 0, last: true, durations: [], section };
  const { frame, data: target } = allocateFrame(ReplyHeader.encode(header).finish(), data.byteLength);
  target.set(data);
  return () => decodeReply(frame);
}

const wire = (dtype: DataType) => dataTypeToWire(dtype);
const refused = (reason: RegExp) => servingError('FRAME_INVALID', reason);
const data = new Uint8Array(64);

test('a claim of many elements without their bytes is refused before anything is allocated for them', () => {
  for (const dtype of [wire('float64'), wire('string')]) {
    expect(replyOf(2 ** 32 - 1, { dtype, byteLength: 64 }, data)).toThrow(refused(/expected/));
    expect(replyOf(1, { dtype, shape: [2 ** 32 - 1], byteLength: 64 }, data)).toThrow(refused(/expected/));
    expect(replyOf(2 ** 31, { dtype, shape: [2 ** 31], byteLength: 64 }, data)).toThrow(refused(/expected/));
    expect(replyOf(1, { dtype, shape: [2 ** 31, 2 ** 31] }, data)).toThrow(refused(/elements/));
  }
});

test('columns outside the data, not aligned or of no known type are refused', () => {
  expect(replyOf(8, { offset: 64, byteLength: 8 }, data)).toThrow(refused(/outside 64 bytes/));
  expect(replyOf(8, { offset: 8, byteLength: 8 }, data)).not.toThrow();
  expect(replyOf(8, { offset: 4, byteLength: 8 }, data)).toThrow(refused(/not aligned/));
  expect(replyOf(8, { offset: 2 ** 53 - 8, byteLength: 8 }, data)).toThrow(refused(/outside/));
  expect(replyOf(8, { byteLength: 9 }, data)).toThrow(refused(/expected 8 bytes, given 9/));
  expect(replyOf(1, { dtype: 15 as WireDataType, byteLength: 8 }, data)).toThrow(refused(/unknown dtype 15/));
  expect(replyOf(1, { dtype: 0, byteLength: 8 }, data)).toThrow(refused(/unknown dtype 0/));
});

test('elements whose ends run backwards, beyond the bytes or leave bytes over are refused', () => {
  const ends = (...list: number[]) => new Uint8Array(Uint32Array.from(list).buffer);
  const dtype = wire('bytes');
  expect(replyOf(2, { dtype, byteLength: 16 }, ends(0, 2, 4, 0))).not.toThrow();
  expect(replyOf(2, { dtype, byteLength: 16 }, ends(0, 3, 2, 0))).toThrow(refused(/element 1 ends at 2/));
  expect(replyOf(2, { dtype, byteLength: 16 }, ends(0, 2, 5, 0))).toThrow(refused(/element 1 ends at 5/));
  expect(replyOf(2, { dtype, byteLength: 16 }, ends(0, 2, 3, 0))).toThrow(refused(/4 bytes/));
  expect(replyOf(2, { dtype, byteLength: 16 }, ends(1, 2, 4, 0))).toThrow(refused(/begins at 1/));
  expect(replyOf(2, { dtype, byteLength: 8 }, ends(0, 0))).toThrow(refused(/expected 2 elements/));
});
