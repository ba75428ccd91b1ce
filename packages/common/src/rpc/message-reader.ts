/**
 * The data of a call → its messages: one byte that says whether it is compressed, four of its length, and so many of the
 * message. Each is put together in memory of its own, which grows with what has come and not with what was announced.
 */
import { grpcStatus } from '../errors/error-codes.js';

export interface Message {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

export interface MessageTaker {
  message(message: Message): void;
  /** What came is no message that is taken: nothing more is read. */
  fault(status: number, text: string): void;
  /** The memory of the message on its way is so many bytes larger. */
  charge(bytes: number): void;
  /** A message is complete, for which so many bytes were charged. */
  complete(bytes: number): void;
  /** A message has begun. */
  begin(): void;
}

const prefixBytes = 5;
/** A message gets so many times the memory of what of it has come, up to its length. */
const growth = 8;

export class MessageReader {
  readonly #taker: MessageTaker;
  readonly #maxBytes: number;
  readonly #mayBeCompressed: boolean;
  #prefixHere = 0;
  #isCompressed = false;
  #length = 0;
  #message: Buffer = none;
  #here = 0;
  #isStopped = false;

  constructor(taker: MessageTaker, maxBytes: number, mayBeCompressed: boolean) {
    this.#taker = taker;
    this.#maxBytes = maxBytes;
    this.#mayBeCompressed = mayBeCompressed;
  }

  /** A message has begun and is not complete. */
  get isWithin(): boolean {
    return this.#prefixHere > 0;
  }

  /** Nothing that comes is looked at any more. */
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
    if (this.#isCompressed && !this.#mayBeCompressed)
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
    this.#taker.charge(length - this.#message.length);
    if (this.#isStopped) return;
    const grown = length === here ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
    this.#message.copy(grown, 0, 0, this.#here);
    this.#message = grown;
  }

  #complete(): void {
    const bytes = this.#message;
    this.#prefixHere = 0;
    this.#message = none;
    this.#taker.complete(bytes.length);
    this.#taker.message({ bytes, isCompressed: this.#isCompressed && bytes.length > 0 });
  }

  #fault(status: number, text: string): void {
    this.stop();
    this.#taker.fault(status, text);
  }
}

const none = Buffer.alloc(0);

/** The words of gRPC's own libraries, which clients look for. */
function tooLarge(length: number, most: number): string {
  return `Received message larger than max (${length} vs. ${most})`;
}
