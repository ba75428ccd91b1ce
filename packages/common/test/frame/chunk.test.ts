import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chunksOf, FrameAssembler, maxChunkBytes, type Chunk } from '../../src/frame/chunk.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

function frameOf(bytes: Uint8Array | readonly number[]): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

/** A chunk of frame 1 with 10 bytes in all, unless told otherwise. */
function chunkAt(offset: number, length: number, more: Partial<Chunk> = {}): Chunk {
  return { frameId: 1, totalBytes: 10, offset, bytes: new Uint8Array(length).fill(offset + 1), ...more };
}

/** The chunks of several frames, each frame's in order, the frames mixed as `turns` says. */
function interleaved(frames: readonly ArrayBuffer[], chunkBytes: number, turns: readonly number[]): Chunk[] {
  const queues = frames.map((frame, i) => [...chunksOf(i, frame, chunkBytes)]);
  const mixed: Chunk[] = [];
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    const waiting = queues.filter((queue) => queue.length > 0);
    mixed.push(waiting[(turns[turn % turns.length] ?? 0) % waiting.length]!.shift()!);
  }
  return mixed;
}

test('a frame is cut into views of at most the chunk size, in order', () => {
  const frame = frameOf([0, 1, 2, 3, 4, 5, 6]);
  const chunks = [...chunksOf(4, frame, 3)];
  expect(
    chunks.map(({ frameId, totalBytes, offset, bytes }) => [frameId, totalBytes, offset, ...bytes]),
  ).toEqual([
    [4, 7, 0, 0, 1, 2],
    [4, 7, 3, 3, 4, 5],
    [4, 7, 6, 6],
  ]);
  expect(chunks.every((chunk) => chunk.bytes.buffer === frame)).toBe(true);
});

test('unless told otherwise a chunk is at most a mebibyte', () => {
  const sizes = [...chunksOf(1, new ArrayBuffer(2 * maxChunkBytes + 1))].map(
    (chunk) => chunk.bytes.byteLength,
  );
  expect(maxChunkBytes).toBe(2 ** 20);
  expect(sizes).toEqual([2 ** 20, 2 ** 20, 1]);
});

test('chunks of several frames in any interleaving come together as the frames they were', () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }).map(frameOf), { maxLength: 5 });
  const turns = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 12 }), turns, (list, chunkBytes, order) => {
      const assembler = new FrameAssembler(1000);
      const whole = new Map<number, string>();
      for (const chunk of interleaved(list, chunkBytes, order)) {
        const frame = assembler.add({ ...chunk, bytes: Buffer.from(chunk.bytes) });
        if (frame !== undefined) whole.set(chunk.frameId, Buffer.from(frame).toString('hex'));
      }
      expect(list.map((_, i) => whole.get(i))).toEqual(
        list.map((frame) => Buffer.from(frame).toString('hex')),
      );
      expect(assembler.heldBytes).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('a finished frame has a buffer of its own and its id can be used again', () => {
  const assembler = new FrameAssembler(100);
  const bytes = Uint8Array.of(1, 2);
  const first = assembler.add({ frameId: 1, totalBytes: 2, offset: 0, bytes });
  bytes.fill(9);
  expect([...new Uint8Array(first!)]).toEqual([1, 2]);
  const second = assembler.add({ frameId: 1, totalBytes: 2, offset: 0, bytes });
  expect([...new Uint8Array(second!)]).toEqual([9, 9]);
});

test('an incomplete frame holds all the bytes it claims until it is complete or dropped', () => {
  const assembler = new FrameAssembler(20);
  expect(assembler.add(chunkAt(0, 4))).toBeUndefined();
  expect(assembler.add(chunkAt(0, 4, { frameId: 2 }))).toBeUndefined();
  expect(assembler.heldBytes).toBe(20);
  expect(assembler.add(chunkAt(4, 6))?.byteLength).toBe(10);
  expect(assembler.heldBytes).toBe(10);
  assembler.drop(2);
  assembler.drop(2);
  assembler.drop(99);
  expect(assembler.heldBytes).toBe(0);
});

test('a chunk that leaves a gap, overlaps, repeats, changes the total or runs over is refused', () => {
  const broken: Partial<Chunk>[] = [
    { offset: 5 },
    { offset: 3 },
    { offset: 0 },
    { totalBytes: 11 },
    { totalBytes: 9 },
    { bytes: new Uint8Array(7) },
    { bytes: new Uint8Array(0) },
  ];
  for (const change of broken) {
    const assembler = new FrameAssembler(20);
    assembler.add(chunkAt(0, 4));
    expect(() => assembler.add({ ...chunkAt(4, 6), ...change })).toThrow(
      servingError('FRAME_INVALID', /frame 1/),
    );
  }
});

test('a frame whose chunk was refused holds nothing any more', () => {
  const assembler = new FrameAssembler(20);
  assembler.add(chunkAt(0, 4));
  expect(() => assembler.add(chunkAt(5, 1))).toThrow(servingError('FRAME_INVALID'));
  expect(assembler.heldBytes).toBe(0);
  expect(assembler.add(chunkAt(0, 10))?.byteLength).toBe(10);
});

test('a first chunk that does not begin the frame is refused and holds nothing, as after a frame was dropped', () => {
  const assembler = new FrameAssembler(20);
  assembler.add(chunkAt(0, 4));
  assembler.drop(1);
  expect(() => assembler.add(chunkAt(4, 4))).toThrow(servingError('FRAME_INVALID'));
  expect(assembler.heldBytes).toBe(0);
});

test('frames that claim more than the limit together are refused before anything is allocated', () => {
  const assembler = new FrameAssembler(25);
  assembler.add(chunkAt(0, 4));
  assembler.add(chunkAt(0, 4, { frameId: 2 }));
  for (const totalBytes of [6, 2 ** 33, Number.MAX_SAFE_INTEGER, Infinity]) {
    const chunk = { frameId: 3, totalBytes, offset: 0, bytes: Uint8Array.of(1) };
    expect(() => assembler.add(chunk)).toThrow(servingError('FRAME_INVALID', /at most 5 more/));
  }
  expect(assembler.heldBytes).toBe(20);
  expect(assembler.add(chunkAt(0, 5, { frameId: 3, totalBytes: 5 }))?.byteLength).toBe(5);
});

test('a total that is no number of bytes is refused', () => {
  for (const totalBytes of [-1, 1.5, Number.NaN]) {
    const assembler = new FrameAssembler(100);
    expect(() => assembler.add(chunkAt(0, 1, { totalBytes }))).toThrow(servingError('FRAME_INVALID'));
    expect(assembler.heldBytes).toBe(0);
  }
});

test('more incomplete frames than may be are refused, however little they claim', () => {
  const assembler = new FrameAssembler(1000, 2);
  for (const frameId of [1, 2]) assembler.add(chunkAt(0, 4, { frameId }));
  expect(() => assembler.add(chunkAt(0, 4, { frameId: 3 }))).toThrow(
    servingError('FRAME_INVALID', /frame 3: expected at most 2 incomplete frames/),
  );
  expect(assembler.heldBytes).toBe(20);
  expect(assembler.add(chunkAt(4, 6))?.byteLength).toBe(10);
  expect(assembler.add(chunkAt(0, 4, { frameId: 3 }))).toBeUndefined();
});
