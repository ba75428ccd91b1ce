/**
 * The data of a call → its messages: one byte that says whether it is compressed, four of its length, and so many of the
 * message. Each is put together in memory of its own, which grows with what has come and not with what was announced.
 */
import { grpcStatus } from '../errors/error-codes.js';
import { firstLine } from '../errors/serving-error.js';
import type { Decompress } from './grpc-encoding.js';

export interface MessageTaker {
  message(message: Uint8Array): void;
  /** What came is no message that is taken: nothing more is read. */
  fault(status: number, text: string): void;
  /** The memory of the message on its way is so many bytes larger. */
  charge(bytes: number): void;
  /** That message is complete, and was charged in full. */
  complete(): void;
  /** A message has begun. */
  begin(): void;
}

const prefixBytes = 5;
/** A message gets so many times the memory of what of it has come, up to its length. */
const growth = 8;

export class MessageReader {
  readonly #taker: MessageTaker;
  readonly #maxBytes: number;
  readonly #decompress: Decompress | undefined;
  #prefixHere = 0;
  #isCompressed = false;
  #length = 0;
  #message: Buffer = none;
  #here = 0;
  #isStopped = false;
  /** Messages and the end wait for what was compressed before them. */
  #decompressing: Promise<void> | undefined;

  /** @param decompress undefined where messages are not compressed */
  constructor(taker: MessageTaker, maxBytes: number, decompress: Decompress | undefined) {
    this.#taker = taker;
    this.#maxBytes = maxBytes;
    this.#decompress = decompress;
  }

  /** A message has begun and is not complete. */
  get isWithin(): boolean {
    return this.#prefixHere > 0;
  }

  stop(): void {
    this.#isStopped = true;
    this.#message = none;
  }

  push(piece: Buffer): void {
    for (let at = 0; at < piece.length && !this.#isStopped;)
      at = this.#prefixHere < prefixBytes ? this.#readPrefix(piece, at) : this.#readMessage(piece, at);
  }

  #readPrefix(piece: Buffer, at: number): number {
    if (this.#prefixHere === 0) this.#taker.begin();
    if (this.#prefixHere === 0 && piece.length - at >= prefixBytes) {
      this.#isCompressed = piece[at] !== 0;
      this.#length = piece.readUInt32BE(at + 1);
      this.#prefixHere = prefixBytes;
      this.#prefixRead();
      return at + prefixBytes;
    }
    const byte = piece[at]!;
    if (this.#prefixHere === 0) {
      this.#isCompressed = byte !== 0;
      this.#length = 0;
    } else this.#length = this.#length * 256 + byte;
    if (++this.#prefixHere === prefixBytes) this.#prefixRead();
    return at + 1;
  }

  #prefixRead(): void {
    const length = this.#length;
    if (length > this.#maxBytes)
      return this.#fault(grpcStatus.RESOURCE_EXHAUSTED, tooLarge(length, this.#maxBytes));
    if (this.#isCompressed && this.#decompress === undefined)
      return this.#fault(grpcStatus.INTERNAL, 'a message is compressed, but grpc-encoding names no way');
    this.#here = 0;
    this.#message = none;
    if (length === 0) this.#complete();
    return undefined;
  }

  #readMessage(piece: Buffer, at: number): number {
    const end = at + Math.min(this.#length - this.#here, piece.length - at);
    const here = this.#here + end - at;
    if (here > this.#message.length) this.#grow(here);
    if (this.#isStopped) return end;
    piece.copy(this.#message, this.#here, at, end);
    this.#here = here;
    if (here === this.#length) this.#complete();
    return end;
  }

  #grow(here: number): void {
    const length = Math.min(this.#length, here * growth);
    const grown = length === here ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
    this.#taker.charge(length - this.#message.length);
    this.#message.copy(grown, 0, 0, this.#here);
    this.#message = grown;
  }

  #complete(): void {
    const [message, isCompressed] = [this.#message, this.#isCompressed];
    this.#prefixHere = 0;
    this.#message = none;
    this.#taker.complete();
    if (isCompressed && message.length > 0) this.#later(async () => this.#decompressed(message));
    else if (this.#decompressing === undefined) this.#taker.message(message);
    else this.#later(() => this.#taker.message(message));
  }

  /** Calls `listener` once every message was handed on; never when one was refused. */
  whenDone(listener: () => void): void {
    if (this.#decompressing === undefined) listener();
    else this.#later(listener);
  }

  #later(step: () => void | Promise<void>): void {
    this.#decompressing = (this.#decompressing ?? Promise.resolve()).then(() =>
      this.#isStopped ? undefined : step(),
    );
  }

  async #decompressed(message: Uint8Array): Promise<void> {
    try {
      const bytes = await this.#decompress!(message, this.#maxBytes);
      if (!this.#isStopped) this.#taker.message(bytes);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        this.#fault(
          grpcStatus.RESOURCE_EXHAUSTED,
          `Received message larger than max (once decompressed; ${this.#maxBytes} bytes)`,
        );
      else this.#fault(grpcStatus.INTERNAL, `a message cannot be decompressed: ${firstLine(thrown)}`);
    }
  }

  #fault(status: number, text: string): void {
    if (this.#isStopped) return;
    this.stop();
    this.#taker.fault(status, text);
  }
}

const none = Buffer.alloc(0);

/** The words of gRPC's own libraries, which clients look for. */
function tooLarge(length: number, most: number): string {
  return `Received message larger than max (${length} vs. ${most})`;
}
