/**
 * The bytes of a connection → frames. DATA is handed on as it comes, in views of what was received; all other frames are
 * small and come whole.
 */
import {
  defaultFrameBytes,
  errorCode,
  flag,
  frameHeaderBytes,
  frameType,
  preface,
  reservedBit,
} from './frames.js';
import { Http2Error } from './http2-error.js';

export interface FrameSink {
  /** A DATA frame begins. @param length of its payload with its padding: what it takes of the windows */
  dataBegins(streamId: number, length: number): void;
  /** A part of its contents. */
  data(piece: Buffer): void;
  dataEnds(isLast: boolean): void;
  /** Any other frame. @param payload to be copied by whoever keeps it */
  frame(type: number, flags: number, streamId: number, payload: Buffer): void;
}

export class FrameReader {
  readonly #sink: FrameSink;
  /** Of the preface that every client begins with. */
  #prefaceLeft = preface.length;
  /** The header of a frame that came in parts. */
  readonly #header = Buffer.alloc(frameHeaderBytes);
  #headerBytes = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Bytes of the frame's payload that have not come. */
  #left = 0;
  #isInFrame = false;
  /** Of DATA: how much of what is left is padding; undefined until its length is known. */
  #padding: number | undefined = 0;
  /** A payload that comes in parts; undefined while none has come. */
  #payload: Buffer | undefined;
  #isStopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Nothing that comes is looked at any more. */
  stop(): void {
    this.#isStopped = true;
    this.#payload = undefined;
  }

  /** The preface was there, so that the peer does speak HTTP/2. */
  get hasBegun(): boolean {
    return this.#prefaceLeft === 0;
  }

  /** @throws Http2Error for what is no HTTP/2 */
  push(chunk: Buffer): void {
    let at = this.#prefaceLeft > 0 ? this.#readPreface(chunk) : 0;
    while (at < chunk.length && !this.#isStopped)
      at = this.#isInFrame ? this.#readPayload(chunk, at) : this.#readHeader(chunk, at);
  }

  #readPreface(chunk: Buffer): number {
    const from = preface.length - this.#prefaceLeft;
    const length = Math.min(this.#prefaceLeft, chunk.length);
    if (preface.compare(chunk, 0, length, from, from + length) !== 0)
      throw new Http2Error(
        errorCode.protocolError,
        'the connection does not begin with the preface of HTTP/2',
      );
    this.#prefaceLeft -= length;
    return length;
  }

  #readHeader(chunk: Buffer, at: number): number {
    if (this.#headerBytes === 0 && chunk.length - at >= frameHeaderBytes) {
      this.#begin(chunk, at);
      return at + frameHeaderBytes;
    }
    const length = Math.min(frameHeaderBytes - this.#headerBytes, chunk.length - at);
    chunk.copy(this.#header, this.#headerBytes, at, at + length);
    this.#headerBytes += length;
    if (this.#headerBytes === frameHeaderBytes) {
      this.#headerBytes = 0;
      this.#begin(this.#header, 0);
    }
    return at + length;
  }

  #begin(bytes: Buffer, at: number): void {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    this.#type = bytes[at + 3]!;
    this.#flags = bytes[at + 4]!;
    this.#streamId = bytes.readUInt32BE(at + 5) & reservedBit;
    if (length > defaultFrameBytes)
      throw new Http2Error(
        errorCode.frameSizeError,
        `a frame has ${length} bytes, expected at most ${defaultFrameBytes}`,
      );
    this.#left = length;
    this.#isInFrame = true;
    if (this.#type === frameType.data) this.#beginData(length);
    else if (length === 0) this.#end(empty);
  }

  #beginData(length: number): void {
    this.#sink.dataBegins(this.#streamId, length);
    const isPadded = (this.#flags & flag.padded) !== 0;
    if (isPadded && length === 0) throw tooMuchPadding();
    this.#padding = isPadded ? undefined : 0;
    if (length === 0) this.#endData();
  }

  #readPayload(chunk: Buffer, at: number): number {
    if (this.#type === frameType.data) return this.#readData(chunk, at);
    const end = at + Math.min(this.#left, chunk.length - at);
    const isWhole = this.#payload === undefined && end - at === this.#left;
    if (isWhole) this.#end(chunk.subarray(at, end));
    else this.#keep(chunk, at, end);
    return end;
  }

  #keep(chunk: Buffer, at: number, end: number): void {
    const payload = (this.#payload ??= Buffer.allocUnsafe(this.#left));
    chunk.copy(payload, payload.length - this.#left, at, end);
    this.#left -= end - at;
    if (this.#left === 0) this.#end(payload);
  }

  #end(payload: Buffer): void {
    this.#isInFrame = false;
    this.#payload = undefined;
    this.#sink.frame(this.#type, this.#flags, this.#streamId, payload);
  }

  #readData(chunk: Buffer, at: number): number {
    if (this.#padding === undefined) {
      this.#padding = chunk[at]!;
      this.#left--;
      if (this.#padding > this.#left) throw tooMuchPadding();
      if (this.#left === 0) this.#endData();
      return at + 1;
    }
    const here = Math.min(this.#left, chunk.length - at);
    const contents = Math.min(here, this.#left - this.#padding);
    if (contents > 0) this.#sink.data(chunk.subarray(at, at + contents));
    this.#left -= here;
    this.#padding = Math.min(this.#padding, this.#left);
    if (this.#left === 0) this.#endData();
    return at + here;
  }

  #endData(): void {
    this.#isInFrame = false;
    this.#sink.dataEnds((this.#flags & flag.endStream) !== 0);
  }
}

const empty = Buffer.alloc(0);

function tooMuchPadding(): Http2Error {
  return new Http2Error(errorCode.protocolError, 'a frame has more padding than it has bytes');
}
