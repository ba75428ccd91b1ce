/**
 * A place in a protobuf message that moves on as it is read. It takes and refuses what the generated decoders take and
 * refuse, in their words, but makes no objects: what is read of a request is left where it is.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

const longestVarint = 10;

export class WireCursor {
  readonly message: Uint8Array;
  pos: number;
  /** For what no client sends: made when it comes. */
  #groups: BinaryReader | undefined;

  constructor(message: Uint8Array, pos = 0) {
    this.message = message;
    this.pos = pos;
  }

  /** Whether these bytes stand in the message from `start` on. */
  isAt(start: number, bytes: Uint8Array): boolean {
    for (let i = 0; i < bytes.length; i++) if (this.message[start + i] !== bytes[i]) return false;
    return true;
  }

  /** A tag, a length or a number of 32 bits; further bits are dropped. */
  varint32(): number {
    if (this.pos >= this.message.length) throw endTooSoon();
    const byte = this.message[this.pos]!;
    if (byte >= 0x80) return this.#longVarint32();
    this.pos++;
    return byte;
  }

  #longVarint32(): number {
    let value = 0;
    for (let i = 0; i < longestVarint; i++) {
      const byte = this.#byte();
      if (i < 5) value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return value >>> 0;
    }
    throw new Error('invalid varint');
  }

  /** A signed number of 64 bits; a bigint only where a number would not be exact. */
  int64(): number | bigint {
    if (this.pos >= this.message.length) throw endTooSoon();
    const byte = this.message[this.pos]!;
    if (byte >= 0x80) return this.#longInt64();
    this.pos++;
    return byte;
  }

  #longInt64(): number | bigint {
    let low = 0;
    let high = 0;
    for (let i = 0; i < longestVarint; i++) {
      const byte = this.#byte();
      if (i < 5) low |= (byte & 0x7f) << (7 * i);
      if (i === 4) high = (byte & 0x70) >> 4;
      else if (i > 4) high |= (byte & 0x7f) << (7 * i - 32);
      if (byte >= 0x80) continue;
      const value = high * 2 ** 32 + (low >>> 0);
      return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low >>> 0);
    }
    throw new Error('invalid varint');
  }

  #byte(): number {
    if (this.pos >= this.message.length) throw endTooSoon();
    return this.message[this.pos++]!;
  }

  /** Moves past bytes or text with their length before them; gives where they begin, and `pos` is where they end. */
  delimited(): number {
    const length = this.varint32();
    const start = this.pos;
    this.#advance(length);
    return start;
  }

  #advance(bytes: number): void {
    this.pos += bytes;
    if (this.pos > this.message.length) throw endTooSoon();
  }

  /** Moves past a field that nobody wants. False when its tag is no field's: there the generated decoders stop reading. */
  passOver(tag: number): boolean {
    const wireType: WireType = tag & 7;
    if (tag === 0 || wireType === WireType.EndGroup) return false;
    this.#skip(wireType);
    return true;
  }

  #skip(wireType: WireType): void {
    switch (wireType) {
      case WireType.Varint:
        while (this.#byte() >= 0x80);
        return;
      case WireType.Bit64:
        return this.#advance(8);
      case WireType.LengthDelimited:
        return void this.delimited();
      case WireType.Bit32:
        return this.#advance(4);
      case WireType.StartGroup:
      case WireType.EndGroup:
      default:
        this.#skipGroup(wireType);
    }
  }

  /** Of proto2, and what is no wire type at all. */
  #skipGroup(wireType: WireType): void {
    this.#groups ??= new BinaryReader(this.message);
    this.#groups.pos = this.pos;
    this.#groups.skip(wireType);
    this.pos = this.#groups.pos;
  }
}

function endTooSoon(): RangeError {
  return new RangeError('premature EOF');
}
