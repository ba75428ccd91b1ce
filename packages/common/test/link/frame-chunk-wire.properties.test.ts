/** Frames on the link: cut, written, sent side by side, read and put together, they are what they were. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ServingError } from '../../src/errors/serving-error.js';
import { chunksOf } from '../../src/frame/chunk.js';
import { decodeBatch, encodeBatch } from '../../src/frame/batch-frame.js';
import { FrameChunk } from '../../src/gen/serving/link/v1/link.js';
import { chunkToWire, FrameInbox, type FrameLabel } from '../../src/link/frame-chunk-wire.js';
import { blockRanges, instancesOf } from '../frame/arbitraries.js';

const label: fc.Arbitrary<FrameLabel> = fc.record({
  replicaId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  batchId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  method: fc.constantFrom('', 'predict', 'größe', '__proto__'),
  count: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  creditId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

/** The messages of one stream: those of each frame in order, the frames in turns. */
function written(frames: readonly ArrayBuffer[], labels: readonly FrameLabel[], chunkBytes: number) {
  const queues = frames.map((frame, index) =>
    Array.from(chunksOf(index + 1, frame, chunkBytes), (chunk) =>
      FrameChunk.encode(chunkToWire(chunk, chunk.offset === 0 ? labels[index] : undefined)).finish(),
    ),
  );
  const longest = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue[turn] ?? [])).flat();
}

const batch = fc.tuple(blockRanges, label).map(([ranges, named]) => {
  const count = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const call = { callId: 1, count, priority: 0, traceparent: '', affinityKey: new Uint8Array(0) };
  const contents = { batchId: 1, servable: 's', version: 1, method: 'm', calls: [call] };
  return { named, frame: encodeBatch(contents, ranges), instances: ranges.flatMap(instancesOf) };
});

test('batches of tensors of every type arrive bit by bit, each with its label', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 5 }), fc.integer({ min: 1, max: 99 }), (batches, chunkBytes) => {
      const inbox = new FrameInbox();
      const arrived = written(
        batches.map(({ frame }) => frame),
        batches.map(({ named }) => named),
        chunkBytes,
      ).flatMap((message) => inbox.add(FrameChunk.decode(message)) ?? []);
      expect(arrived).toHaveLength(batches.length);
      for (const { named, frame, instances } of batches) {
        const at = arrived.findIndex((whole) => Buffer.from(whole.frame).equals(Buffer.from(frame)));
        const [whole] = arrived.splice(at, 1);
        expect(whole!.label).toEqual(named);
        const { sections } = decodeBatch(whole!.frame);
        expect(sections.flatMap((section) => instancesOf(section.all()))).toEqual(instances);
      }
    }),
    { numRuns: 100 },
  );
});

const anyChunk: fc.Arbitrary<FrameChunk> = fc.record({
  frameId: fc.constantFrom(0, 1),
  // Nothing that would be granted: a claim of memory that is granted is memory.
  totalBytes: fc.oneof({ weight: 8, arbitrary: fc.nat(3) }, fc.constantFrom(2 ** 32 + 1, 2 ** 53 - 1)),
  offset: fc.oneof({ weight: 8, arbitrary: fc.nat(2) }, fc.constantFrom(2 ** 32, 2 ** 53 - 1)),
  data: fc.uint8Array({ maxLength: 3 }),
  replicaId: fc.constantFrom('r', 'r', 'r', ''),
  method: fc.constant(''),
  count: fc.nat(3),
  batchId: fc.nat(3),
  creditId: fc.nat(3),
});

test('any chunks in any order complete a frame that they add up to, or are refused', () => {
  const seen = { whole: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(anyChunk, { minLength: 1, maxLength: 8 }), (chunks) => {
      const inbox = new FrameInbox();
      for (const chunk of chunks) {
        try {
          const whole = inbox.add(chunk);
          if (whole === undefined) continue;
          expect(whole.frame.byteLength).toBe(chunk.totalBytes);
          expect(whole.label.replicaId).toBe('r');
          seen.whole++;
        } catch (thrown) {
          if (!(thrown instanceof ServingError)) throw thrown;
          expect([thrown.code, thrown.message]).toEqual(['FRAME_INVALID', expect.stringMatching(/frame \d/)]);
          seen.refused++;
          // The stream ends with it.
          return;
        }
      }
    }),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.whole, seen.refused)).toBeGreaterThan(100);
});
