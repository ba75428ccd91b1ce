import { expect, test } from '@jest/globals';
import { align, allocateFrame, openFrame } from '../../src/frame/frame-buffer.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

test('sizes are rounded up to a multiple of 16', () => {
  expect([0, 1, 15, 16, 17, 2 ** 31 - 16].map(align)).toEqual([0, 16, 16, 16, 32, 2 ** 31 - 16]);
});

test('a frame begins with SVF1, the header length and the header, and its data at a multiple of 16', () => {
  for (let length = 0; length < 20; length++) {
    const header = Uint8Array.from({ length }, (_, i) => i + 1);
    const { frame, data } = allocateFrame(header, 24);
    const bytes = Buffer.from(frame);
    expect(bytes.toString('latin1', 0, 4)).toBe('SVF1');
    expect(bytes.readUInt32LE(4)).toBe(length);
    expect([...bytes.subarray(8, 8 + length)]).toEqual([...header]);
    expect([...bytes.subarray(8 + length)]).toEqual(Array(bytes.length - 8 - length).fill(0));
    expect([data.byteOffset % 16, data.byteLength, data.buffer === frame]).toEqual([0, 24, true]);
  }
});

test('what was written is found again', () => {
  const { frame, data } = allocateFrame(Uint8Array.of(1, 2, 3), 8);
  data.fill(9);
  const opened = openFrame(frame);
  expect([...opened.header]).toEqual([1, 2, 3]);
  expect([...opened.data]).toEqual(Array(8).fill(9));
});

test('a frame without data may end with its header, before the padding', () => {
  const { frame } = allocateFrame(Uint8Array.of(1, 2, 3), 0);
  const opened = openFrame(frame.slice(0, 11));
  expect([opened.header.byteLength, opened.data.byteLength]).toEqual([3, 0]);
});

test('what is shorter than a preamble, has other first letters or a header beyond its end is no frame', () => {
  const { frame } = allocateFrame(new Uint8Array(5), 0);
  for (let length = 0; length < 8; length++) {
    expect(() => openFrame(frame.slice(0, length))).toThrow(
      servingError('FRAME_INVALID', /at least 8 bytes/),
    );
  }
  const other = frame.slice(0);
  new Uint8Array(other)[3] = '2'.charCodeAt(0);
  expect(() => openFrame(other)).toThrow(servingError('FRAME_INVALID', /SVF1/));
  for (const length of [9, 2 ** 31, 2 ** 32 - 1]) {
    const claiming = frame.slice(0);
    new DataView(claiming).setUint32(4, length, true);
    expect(() => openFrame(claiming)).toThrow(servingError('FRAME_INVALID', /expected a header of/));
  }
});
