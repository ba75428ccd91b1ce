/**
 * What a request in JSON may grow to when it is read. A number of two bytes becomes one of eight, a text of three bytes an
 * object of thirty: a body within its limit could take all memory.
 */
import type { LeafRules } from './leaf-collector.js';
import type { TensorLeaves } from './tensor-leaves.js';

/** In units of a number's eight bytes: 256 MiB. */
const mostUnits = 2 ** 25;
const objectUnits = 32;

export class ReadBudget {
  readonly #exceeded: () => Error;
  #left = mostUnits;

  /** @param exceeded what is thrown when nothing is left */
  constructor(exceeded: () => Error) {
    this.#exceeded = exceeded;
  }

  /** The bounds of a reader of tensors: always what is left. */
  rules(rules: Omit<LeafRules, 'maxElements' | 'maxObjects'>): LeafRules {
    const left = (units: number) => Math.floor(this.#left / units);
    return {
      ...rules,
      get maxElements() {
        return left(1);
      },
      get maxObjects() {
        return left(objectUnits);
      },
    };
  }

  /** Of a tensor that was read. */
  spend(leaves: TensorLeaves): void {
    if (leaves.kind === 'none') return;
    if (leaves.kind === 'texts' || leaves.kind === 'bytes') return this.spendObjects(leaves.values.length);
    this.#spend(leaves.kind === 'numbers' ? leaves.values.length : Math.ceil(leaves.values.length / 8));
    if (leaves.kind === 'numbers') this.spendObjects(leaves.exact.length);
    return undefined;
  }

  /** Of texts, and of whatever else is an object. */
  spendObjects(count: number): void {
    this.#spend(count * objectUnits);
  }

  #spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw this.#exceeded();
  }
}
