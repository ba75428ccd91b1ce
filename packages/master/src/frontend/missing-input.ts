/** What MindSpore Serving's front ends say of an instance that lacks an input of the method. */
import { ServingError, type MethodSignature } from '@serving/common';

/** Characters of the names that an error lists. */
const maxNamesLength = 1000;

/** The names that an instance gives. A hostile list is cut: every instance has an error of its own. */
export class GivenNames {
  #text = '';
  #isCut = false;
  readonly #names = new Set<string>();

  /** @param read tells the name; not called when the list is cut anyway */
  add(read: () => string): void {
    if (this.#isCut) return;
    const name = read();
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#isCut = this.#text.length + name.length > maxNamesLength;
    const shown = this.#isCut ? '…' : name;
    this.#text += this.#text === '' ? shown : `, ${shown}`;
  }

  get text(): string {
    return this.#text || 'none';
  }
}

export function missingInput(
  servable: string,
  { name: method, inputs }: MethodSignature,
  name: string,
  given: GivenNames,
): ServingError {
  const expected = inputs.map((port) => port.name).join(', ');
  return new ServingError(
    'INPUT_MISMATCH',
    `Cannot find input ${name} in instance input , servable ${servable}, method ${method}; expected inputs: ${expected}, given: ${given.text}`,
  );
}
