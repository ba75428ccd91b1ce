/** The members of one object, one after another: keys here, their values by the cursor. */
import { shortened } from '@serving/common';
import { JsonError } from './json-error.js';

/** What hands out the keys of the object that was entered last. */
export interface KeySource {
  nextKey(): string | undefined;
  /** Offset of the key handed out last. */
  readonly keyAt: number;
}

/** Characters of a key that an error shows. */
const maxShown = 40;

export class JsonMembers {
  readonly #source: KeySource;
  readonly #duplicateKeys: boolean;
  #first: string | undefined;
  #keys: Set<string> | undefined;

  /** @param duplicateKeys whether a key may come twice */
  constructor(source: KeySource, duplicateKeys: boolean) {
    this.#source = source;
    this.#duplicateKeys = duplicateKeys;
  }

  /** The next key, whose value must then be read; undefined at the end. @throws JsonError when a key comes twice */
  next(): string | undefined {
    const key = this.#source.nextKey();
    if (this.#duplicateKeys || key === undefined) return key;
    if (this.#first === undefined) this.#first = key;
    else this.#check(key);
    return key;
  }

  #check(key: string): void {
    this.#keys ??= new Set([this.#first!]);
    if (this.#keys.has(key))
      throw new JsonError(
        this.#source.keyAt,
        `expected each key once, given ${JSON.stringify(shortened(key, maxShown))} again`,
      );
    this.#keys.add(key);
  }
}
