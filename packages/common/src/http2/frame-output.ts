/** Frames → the bytes of a connection: those of one turn go out together. */
import type { Socket } from 'node:net';
import { frameHeaderBytes } from './frames.js';

/** Small pieces are put together in blocks of this size. */
const blockBytes = 2 ** 14;
/** A larger piece is sent from where it is. */
const smallBytes = 2048;
/** While more than that has not been taken by the system, no more DATA is given to it. */
const mostUnsentBytes = 2 ** 18;

export class FrameOutput {
  readonly #socket: Socket;
  readonly #flush = () => this.flush();
  #block = Buffer.allocUnsafeSlow(0);
  /** What is in use of the block, and what of that is not in `#pieces` yet. */
  #used = 0;
  #from = 0;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #isScheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that the system has not taken. */
  get unsentBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  get isFull(): boolean {
    return this.unsentBytes > mostUnsentBytes;
  }

  /** The header of a frame, whose payload of this length follows. */
  frame(type: number, flags: number, streamId: number, length: number): void {
    const at = this.#reserve(frameHeaderBytes);
    const block = this.#block;
    block[at] = length >>> 16;
    block[at + 1] = length >>> 8;
    block[at + 2] = length;
    block[at + 3] = type;
    block[at + 4] = flags;
    block.writeUInt32BE(streamId, at + 5);
  }

  /** Large ones must not change until they are sent. */
  bytes(piece: Uint8Array): void {
    if (piece.length <= smallBytes) {
      const at = this.#reserve(piece.length);
      this.#block.set(piece, at);
      return;
    }
    this.#closeBlock();
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#schedule();
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#block.writeUInt32BE(value, at);
  }

  #reserve(length: number): number {
    if (this.#used + length > this.#block.length) {
      this.#closeBlock();
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#used = 0;
      this.#from = 0;
    }
    const at = this.#used;
    this.#used += length;
    this.#bytes += length;
    this.#schedule();
    return at;
  }

  #closeBlock(): void {
    if (this.#used > this.#from) this.#pieces.push(this.#block.subarray(this.#from, this.#used));
    this.#from = this.#used;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#flush);
  }

  flush(): void {
    this.#isScheduled = false;
    this.#closeBlock();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    const socket = this.#socket;
    if (pieces.length === 0 || !socket.writable) return;
    if (pieces.length === 1) return void socket.write(pieces[0]!);
    socket.cork();
    for (const piece of pieces) socket.write(piece);
    socket.uncork();
  }
}
