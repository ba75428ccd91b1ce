/** A text on its way through the two graphs: its letters, and the keys and values of those that the model has seen. */
import { Tensor } from '@serving/worker';
import type { Chooser } from './choose.js';
import { end, letterOf } from './letters.js';

/** Positions that the model knows: for the prompt and what is written, together. */
export const context = 256;
/** Lengths are brought to multiples of it, so that texts of about the same length share runs of the model. */
const padding = 32;

const padded = (length: number) => Math.ceil(length / padding) * padding;
const int64 = (...values: readonly number[]) =>
  new Tensor('int64', [values.length], BigInt64Array.from(values, BigInt));

/** What a graph gives: the fitness of each letter as the next one, and the keys and values of the tokens it was given. */
export type GraphOutputs = [logits: Tensor, keys: Tensor, values: Tensor];

/** Keys, or values: for each token [layers, heads, size], one after another in a buffer with room for all that may come. */
class Rows {
  #data = new Float32Array(0);
  #shape: readonly number[] = [];
  #size = 0;

  /** Keeps the first `count` of these, for the tokens from position `at` on. */
  put(rows: Tensor, at: number, count: number): void {
    if (this.#size === 0) {
      this.#shape = rows.shape.slice(1);
      this.#size = this.#shape.reduce((product, length) => product * length, 1);
      this.#data = new Float32Array(context * this.#size);
    }
    this.#data.set(rows.dataAs('float32').subarray(0, count * this.#size), at * this.#size);
  }

  /** The first `count`, and rows that the graph is told not to look at, up to a whole multiple. */
  first(count: number): Tensor {
    const length = padded(count);
    return new Tensor('float32', [length, ...this.#shape], this.#data.subarray(0, length * this.#size));
  }
}

export class Text {
  /** All that is written so far. */
  written = '';
  /** The letter that was written last; empty at the end. */
  piece = '';
  /** How many tokens the graphs were run on for it. */
  tokensRun = 0;
  readonly #tokens: number[];
  readonly #choose: Chooser;
  readonly #mostTokens: number;
  #seen = 0;
  readonly #keys = new Rows();
  readonly #values = new Rows();

  constructor(prompt: readonly number[], maxLength: number, choose: Chooser) {
    this.#tokens = [...prompt];
    this.#mostTokens = prompt.length + maxLength;
    this.#choose = choose;
  }

  get goesOn(): boolean {
    return this.piece !== '' && this.#tokens.length < this.#mostTokens;
  }

  /** For the graph of the prompt: every token from the first on. */
  whole(): Tensor[] {
    const { length } = this.#tokens;
    this.#seen = 0;
    return [int64(...this.#tokens, ...Array<number>(padded(length) - length).fill(0)), int64(length)];
  }

  /** For the graph of a token: the last one, and what is kept of those before. */
  last(): Tensor[] {
    return [
      int64(this.#tokens.at(-1)!),
      int64(this.#seen),
      this.#keys.first(this.#seen),
      this.#values.first(this.#seen),
    ];
  }

  /** Goes on with what a graph made of it. */
  take([logits, keys, values]: GraphOutputs): void {
    const news = this.#tokens.length - this.#seen;
    this.#keys.put(keys, this.#seen, news);
    this.#values.put(values, this.#seen, news);
    this.#seen = this.#tokens.length;
    this.tokensRun += news;
    const token = this.#choose(logits.dataAs('float32'));
    this.piece = token === end ? '' : letterOf(token);
    this.written += this.piece;
    this.#tokens.push(token);
  }
}
