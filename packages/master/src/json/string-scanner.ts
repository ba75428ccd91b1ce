/** Reads one string token: strict about control characters, escapes, surrogates and UTF-8. */
import { isUtf8 } from 'node:buffer';
import { JsonError, nameByte } from './json-error.js';
import { invalidUtf8At } from './utf8.js';

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

export class StringScanner {
  /** Offset behind the closing quote of the string read last. */
  end = 0;

  /**
   * The text whose opening quote stands at `open`.
   * @throws JsonError when it does not end, or holds what a JSON string may not
   */
  scan(bytes: Buffer, open: number): string {
    const length = bytes.length;
    let isAscii = true;
    let hasEscapes = false;
    for (let at = open + 1; at < length; at++) {
      const byte = bytes[at]!;
      if (byte === quote) {
        this.end = at + 1;
        return hasEscapes ? unescaped(bytes, open + 1, at) : decoded(bytes, open + 1, at, isAscii);
      }
      if (byte === backslash) {
        hasEscapes = true;
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
    throw new JsonError(
      length,
      `expected '"' at the end of the string that began at byte ${open}, given the end`,
    );
  }
}

/**
 * The text between the quotes, by way of its bytes in UTF-8, which are never more than those it is written with: a
 * string that grows by an escape at a time would take sixteen times as much, until it is whole.
 */
function unescaped(bytes: Buffer, from: number, to: number): string {
  const written = Buffer.allocUnsafe(to - from);
  let size = 0;
  let at = from;
  while (at < to) {
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
      throw new JsonError(at + 1, `expected one of "\\/bfnrtu after '\\', given ${nameByte(bytes, at + 1)}`);
    }
  }
  const text = written.subarray(0, size);
  // What an escape stands for is whole, and so neither begins nor ends a sequence beside it.
  if (!isUtf8(text)) throw invalidUtf8(bytes, from, to);
  return text.toString('utf8');
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

function decoded(bytes: Buffer, from: number, to: number, isAscii: boolean): string {
  if (from === to) return '';
  if (isAscii) return bytes.toString('latin1', from, to);
  if (isUtf8(bytes.subarray(from, to))) return bytes.toString('utf8', from, to);
  throw invalidUtf8(bytes, from, to);
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
