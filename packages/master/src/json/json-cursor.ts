/**
 * A pull parser: walks over a JSON text (RFC 8259) and hands out what the caller asks for next, so that a tensor of a
 * million numbers never becomes a million values. Strict, except that one byte order mark at the start is skipped, as
 * the RFC allows. Whoever reads what may be long pauses when the cursor says so; the cursor itself pauses in long strings
 * and in what it skips.
 */
import { isSlices, textOfSlice, type Slices, type Soon } from '../slices/slices.js';
import { JsonError, nameByte } from './json-error.js';
import { withArticle, type JsonKind } from './json-kind.js';
import { JsonMembers } from './json-members.js';
import { NumberScanner } from './number-scanner.js';
import { StringScanner } from './string-scanner.js';

/** Where a value begins, for `JsonCursor.returnTo`. */
export interface JsonPlace {
  readonly at: number;
  readonly depth: number;
}

export interface JsonOptions {
  /** How deep arrays and objects may be nested. @default 64 */
  readonly maxDepth?: number;
  /** Whether `NaN`, `Infinity` and `-Infinity` are numbers. @default false */
  readonly nonFinite?: boolean;
  /** Whether an object may have a member twice; `members` then has each. @default false */
  readonly duplicateKeys?: boolean;
}

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const colon = 0x3a;
const letterI = 0x49;
const letterN = 0x4e;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const letterF = 0x66;
const letterSmallN = 0x6e;
const letterT = 0x74;
const openBrace = 0x7b;
const closeBrace = 0x7d;

export class JsonCursor {
  readonly #bytes: Buffer;
  readonly #maxDepth: number;
  readonly #nonFinite: boolean;
  readonly #duplicateKeys: boolean;
  readonly #numbers = new NumberScanner();
  readonly #strings = new StringScanner();
  #at = 0;
  #depth = 0;
  /** Where the next pause is due. */
  #pauseAt = textOfSlice;
  #keyAt = 0;
  /** Whether the innermost array or object has been entered, but none of what it holds read. */
  #fresh = false;

  constructor(bytes: Uint8Array, options: JsonOptions = {}) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxDepth = options.maxDepth ?? 64;
    this.#nonFinite = options.nonFinite ?? false;
    this.#duplicateKeys = options.duplicateKeys ?? false;
    if (bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3;
  }

  /** Offset of the next byte to be read; that of the next value once its kind has been asked for. */
  get at(): number {
    return this.#at;
  }

  /** Offset of the key read last. */
  get keyAt(): number {
    return this.#keyAt;
  }

  /** Whether enough has been read, since this was last true, for whoever reads to pause. */
  isPauseDue(): boolean {
    if (this.#at < this.#pauseAt) return false;
    this.#pauseAt = this.#at + textOfSlice;
    return true;
  }

  /** Whether the number read last was written without fraction and exponent. */
  get isInteger(): boolean {
    return this.#numbers.isInteger;
  }

  /** The number read last, where it was an integer beyond ±(2^53 - 1) of at most 20 digits. */
  get exact(): bigint | undefined {
    return this.#numbers.exact;
  }

  /** What the next value is, by its first byte. */
  kind(): JsonKind {
    const byte = this.#next();
    if ((byte >= 0x30 && byte <= 0x39) || byte === minus) return 'number';
    switch (byte) {
      case openBracket:
        return 'array';
      case quote:
        return 'string';
      case openBrace:
        return 'object';
      case letterT:
      case letterF:
        return 'boolean';
      case letterSmallN:
        return 'null';
      default:
        if (this.#nonFinite && (byte === letterN || byte === letterI)) return 'number';
        throw this.#expected('a value');
    }
  }

  /** The next value, a number; `isInteger` and `exact` tell how it was written. */
  number(): number {
    const byte = this.#next();
    if (byte >= 0x30 && byte <= 0x39) return this.#number();
    if (byte === minus)
      return this.#nonFinite && this.#byteAt(1) === letterI
        ? this.#token('-Infinity', -Infinity)
        : this.#number();
    this.#demand('number');
    return byte === letterN ? this.#token('NaN', NaN) : this.#token('Infinity', Infinity);
  }

  *string(): Slices<string> {
    const soon = this.text();
    const text = isSlices(soon) ? yield* soon : soon;
    return this.#strings.isAscii ? text.toString('latin1') : text.toString('utf8');
  }

  /** The next value, a string, as UTF-8: a view of what is read, unless it is written with escapes. */
  text(): Soon<Buffer> {
    if (this.#next() !== quote) this.#demand('string');
    const strings = this.#strings;
    strings.start(this.#bytes, this.#at);
    if (!strings.advance()) return this.#longText();
    this.#at = strings.end;
    return strings.text();
  }

  *#longText(): Slices<Buffer> {
    const strings = this.#strings;
    do yield;
    while (!strings.advance());
    this.#at = strings.end;
    return yield* strings.longText();
  }

  boolean(): boolean {
    this.#demand('boolean');
    const value = this.#bytes[this.#at] === letterT;
    this.#word(value ? 'true' : 'false');
    return value;
  }

  null(): null {
    this.#demand('null');
    this.#word('null');
    return null;
  }

  /** Enters the next value, an array; its elements follow by `nextElement`. */
  enterArray(): void {
    if (this.#next() !== openBracket) this.#demand('array');
    this.#enter();
  }

  /** Whether the array entered last has another element, which must then be read; leaves the array if not. */
  nextElement(): boolean {
    return this.#nextItem(closeBracket, "',' or ']'");
  }

  /** Enters the next value, an object, whose members follow. @throws JsonError (also its `next`) */
  members(): JsonMembers {
    this.#enterObject();
    return new JsonMembers(this, this.#duplicateKeys);
  }

  /** The key of the next member of the object entered last, whose value must then be read; undefined at its end, which is left. */
  nextKey(): string | undefined {
    if (!this.#nextItem(closeBrace, "',' or '}'")) return undefined;
    if (this.#next() !== quote) throw this.#expected("'\"' of a key");
    this.#keyAt = this.#at;
    const key = this.#key();
    if (this.#next() !== colon) throw this.#expected("':'");
    this.#at++;
    return key;
  }

  /** Passes over the next value, which must be well-formed; keys may come twice in it: millions of them are not kept to be compared. */
  *skip(): Slices<void> {
    const around: JsonKind[] = [];
    do {
      const kind = this.kind();
      if (kind === 'array') this.enterArray();
      else if (kind === 'object') this.#enterObject();
      else if (kind === 'string') {
        const text = this.text();
        if (isSlices(text)) yield* text;
      } else this.#skipWord(kind);
      if (kind === 'array' || kind === 'object') around.push(kind);
      while (around.length > 0 && !this.#hasNext(around.at(-1)!)) around.pop();
      if (this.isPauseDue()) yield;
    } while (around.length > 0);
  }

  /** @throws JsonError when anything but white space follows */
  end(): void {
    this.#next();
    if (this.#at < this.#bytes.length) throw this.#expected('the end');
  }

  /** The place of the next value, to come back to. */
  place(): JsonPlace {
    this.#next();
    return { at: this.#at, depth: this.#depth };
  }

  /** Stands before the value at `place` again, wherever inside or behind it reading has come to. */
  returnTo(place: JsonPlace): void {
    this.#at = place.at;
    this.#depth = place.depth;
    this.#fresh = false;
    this.#pauseAt = place.at + textOfSlice;
  }

  /** An error about the next value, for what only the caller can know to be wrong. */
  error(detail: string): JsonError {
    return new JsonError(this.#at, detail);
  }

  /** The next byte that is no white space, unread; -1 at the end. */
  #next(): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    let at = this.#at;
    while (at < length) {
      const byte = bytes[at]!;
      if (byte > space || (byte !== space && byte !== lineFeed && byte !== carriageReturn && byte !== tab)) {
        this.#at = at;
        return byte;
      }
      at++;
    }
    this.#at = at;
    return -1;
  }

  #byteAt(offset: number): number {
    const at = this.#at + offset;
    return at < this.#bytes.length ? this.#bytes[at]! : -1;
  }

  #number(): number {
    this.#at = this.#numbers.scan(this.#bytes, this.#at);
    return this.#numbers.value;
  }

  #enter(): void {
    if (this.#depth === this.#maxDepth) {
      throw this.error(`expected at most ${this.#maxDepth} arrays and objects inside each other, given more`);
    }
    this.#depth++;
    this.#at++;
    this.#fresh = true;
  }

  #nextItem(close: number, expected: string): boolean {
    const byte = this.#next();
    if (byte === close) {
      this.#at++;
      this.#depth--;
      this.#fresh = false;
      return false;
    }
    if (this.#fresh) {
      this.#fresh = false;
      return true;
    }
    if (byte !== comma) throw this.#expected(expected);
    this.#at++;
    return true;
  }

  #enterObject(): void {
    if (this.#next() !== openBrace) this.#demand('object');
    this.#enter();
  }

  /** In one go: a key is not worth a pause. */
  #key(): string {
    const strings = this.#strings;
    strings.start(this.#bytes, this.#at);
    while (!strings.advance());
    this.#at = strings.end;
    return strings.string();
  }

  #skipWord(kind: JsonKind): void {
    if (kind === 'number') this.number();
    else if (kind === 'boolean') this.boolean();
    else this.null();
  }

  /** Whether the array or object entered last goes on. */
  #hasNext(kind: JsonKind): boolean {
    return kind === 'array' ? this.nextElement() : this.nextKey() !== undefined;
  }

  #demand(kind: JsonKind): void {
    const given = this.kind();
    if (given !== kind) throw this.error(`expected ${withArticle(kind)}, given ${withArticle(given)}`);
  }

  #token(word: string, value: number): number {
    this.#word(word);
    this.#numbers.isInteger = false;
    this.#numbers.exact = undefined;
    return value;
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.#byteAt(i) === word.charCodeAt(i)) continue;
      this.#at += i;
      throw this.#expected(`'${word[i]!}' of ${word}`);
    }
    this.#at += word.length;
  }

  #expected(what: string): JsonError {
    return this.error(`expected ${what}, given ${nameByte(this.#bytes, this.#at)}`);
  }
}
