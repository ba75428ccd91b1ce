/** Where new batches come from: the methods of a servable version, which take turns. */
import type { Batch } from '../call/batch.js';

/** A queue of one method. */
export interface BatchSource {
  readonly method: string;
  /** Whether its instances may be run again when the replica that had them was lost. */
  readonly idempotent: boolean;
  /** Instances that wait. */
  readonly waiting: number;
  /** Takes a batch out of the queue; undefined when what waited has gone. @param share aim for this many instances */
  nextBatch(share: number): Batch | undefined;
}

export class Turns {
  readonly #sources: BatchSource[] = [];
  #next = 0;

  add(source: BatchSource): void {
    this.#sources.push(source);
  }

  /** Instances that wait, of all methods. */
  get waiting(): number {
    return this.#sources.reduce((sum, source) => sum + source.waiting, 0);
  }

  /** The next method of which something waits: a busy one does not starve the others of the same servable. */
  take(): BatchSource | undefined {
    for (let step = 0; step < this.#sources.length; step++) {
      const index = (this.#next + step) % this.#sources.length;
      const source = this.#sources[index]!;
      if (source.waiting === 0) continue;
      this.#next = index + 1;
      return source;
    }
    return undefined;
  }
}
