/** Reads one string token: strict about control characters, escapes, surrogates and UTF-8. */
import { isUtf8 } from 'node:buffer';
import { bytesOfSlice, type Slices } from '../slices/slices.js';
import { JsonError, nameByte } from './json-error.js';
import { characterAt, invalidUtf8At } from './utf8.js';

const quote = 0x22;
const backslash = 0x5c;
const letterU = 0x75;

/** What stands for what after a backslash, byte for byte. */
const escapes: ReadonlyMap<number, number> = new Map([
  [quote, quote],
  [backslash, backslash],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/** Longer ones are gone through in several goes, of as many bytes. */
const shortString = 64 * 1024;

export class StringScanner {
  /** Offset behind the closing quote of the string read last. */
  end = 0;
  /** Whether the text read last has ASCII only. */
  isAscii = true;
  #hasEscapes = false;
  #bytes: Buffer = Buffer.alloc(0);
  #open = 0;
  #at = 0;

  /** Begins with the text whose opening quote stands at `open`. */
  start(bytes: Buffer, open: number): void {
    this.#bytes = bytes;
    this.#open = open;
    this.#at = open + 1;
    this.isAscii = true;
    this.#hasEscapes = false;
  }

  /**
   * Looks for its end, but not far. False until that is found.
   * @throws JsonError when it does not end, or holds what a JSON string may not
   */
  advance(): boolean {
    const bytes = this.#bytes;
    const length = bytes.length;
    const pauseAt = Math.min(length, this.#at + shortString);
    let isAscii = true;
    let at = this.#at;
    for (; at < pauseAt; at++) {
      const byte = bytes[at]!;
      if (byte === quote) {
        this.end = at + 1;
        this.isAscii &&= isAscii && !this.#hasEscapes;
        return true;
      }
      if (byte === backslash) {
        this.#hasEscapes = true;
        // Whatever is escaped does not end the string.
        at++;
      } else if (byte >= 0x80) isAscii = false;
      else if (byte < 0x20) {
        throw new JsonError(
          at,
          `expected control characters of a string as escapes, given ${nameByte(bytes, at)}`,
        );
      }
    }
    this.#at = at;
    this.isAscii &&= isAscii;
    if (at < length) return false;
    throw new JsonError(
      length,
      `expected '"' at the end of the string that began at byte ${this.#open}, given the end`,
    );
  }

  /** What has been found, as UTF-8: a view unless it has escapes. @throws JsonError */
  text(): Buffer {
    const [bytes, from, to] = [this.#bytes, this.#open + 1, this.end - 1];
    if (!this.#hasEscapes) {
      const text = bytes.subarray(from, to);
      if (!this.isAscii && !isUtf8(text)) throw invalidUtf8(bytes, from, to);
      return text;
    }
    const unescaping = new Unescaping(bytes, from, to);
    while (!unescaping.advance());
    if (!isUtf8(bytes.subarray(from, to))) throw invalidUtf8(bytes, from, to);
    return unescaping.text();
  }

  /** As JavaScript has it, in one go. @throws JsonError */
  string(): string {
    if (this.isAscii) return this.#bytes.toString('latin1', this.#open + 1, this.end - 1);
    return this.text().toString('utf8');
  }

  /** As `text`, in slices. */
  *longText(): Slices<Buffer> {
    const [bytes, from, to] = [this.#bytes, this.#open + 1, this.end - 1];
    let text = bytes.subarray(from, to);
    if (this.#hasEscapes) {
      const unescaping = new Unescaping(bytes, from, to);
      while (!unescaping.advance()) yield;
      text = unescaping.text();
    }
    if (!this.isAscii) yield* checkUtf8(bytes, from, to);
    return text;
  }
}

/**
 * The text between the quotes, by way of its bytes in UTF-8, which are never more than those it is written with: a
 * string that grows by an escape at a time would take sixteen times as much, until it is whole.
 */
class Unescaping {
  readonly #bytes: Buffer;
  readonly #to: number;
  readonly #written: Buffer;
  #at: number;
  #size = 0;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
    this.#written = Buffer.allocUnsafe(to - from);
  }

  /** Goes on, but not far. False until it is through. @throws JsonError */
  advance(): boolean {
    const [bytes, written] = [this.#bytes, this.#written];
    const pauseAt = Math.min(this.#to, this.#at + shortString);
    let [at, size] = [this.#at, this.#size];
    while (at < pauseAt) {
      const byte = bytes[at]!;
      if (byte !== backslash) {
        written[size++] = byte;
        at++;
        continue;
      }
      const letter = bytes[at + 1]!;
      const plain = escapes.get(letter);
      if (plain !== undefined) {
        written[size++] = plain;
        at += 2;
      } else if (letter === letterU) {
        const code = codePointAt(bytes, at);
        size += writeUtf8(written, size, code);
        at += code > 0xffff ? 12 : 6;
      } else {
        throw new JsonError(
          at + 1,
          `expected one of "\\/bfnrtu after '\\', given ${nameByte(bytes, at + 1)}`,
        );
      }
    }
    this.#at = at;
    this.#size = size;
    return at >= this.#to;
  }

  text(): Buffer {
    return this.#written.subarray(0, this.#size);
  }
}

/** Of the `\uXXXX` at `at`, or of two of them that are a surrogate pair. */
function codePointAt(bytes: Buffer, at: number): number {
  const high = hexadecimal(bytes, at + 2);
  if (high < 0xd800 || high > 0xdfff) return high;
  const next = at + 6;
  if (high < 0xdc00 && bytes[next] === backslash && bytes[next + 1] === letterU) {
    const low = hexadecimal(bytes, next + 2);
    if (low >= 0xdc00 && low <= 0xdfff) return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }
  throw new JsonError(at, `expected both halves of a surrogate pair, given \\u${high.toString(16)} alone`);
}

/** @returns how many bytes it takes */
function writeUtf8(target: Buffer, at: number, code: number): number {
  if (code < 0x80) {
    target[at] = code;
    return 1;
  }
  const rest = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const lead = [0xc0, 0xe0, 0xf0][rest - 1]!;
  target[at] = lead | (code >> (6 * rest));
  for (let i = 1; i <= rest; i++) target[at + i] = 0x80 | ((code >> (6 * (rest - i))) & 0x3f);
  return rest + 1;
}

/** What an escape stands for is whole, and so neither begins nor ends a sequence beside it. @throws JsonError */
function* checkUtf8(bytes: Buffer, from: number, to: number): Slices<void> {
  let at = from;
  while (at < to) {
    const end = characterAt(bytes, Math.min(at + bytesOfSlice, to), to);
    if (!isUtf8(bytes.subarray(at, end))) throw invalidUtf8(bytes, at, to);
    at = end;
    yield;
  }
}

function invalidUtf8(bytes: Buffer, from: number, to: number): JsonError {
  const at = invalidUtf8At(bytes, from, to);
  return new JsonError(at, `expected UTF-8, given ${nameByte(bytes, at)}`);
}

function hexadecimal(bytes: Buffer, from: number): number {
  let unit = 0;
  for (let at = from; at < from + 4; at++) {
    const digit = at < bytes.length ? hexadecimalDigit(bytes[at]!) : -1;
    if (digit < 0) throw new JsonError(at, `expected a hexadecimal digit, given ${nameByte(bytes, at)}`);
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexadecimalDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
