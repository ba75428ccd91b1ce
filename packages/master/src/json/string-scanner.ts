/** Reads one string token: strict about control characters, escapes, surrogates and UTF-8. */
import { isUtf8 } from 'node:buffer';
import { JsonError, nameByte } from './json-error.js';
import { invalidUtf8At } from './utf8.js';

const quote = 0x22;
const backslash = 0x5c;
const letterU = 0x75;

/** What stands for what after a backslash, by byte. */
const escapes: ReadonlyMap<number, string> = new Map([
  [quote, '"'],
  [backslash, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [0x66, '\f'],
  [0x6e, '\n'],
  [0x72, '\r'],
  [0x74, '\t'],
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
    let text = '';
    let isAscii = true;
    let from = open + 1;
    for (let at = from; at < length; at++) {
      const byte = bytes[at]!;
      if (byte === quote) {
        this.end = at + 1;
        return text + decoded(bytes, from, at, isAscii);
      }
      if (byte === backslash) {
        text += decoded(bytes, from, at, isAscii) + this.#escape(bytes, at);
        from = this.end;
        at = from - 1;
        isAscii = true;
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

  /** The text of the escape whose backslash stands at `at`; leaves its end in `end`. */
  #escape(bytes: Buffer, at: number): string {
    const letter = at + 1 < bytes.length ? bytes[at + 1]! : 0;
    const text = escapes.get(letter);
    if (text !== undefined) {
      this.end = at + 2;
      return text;
    }
    if (letter !== letterU) {
      throw new JsonError(at + 1, `expected one of "\\/bfnrtu after '\\', given ${nameByte(bytes, at + 1)}`);
    }
    const unit = hexadecimal(bytes, at + 2);
    this.end = at + 6;
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    return String.fromCharCode(unit, this.#lowSurrogate(bytes, at, unit));
  }

  #lowSurrogate(bytes: Buffer, at: number, high: number): number {
    const next = at + 6;
    if (
      high < 0xdc00 &&
      next + 1 < bytes.length &&
      bytes[next] === backslash &&
      bytes[next + 1] === letterU
    ) {
      const low = hexadecimal(bytes, next + 2);
      if (low >= 0xdc00 && low <= 0xdfff) {
        this.end = next + 6;
        return low;
      }
    }
    throw new JsonError(at, `expected both halves of a surrogate pair, given \\u${high.toString(16)} alone`);
  }
}

function decoded(bytes: Buffer, from: number, to: number, isAscii: boolean): string {
  if (from === to) return '';
  if (isAscii) return bytes.toString('latin1', from, to);
  if (isUtf8(bytes.subarray(from, to))) return bytes.toString('utf8', from, to);
  const at = invalidUtf8At(bytes, from, to);
  throw new JsonError(at, `expected UTF-8, given ${nameByte(bytes, at)}`);
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
