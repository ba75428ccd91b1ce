/** The outer layout of a frame (proto/serving/link/v1/frame.proto): preamble, header, padding, data. */
import { ServingError } from '../errors/serving-error.js';

const magic = 0x31465653; // "SVF1", little-endian
const preambleBytes = 8;

/** onnxruntime takes inputs as they lie only where its vector instructions can load them. */
export const columnAlignment = 16;

export function align(bytes: number): number {
  return (bytes + columnAlignment - 1) & -columnAlignment;
}

/**
 * A new frame with its header written, and the data section to fill, all of it: the memory is as it was found, since clearing
 * what is written anyway costs as much as writing it. The buffer belongs to the frame alone.
 */
export function allocateFrame(
  header: Uint8Array,
  dataBytes: number,
): { frame: ArrayBuffer; data: Uint8Array } {
  const dataStart = align(preambleBytes + header.byteLength);
  const frame = Buffer.allocUnsafeSlow(dataStart + dataBytes).buffer;
  const preamble = new DataView(frame);
  preamble.setUint32(0, magic, true);
  preamble.setUint32(4, header.byteLength, true);
  const bytes = new Uint8Array(frame);
  bytes.set(header, preambleBytes);
  bytes.fill(0, preambleBytes + header.byteLength, dataStart);
  return { frame, data: new Uint8Array(frame, dataStart) };
}

/** @throws ServingError FRAME_INVALID when the buffer is no frame. */
export function openFrame(frame: ArrayBuffer): { header: Uint8Array; data: Uint8Array } {
  if (frame.byteLength < preambleBytes)
    throw invalidFrame(`expected at least ${preambleBytes} bytes, given ${frame.byteLength}`);
  const preamble = new DataView(frame);
  if (preamble.getUint32(0, true) !== magic) throw invalidFrame('expected it to begin with "SVF1"');
  const headerBytes = preamble.getUint32(4, true);
  const dataStart = align(preambleBytes + headerBytes);
  if (preambleBytes + headerBytes > frame.byteLength) {
    throw invalidFrame(
      `expected a header of ${headerBytes} bytes, given ${frame.byteLength - preambleBytes}`,
    );
  }
  return {
    header: new Uint8Array(frame, preambleBytes, headerBytes),
    data: new Uint8Array(frame, Math.min(dataStart, frame.byteLength)),
  };
}

export function invalidFrame(detail: string): ServingError {
  return new ServingError('FRAME_INVALID', `frame cannot be read: ${detail}`);
}
