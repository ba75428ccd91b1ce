/** Header blocks → headers (RFC 7541). One decoder per connection: what a block says may refer to earlier ones. */
import { errorCode } from '../http2/frames.js';
import { Http2Error } from '../http2/http2-error.js';
import { fieldBytes, type HeaderField } from './header-field.js';
import { decodeHuffman } from './huffman.js';
import { staticTable } from './static-table.js';

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** There were more than the limit; those beyond it are left out. */
  readonly isTooLarge: boolean;
}

/** What peers may count on unless they are told otherwise. */
const tableBytes = 4096;
/** Longest number that is taken: no string or table is that large. */
const mostBits = 28;
const none = Buffer.alloc(0);

export class HpackDecoder {
  readonly #maxListBytes: number;
  /** The oldest first. */
  readonly #table: HeaderField[] = [];
  #bytes = 0;
  #maxBytes = tableBytes;
  #block: Buffer = none;
  #at = 0;

  /** @param maxListBytes of the headers of one block, each with 32 bytes more than its text */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes;
  }

  /** @throws Http2Error COMPRESSION_ERROR, after which nothing that comes on the connection can be read */
  decode(block: Buffer): HeaderBlock {
    this.#block = block;
    this.#at = 0;
    const fields: HeaderField[] = [];
    let bytes = 0;
    this.#resizeAtBegin();
    while (this.#at < block.length) {
      const field = this.#field();
      bytes += fieldBytes(field);
      if (bytes <= this.#maxListBytes) fields.push(field);
    }
    this.#block = none;
    return { fields, isTooLarge: bytes > this.#maxListBytes };
  }

  /** The table may change its size before the first header only (section 4.2). */
  #resizeAtBegin(): void {
    while (this.#at < this.#block.length && (this.#block[this.#at]! & 0xe0) === 0x20) {
      const size = this.#integer(5);
      if (size > tableBytes)
        throw broken(`its table is to have ${size} bytes, expected at most ${tableBytes}`);
      this.#maxBytes = size;
      this.#evict(0);
    }
  }

  #field(): HeaderField {
    const byte = this.#block[this.#at]!;
    if (byte & 0x80) return this.#indexed(this.#integer(7));
    if (byte & 0x40) return this.#remember(this.#literal(6));
    if (byte & 0x20) throw broken('its table changes its size after a header');
    return this.#literal(4);
  }

  #indexed(index: number): HeaderField {
    const field =
      index <= staticTable.length
        ? staticTable[index - 1]
        : this.#table[this.#table.length - (index - staticTable.length)];
    if (field === undefined) throw broken(`there is no header ${index}`);
    return field;
  }

  #literal(prefixBits: number): HeaderField {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#string() : this.#indexed(index).name;
    return { name, value: this.#string() };
  }

  #remember(field: HeaderField): HeaderField {
    const bytes = fieldBytes(field);
    this.#evict(bytes);
    if (bytes <= this.#maxBytes) {
      this.#table.push(field);
      this.#bytes += bytes;
    }
    return field;
  }

  /** Makes room. A header that is larger than the table empties it (section 4.4). */
  #evict(wanted: number): void {
    while (this.#table.length > 0 && this.#bytes + wanted > this.#maxBytes)
      this.#bytes -= fieldBytes(this.#table.shift()!);
  }

  #integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = this.#block[this.#at++]! & most;
    if (value < most) return value;
    for (let shift = 0; shift < mostBits; shift += 7) {
      const byte = this.#block[this.#at++];
      if (byte === undefined) throw cutOff();
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw broken('it has a number that is too large');
  }

  #string(): string {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw cutOff();
    const length = this.#integer(7);
    const from = this.#at;
    const to = from + length;
    if (to > this.#block.length) throw cutOff();
    this.#at = to;
    return byte & 0x80 ? decodeHuffman(this.#block, from, to) : this.#block.toString('latin1', from, to);
  }
}

function cutOff(): Http2Error {
  return broken('it ends in the middle of a header');
}

function broken(why: string): Http2Error {
  return new Http2Error(errorCode.compressionError, `a header block cannot be read: ${why}`);
}
