import { expect, test } from '@jest/globals';
import { maxChunkBytes, type Chunk } from '../../src/frame/chunk.js';
import { FrameOutbox } from '../../src/link/frame-outbox.js';

/** An outbox whose transport takes a chunk whenever it is told to. */
function slowly() {
  const sent: Chunk[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const outbox = new FrameOutbox<string>((chunk) => {
    sent.push(chunk);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    outbox,
    sent,
    drain: async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        next.resolve();
        await turn();
      }
    },
    breaks: async () => {
      waiting.shift()?.reject(new Error('broken'));
      await turn();
    },
  };
}

/** Most frames that were begun and not complete at one time. */
function mostIncomplete(chunks: readonly Chunk[]): number {
  const begun = new Set<number>();
  let most = 0;
  for (const { frameId, offset, bytes, totalBytes } of chunks) {
    if (offset + bytes.byteLength < totalBytes) begun.add(frameId);
    else begun.delete(frameId);
    most = Math.max(most, begun.size);
  }
  return most;
}

const large = new ArrayBuffer(3 * maxChunkBytes);
const small = new ArrayBuffer(8);

test('of many large frames eight take turns, the others follow in order', async () => {
  const { outbox, sent, drain } = slowly();
  for (let i = 0; i < 20; i++) outbox.add(large, '');
  await drain();
  expect(sent).toHaveLength(60);
  expect(mostIncomplete(sent)).toBe(8);
  const firsts = sent.filter(({ offset }) => offset === 0).map(({ frameId }) => frameId);
  expect(firsts).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test('a small frame waits for one turn of the large ones, however many there are', async () => {
  const { outbox, sent, drain } = slowly();
  for (let i = 0; i < 20; i++) outbox.add(large, '');
  outbox.add(small, '');
  await drain();
  // The first frame had two turns: it was alone at its first.
  expect(sent.findIndex(({ totalBytes }) => totalBytes === small.byteLength)).toBe(9);
});

test('an outbox whose transport broke forgets what waits, and counts from the beginning', async () => {
  const { outbox, sent, drain, breaks } = slowly();
  for (let i = 0; i < 20; i++) outbox.add(large, '');
  await breaks();
  expect(sent).toHaveLength(1);
  for (let i = 0; i < 20; i++) outbox.add(large, '');
  await drain();
  expect([sent.length, mostIncomplete(sent.slice(1))]).toEqual([61, 8]);
});

test('frames of one order keep it, whatever their sizes; others do not wait for them', async () => {
  const { outbox, sent, drain } = slowly();
  outbox.add(large, '', { order: 'a' });
  for (const frame of [small, large, small]) outbox.add(frame, '', { order: 'a' });
  outbox.add(small, '', { order: 'b' });
  await drain();
  const lasts = sent.filter(({ offset, bytes, totalBytes }) => offset + bytes.byteLength === totalBytes);
  expect(lasts.map(({ frameId }) => frameId)).toEqual([5, 1, 2, 3, 4]);
  outbox.add(small, '', { order: 'a' });
  await drain();
  expect(sent.at(-1)!.frameId).toBe(6);
});

test('an outbox whose transport broke forgets what waited behind a frame', async () => {
  const { outbox, sent, drain, breaks } = slowly();
  for (let i = 0; i < 3; i++) outbox.add(small, '', { order: 'a' });
  await breaks();
  outbox.add(small, '', { order: 'a' });
  await drain();
  expect(sent.map(({ frameId }) => frameId)).toEqual([1, 4]);
});

test('whoever asks is told when a frame is with the transport, and not when that broke', async () => {
  const { outbox, drain, breaks } = slowly();
  const told: string[] = [];
  outbox.add(large, '', { onSent: () => told.push('large') });
  outbox.add(small, '', { onSent: () => told.push('small') });
  expect(told).toEqual([]);
  await drain();
  expect(told).toEqual(['small', 'large']);
  outbox.add(small, '', { onSent: () => told.push('lost') });
  await breaks();
  await drain();
  expect(told).toEqual(['small', 'large']);
});
