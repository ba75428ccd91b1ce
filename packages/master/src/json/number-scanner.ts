/** Reads one number token. What it was stays in the fields, so that a million numbers need no million objects. */
import { joined, longQuotient, scaled } from './decimal.js';
import { JsonError, nameByte } from './json-error.js';

const zero = 0x30;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
/** Significant digits that are kept as two whole numbers below 2^30. */
const halfDigits = 9;
/** Any 64-bit integer has at most as many digits. */
const most64BitDigits = 20;
/** Where an exponent stops growing: it is beyond any double, whatever stands before it. */
const exponentBound = 100_000_000;

export class NumberScanner {
  /** The double nearest to the token. */
  value = 0;
  /** Whether the token has neither a fraction nor an exponent: 1, not 1.0. */
  isInteger = false;
  /** The value of an integer token that no double is sure to hold (beyond ±(2^53 - 1)), up to 20 digits. */
  exact: bigint | undefined = undefined;
  #exponent = 0;

  /**
   * Reads the token at `start` and returns where it ends.
   * @throws JsonError when it is no number, or one beyond the range of a double
   */
  scan(bytes: Buffer, start: number): number {
    const length = bytes.length;
    const first = bytes[start] === minus ? start + 1 : start;
    let at = first;
    let pointAt = -1;
    let high = 0;
    let low = 0;
    // Significant digits: leading zeros do not count.
    let count = 0;
    for (; at < length; at++) {
      const digit = bytes[at]! - zero;
      if (digit >= 0 && digit <= 9) {
        if (count < halfDigits) {
          high = (high * 10 + digit) | 0;
          if (high !== 0) count++;
        } else {
          if (count < 2 * halfDigits) low = (low * 10 + digit) | 0;
          count++;
        }
      } else if (digit === point - zero && pointAt < 0) pointAt = at;
      else break;
    }
    this.#check(bytes, first, at, pointAt);

    let exponent = pointAt < 0 ? 0 : pointAt + 1 - at;
    this.isInteger = pointAt < 0;
    // 'e' and 'E' differ in one bit.
    if (at < length && (bytes[at]! | 0x20) === 0x65) {
      at = this.#scanExponent(bytes, at + 1);
      exponent += this.#exponent;
      this.isInteger = false;
    }
    this.exact = undefined;
    let value = NaN;
    if (count <= halfDigits) value = scaled(high, exponent);
    else if (count <= 15) value = scaled(joined(high, low, count - halfDigits), exponent);
    else if (count <= 2 * halfDigits && exponent < 0 && exponent >= -22) {
      value = longQuotient(high, low, count - halfDigits, exponent);
    }
    if (Number.isNaN(value)) this.#convert(bytes, start, at, count);
    else this.value = first === start ? value : -value;
    return at;
  }

  #check(bytes: Buffer, first: number, end: number, pointAt: number): void {
    const integerEnd = pointAt < 0 ? end : pointAt;
    if (integerEnd === first) throw expectedDigit(bytes, first);
    if (bytes[first] === zero && integerEnd > first + 1) {
      throw new JsonError(first + 1, 'expected no digit after a leading zero, given one');
    }
    if (end === pointAt + 1) throw expectedDigit(bytes, end);
  }

  #scanExponent(bytes: Buffer, start: number): number {
    let at = start;
    const sign = at < bytes.length ? bytes[at] : undefined;
    if (sign === minus || sign === plus) at++;
    const first = at;
    let exponent = 0;
    for (; at < bytes.length; at++) {
      const digit = bytes[at]! - zero;
      if (digit < 0 || digit > 9) break;
      exponent = Math.min(exponent * 10 + digit, exponentBound);
    }
    if (at === first) throw expectedDigit(bytes, at);
    this.#exponent = sign === minus ? -exponent : exponent;
    return at;
  }

  #convert(bytes: Buffer, start: number, end: number, digits: number): void {
    const text = bytes.toString('latin1', start, end);
    const value = Number(text);
    if (!Number.isFinite(value)) {
      const given = text.length > 40 ? `one of ${text.length} characters` : text;
      throw new JsonError(start, `expected a number within the range of a double, given ${given}`);
    }
    this.value = value;
    if (this.isInteger && digits <= most64BitDigits && !Number.isSafeInteger(value)) {
      this.exact = BigInt(text);
    }
  }
}

function expectedDigit(bytes: Buffer, at: number): JsonError {
  return new JsonError(at, `expected a digit, given ${nameByte(bytes, at)}`);
}
