/** Gathers the elements of one tensor while it is read. Numbers and booleans go straight into typed arrays. */
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
  readonly onObject?: () => Uint8Array;
}

/** From here on, arrays are handed over instead of copied, so that no big one is copied once more. */
const handedOver = 4096;

export class LeafCollector {
  readonly #cursor: JsonCursor;
  readonly #rules: LeafRules;
  readonly #mixedNumbers: boolean;
  #count = 0;
  /** Kind of the first element. */
  #kind: LeafKind | undefined;
  #numbers = new Float64Array(16);
  #booleans = new Uint8Array(16);
  #texts: string[] = [];
  #bytes: Uint8Array[] = [];
  #firstFloat = -1;
  #exact: ExactInteger[] = [];

  constructor(cursor: JsonCursor, rules: LeafRules) {
    this.#cursor = cursor;
    this.#rules = rules;
    this.#mixedNumbers = rules.mixedNumbers ?? true;
  }

  /** Reads the cursor's next value, which is no array, as the next element. */
  take(): void {
    switch (this.#cursor.kind()) {
      case 'number':
        return this.#takeNumber();
      case 'boolean':
        return this.#takeBoolean();
      case 'string':
        return this.#takeString();
      case 'object':
        return this.#takeObject();
      case 'null':
        throw new JsonTensorError(this.#cursor.at, { kind: 'null', element: this.#count });
      case 'array':
        throw new Error('a list is no element of a tensor');
    }
  }

  /** Begins a new tensor. */
  start(): void {
    this.#count = 0;
    this.#kind = undefined;
    this.#texts = [];
    this.#bytes = [];
    this.#firstFloat = -1;
    this.#exact = [];
  }

  /** All elements since the start, to be asked for once. */
  leaves(): TensorLeaves {
    if (this.#kind === undefined) return { kind: 'none' };
    if (this.#kind === 'boolean') return { kind: 'booleans', values: this.#booleans.slice(0, this.#count) };
    if (this.#kind === 'string') return { kind: 'texts', values: this.#texts };
    if (this.#kind === 'bytes') return { kind: 'bytes', values: this.#bytes };
    return {
      kind: 'numbers',
      values: this.#finishNumbers(),
      firstFloat: this.#firstFloat,
      exact: this.#exact,
    };
  }

  #finishNumbers(): Float64Array {
    if (this.#count < handedOver) return this.#numbers.slice(0, this.#count);
    const values = this.#numbers.subarray(0, this.#count);
    this.#numbers = new Float64Array(16);
    return values;
  }

  #takeNumber(): void {
    const at = this.#cursor.at;
    const value = this.#cursor.number();
    const index = this.#count;
    const isInteger = this.#cursor.isInteger;
    if (this.#kind !== 'integer' || !isInteger) this.#checkNumber(at, isInteger);
    if (index >= this.#rules.maxElements) throw this.#tooMany(at, this.#rules.maxElements);
    if (index === this.#numbers.length) {
      const grown = new Float64Array(2 * index);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[index] = value;
    if (isInteger && this.#cursor.exact !== undefined) this.#keepExact(at, this.#cursor.exact);
    this.#count = index + 1;
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

  #takeString(): void {
    if (this.#rules.textsAsBytes === true) {
      this.#check('bytes');
      this.#bytes.push(Buffer.from(this.#cursor.string()));
    } else {
      this.#check('string');
      this.#texts.push(this.#cursor.string());
    }
    this.#count++;
  }

  #takeObject(): void {
    const { onObject } = this.#rules;
    if (onObject === undefined) {
      throw new JsonTensorError(this.#cursor.at, { kind: 'object', element: this.#count });
    }
    this.#check('bytes');
    this.#bytes.push(onObject());
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
