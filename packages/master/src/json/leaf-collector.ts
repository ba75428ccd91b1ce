/** Gathers the elements of one tensor while it is read. Numbers and booleans go straight into typed arrays. */
import { copied, isSlices, type Slices, type Soon } from '../slices/slices.js';
import type { JsonCursor } from './json-cursor.js';
import { JsonTensorError, type LeafKind } from './tensor-error.js';
import type { ExactInteger, TensorLeaves } from './tensor-leaves.js';

export interface LeafRules {
  /** The most elements a tensor may have. */
  readonly maxElements: number;
  /** The most strings, objects and integers beyond ±(2^53 - 1) among them, each an object of its own. @default maxElements */
  readonly maxObjects?: number;
  /** Whether integers and floats may stand side by side. @default true */
  readonly mixedNumbers?: boolean;
  /** Whether strings are read as their UTF-8 bytes, and may so stand beside objects. @default false */
  readonly textsAsBytes?: boolean;
  /** Reads an object that stands for bytes (`{"b64": …}`) from the cursor. Without it, objects are refused. */
  readonly onObject?: () => Slices<Uint8Array>;
}

/** From here on, arrays are handed over instead of copied, so that no big one is copied once more. */
const handedOver = 4096;
/** Numbers beyond as many are gathered in pieces, as the copy of a long array would be a long pause. */
const pieceNumbers = 2 ** 17;

const noLeaves: TensorLeaves = { kind: 'none' };

export class LeafCollector {
  readonly #cursor: JsonCursor;
  readonly #rules: LeafRules;
  readonly #mixedNumbers: boolean;
  #count = 0;
  /** Kind of the first element. */
  #kind: LeafKind | undefined;
  #numbers = new Float64Array(16);
  /** Full ones, that come before `#numbers`. */
  #pieces: Float64Array[] = [];
  #numbersInPieces = 0;
  #booleans = new Uint8Array(16);
  #texts: Uint8Array[] = [];
  #bytes: Uint8Array[] = [];
  #firstFloat = -1;
  #exact: ExactInteger[] = [];
  /** What is left of the element that `take` has begun with. */
  #rest: Slices<Uint8Array> | undefined;

  constructor(cursor: JsonCursor, rules: LeafRules) {
    this.#cursor = cursor;
    this.#rules = rules;
    this.#mixedNumbers = rules.mixedNumbers ?? true;
  }

  /**
   * Reads the cursor's next value, which is no array, as the next element.
   * @returns whether that is done; if not, `takeRest` does it
   */
  take(): boolean {
    switch (this.#cursor.kind()) {
      case 'number':
        this.#takeNumber();
        return true;
      case 'boolean':
        this.#takeBoolean();
        return true;
      case 'string':
        return this.#takeString();
      case 'object':
        return this.#takeObject();
      case 'null':
        throw new JsonTensorError(this.#cursor.at, { kind: 'null', element: this.#count });
      case 'array':
        break;
    }
    throw new Error('a list is no element of a tensor');
  }

  /** Does what `take` has left. */
  *takeRest(): Slices<void> {
    const rest = this.#rest!;
    this.#rest = undefined;
    this.#keep(yield* rest);
  }

  /** Begins a new tensor. */
  start(): void {
    this.#count = 0;
    this.#kind = undefined;
    if (this.#pieces.length > 0) this.#pieces = [];
    this.#numbersInPieces = 0;
    this.#texts = [];
    this.#bytes = [];
    this.#firstFloat = -1;
    this.#exact = [];
  }

  /** All elements since the start, to be asked for once. */
  leaves(): Soon<TensorLeaves> {
    if (this.#kind === undefined) return noLeaves;
    if (this.#kind === 'boolean') return { kind: 'booleans', values: this.#booleans.slice(0, this.#count) };
    if (this.#kind === 'string') return { kind: 'texts', values: this.#texts };
    if (this.#kind === 'bytes') return { kind: 'bytes', values: this.#bytes };
    return this.#pieces.length === 0 ? this.#numberLeaves(this.#finishNumbers()) : this.#gathered();
  }

  #numberLeaves(values: Float64Array): TensorLeaves {
    return { kind: 'numbers', values, firstFloat: this.#firstFloat, exact: this.#exact };
  }

  #finishNumbers(): Float64Array {
    if (this.#count < handedOver) return this.#numbers.slice(0, this.#count);
    const values = this.#numbers.subarray(0, this.#count);
    this.#numbers = new Float64Array(16);
    return values;
  }

  *#gathered(): Slices<TensorLeaves> {
    const values = new Float64Array(this.#count);
    values.set(this.#numbers.subarray(0, this.#count - this.#numbersInPieces), this.#numbersInPieces);
    this.#numbers = new Float64Array(16);
    for (let piece = this.#pieces.pop(); piece !== undefined; piece = this.#pieces.pop()) {
      this.#numbersInPieces -= piece.length;
      values.set(piece, this.#numbersInPieces);
      yield;
    }
    return this.#numberLeaves(values);
  }

  #takeNumber(): void {
    const at = this.#cursor.at;
    const value = this.#cursor.number();
    const index = this.#count;
    const isInteger = this.#cursor.isInteger;
    if (this.#kind !== 'integer' || !isInteger) this.#checkNumber(at, isInteger);
    if (index >= this.#rules.maxElements) throw this.#tooMany(at, this.#rules.maxElements);
    const place = index - this.#numbersInPieces;
    if (place < this.#numbers.length) this.#numbers[place] = value;
    else this.#keepBeyond(value);
    if (isInteger && this.#cursor.exact !== undefined) this.#keepExact(at, this.#cursor.exact);
    this.#count = index + 1;
  }

  /** The arrays are full. */
  #keepBeyond(value: number): void {
    const full = this.#numbers;
    const isPiece = full.length >= pieceNumbers;
    this.#numbers = new Float64Array(isPiece ? pieceNumbers : 2 * full.length);
    if (isPiece) {
      this.#pieces.push(full);
      this.#numbersInPieces += full.length;
      this.#numbers[0] = value;
    } else {
      this.#numbers.set(full);
      this.#numbers[full.length] = value;
    }
  }

  #keepExact(at: number, value: bigint): void {
    const { maxElements, maxObjects = maxElements } = this.#rules;
    if (this.#exact.length >= maxObjects) throw this.#tooMany(at, maxObjects);
    this.#exact.push({ element: this.#count, value });
  }

  #checkNumber(at: number, isInteger: boolean): void {
    const given = isInteger ? 'integer' : 'float';
    this.#kind ??= given;
    const isNumber = this.#kind === 'integer' || this.#kind === 'float';
    if (!isNumber || (this.#kind !== given && !this.#mixedNumbers)) throw this.#mixed(at, given);
    if (!isInteger && this.#firstFloat < 0) this.#firstFloat = this.#count;
  }

  #takeBoolean(): void {
    this.#check('boolean');
    if (this.#count === this.#booleans.length) {
      const grown = new Uint8Array(2 * this.#count);
      grown.set(this.#booleans);
      this.#booleans = grown;
    }
    this.#booleans[this.#count++] = this.#cursor.boolean() ? 1 : 0;
  }

  #takeString(): boolean {
    this.#check(this.#rules.textsAsBytes === true ? 'bytes' : 'string');
    const text = this.#cursor.text();
    if (isSlices(text)) {
      this.#rest = longCopy(text);
      return false;
    }
    // Not the view, which would keep all that is read.
    this.#keep(Buffer.from(text));
    return true;
  }

  #takeObject(): boolean {
    const { onObject } = this.#rules;
    if (onObject === undefined) {
      throw new JsonTensorError(this.#cursor.at, { kind: 'object', element: this.#count });
    }
    this.#check('bytes');
    this.#rest = onObject();
    return false;
  }

  #keep(element: Uint8Array): void {
    (this.#kind === 'string' ? this.#texts : this.#bytes).push(element);
    this.#count++;
  }

  #check(given: LeafKind): void {
    const { at } = this.#cursor;
    this.#kind ??= given;
    if (this.#kind !== given) throw this.#mixed(at, given);
    const { maxElements, maxObjects = maxElements } = this.#rules;
    const limit = given === 'boolean' ? maxElements : maxObjects;
    if (this.#count >= limit) throw this.#tooMany(at, limit);
  }

  #mixed(at: number, given: LeafKind): JsonTensorError {
    return new JsonTensorError(at, { kind: 'mixed', element: this.#count, expected: this.#kind!, given });
  }

  #tooMany(at: number, limit: number): JsonTensorError {
    return new JsonTensorError(at, { kind: 'too-many', limit });
  }
}

function* longCopy(text: Slices<Buffer>): Slices<Uint8Array> {
  return yield* copied(yield* text);
}
