/** Bounds on all tensors of one request together: JSON of two bytes an element grows to many times as much in memory. */
import type { JsonTensor } from '../../json/json-tensor.js';
import { badRequest } from './predict-body.js';

/** As doubles 256 MiB. */
const mostElements = 2 ** 25;
/** Strings and bytes are objects, as in the other protocols. */
const mostTexts = 1_000_000;
/** A tensor is some objects, even if it holds one number: those of instances with named inputs, which the column form spares. */
const mostTensors = 200_000;

export class TensorBudget {
  #elements = mostElements;
  #texts = mostTexts;
  #tensors = mostTensors;

  /** What is left. */
  get maxElements(): number {
    return this.#elements;
  }

  get maxTexts(): number {
    return this.#texts;
  }

  /** @throws ServingError BAD_REQUEST when there are too many tensors */
  spend({ leaves }: JsonTensor): void {
    this.#tensors--;
    if (this.#tensors < 0) throw tooMany();
    if (leaves.kind === 'none') return;
    if (leaves.kind === 'texts' || leaves.kind === 'bytes') this.#texts -= leaves.values.length;
    else this.#elements -= leaves.values.length;
  }
}

export function tooMany() {
  return badRequest(
    `expected at most ${mostElements} numbers and booleans, ${mostTexts} strings, and ${mostTensors} values of named inputs of instances in a request, given more`,
  );
}
