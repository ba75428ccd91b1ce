/**
 * What a request may grow to when it is read. A number of two bytes becomes one of eight, a text of three bytes an object
 * of thirty: a body within its limit could take all memory.
 */
import { badRequest } from './reading.js';

/** In units of a number's eight bytes: 256 MiB. */
const mostUnits = 2 ** 25;
const objectUnits = 32;

export class ReadBudget {
  #left = mostUnits;

  /** How many more numbers may be read. */
  get numbers(): number {
    return this.#left;
  }

  /** How many more texts may be read. */
  get texts(): number {
    return Math.floor(this.#left / objectUnits);
  }

  spendNumbers(count: number): void {
    this.#spend(count);
  }

  /** Of texts, and of whatever else is an object. */
  spendObjects(count: number): void {
    this.#spend(count * objectUnits);
  }

  #spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0)
      throw badRequest(
        'the request has more parts, or more elements in JSON, than are taken; expected large tensors as binary data',
      );
  }
}
