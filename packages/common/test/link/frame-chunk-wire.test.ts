import { expect, test } from '@jest/globals';
import { FrameInbox } from '../../src/link/frame-chunk-wire.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

const data = new Uint8Array(1);
const begin = (frameId: number) => ({
  frameId,
  totalBytes: 2,
  offset: 0,
  data,
  replicaId: 'r',
  method: '',
  count: 0,
  batchId: frameId,
  creditId: 0,
});

test('a peer that begins frames without end and completes none is refused', () => {
  const inbox = new FrameInbox();
  for (let frameId = 1; frameId <= 4096; frameId++) expect(inbox.add(begin(frameId))).toBeUndefined();
  expect(() => inbox.add(begin(4097))).toThrow(servingError('FRAME_INVALID'));
});

test('a batch is incomplete from its first chunk to its last', () => {
  const inbox = new FrameInbox();
  expect(inbox.isIncomplete('r', 1)).toBe(false);
  inbox.add(begin(1));
  expect([inbox.isIncomplete('r', 1), inbox.isIncomplete('r', 2), inbox.isIncomplete('s', 1)]).toEqual([
    true,
    false,
    false,
  ]);
  inbox.add({ ...begin(1), offset: 1, replicaId: '' });
  expect(inbox.isIncomplete('r', 1)).toBe(false);
});
