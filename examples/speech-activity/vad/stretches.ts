/** Speech from how probable it is in each chunk. */

/** A stretch begins with a chunk of at least this, */
const start = 0.5;
/** and ends when all chunks are below this */
const stop = 0.35;
/** for so many seconds. */
const pause = 0.2;
/** Shorter ones, in seconds, are dropped. */
const shortest = 0.1;

/** Seconds, from the start of the recording. */
export type Stretch = readonly [from: number, to: number];

/** Takes how probable speech is, chunk by chunk, and gives each stretch as soon as it has ended. */
export class Stretches {
  readonly #chunkSeconds: number;
  #chunks = 0;
  /** The stretch that has not ended. */
  #open: { readonly first: number; last: number } | undefined;

  constructor(chunkSeconds: number) {
    this.#chunkSeconds = chunkSeconds;
  }

  add(probability: number): Stretch | undefined {
    const index = this.#chunks++;
    if (this.#open === undefined) {
      if (probability >= start) this.#open = { first: index, last: index };
    } else if (probability >= stop) this.#open.last = index;
    else if ((index - this.#open.last) * this.#chunkSeconds >= pause) return this.end();
    return undefined;
  }

  /** The sound is over. */
  end(): Stretch | undefined {
    if (this.#open === undefined) return undefined;
    const { first, last } = this.#open;
    this.#open = undefined;
    const stretch = [first * this.#chunkSeconds, (last + 1) * this.#chunkSeconds] as const;
    return stretch[1] - stretch[0] >= shortest ? stretch : undefined;
  }
}
