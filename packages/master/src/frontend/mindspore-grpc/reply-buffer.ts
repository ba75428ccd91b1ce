/** The one buffer that a reply is written into. Its size is reckoned before, so that nothing is moved or copied again. */

/** Up to here a loop is faster than making the view that a copy needs. */
const shortBytes = 64;

export class ReplyBuffer {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(size: number) {
    // Small ones share Node's pool: whoever sends them has copied them when the call is over, so no piece of it is kept.
    this.#buffer = Buffer.allocUnsafe(size);
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  /** Copies `source` from `from` to `to` (exclusive). */
  bytes(source: Uint8Array, from = 0, to = source.length): void {
    if (to - from > shortBytes) {
      this.#buffer.set(source.subarray(from, to), this.#at);
      this.#at += to - from;
      return;
    }
    for (let i = from; i < to; i++) this.#buffer[this.#at++] = source[i]!;
  }

  /** The reply. The rest of a buffer that was made too large would be memory of others, so that is an error. */
  finish(): Uint8Array {
    if (this.#at !== this.#buffer.length)
      throw new Error(`a reply of ${this.#at} bytes was reckoned to have ${this.#buffer.length}`);
    return this.#buffer;
  }
}

/** Bytes of a varint below 2^32. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Bytes of a field below number 16 that has a length. */
export function fieldSize(contents: number): number {
  return 1 + varintSize(contents) + contents;
}
