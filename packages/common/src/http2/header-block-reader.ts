/** HEADERS and the CONTINUATIONs that belong to it → the headers of a stream. */
import type { HeaderField } from '../hpack/header-field.js';
import type { HpackDecoder } from '../hpack/hpack-decoder.js';
import { errorCode, flag, reservedBit } from './frames.js';
import { Http2Error } from './http2-error.js';

export interface StreamHeaders {
  readonly streamId: number;
  /** Nothing follows. */
  readonly isLast: boolean;
  readonly fields: readonly HeaderField[];
  /** There were more than are taken; those beyond are left out. */
  readonly isTooLarge: boolean;
  readonly dependsOnItself: boolean;
}

/** Of the block as it is sent; none that is within the limit of its headers is larger by much. */
const maxBlockBytes = 2 ** 17;
const maxContinuations = 64;
const priorityBytes = 5;
const none = Buffer.alloc(0);

export class HeaderBlockReader {
  readonly #decoder: HpackDecoder;
  #streamId = 0;
  #isLast = false;
  #isComplete = true;
  #dependsOnItself = false;
  #block: Buffer = none;
  #continuations = 0;

  constructor(decoder: HpackDecoder) {
    this.#decoder = decoder;
  }

  /** More of a block is to come, and nothing else. */
  get isOpen(): boolean {
    return !this.#isComplete;
  }

  interrupted(): Http2Error {
    return new Http2Error(
      errorCode.protocolError,
      'the headers of a stream are interrupted by another frame',
    );
  }

  /** @throws Http2Error for a frame that is malformed */
  open(flags: number, streamId: number, payload: Buffer): void {
    const isPadded = (flags & flag.padded) !== 0;
    const hasPriority = (flags & flag.priority) !== 0;
    let from = isPadded ? 1 : 0;
    const to = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
    this.#dependsOnItself = false;
    if (from + (hasPriority ? priorityBytes : 0) > to)
      throw new Http2Error(errorCode.protocolError, 'HEADERS are shorter than what is in them');
    if (hasPriority) {
      this.#dependsOnItself = (payload.readUInt32BE(from) & reservedBit) === streamId;
      from += priorityBytes;
    }
    this.#streamId = streamId;
    this.#isLast = (flags & flag.endStream) !== 0;
    this.#isComplete = (flags & flag.endHeaders) !== 0;
    this.#continuations = 0;
    const block = payload.subarray(from, to);
    this.#block = this.#isComplete ? block : Buffer.from(block);
  }

  /** @throws Http2Error for a frame that does not belong there, or too many of them */
  add(flags: number, streamId: number, payload: Buffer): void {
    if (this.#isComplete || streamId !== this.#streamId)
      throw new Http2Error(errorCode.protocolError, 'CONTINUATION of no headers');
    this.#continuations++;
    if (this.#continuations > maxContinuations || this.#block.length + payload.length > maxBlockBytes)
      throw new Http2Error(errorCode.enhanceYourCalm, 'the headers of a request are too large');
    this.#block = Buffer.concat([this.#block, payload]);
    this.#isComplete = (flags & flag.endHeaders) !== 0;
  }

  /** The headers, once they are complete. @throws Http2Error COMPRESSION_ERROR */
  take(): StreamHeaders {
    const { fields, isTooLarge } = this.#decoder.decode(this.#block);
    this.#block = none;
    return {
      streamId: this.#streamId,
      isLast: this.#isLast,
      dependsOnItself: this.#dependsOnItself,
      fields,
      isTooLarge,
    };
  }
}
