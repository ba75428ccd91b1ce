/** Instances that are to be sent again: first in, first out, in the batches they were put in with. */
import type { BatchEntry } from '../call/batch.js';
import type { PredictCall } from '../call/predict-call.js';
import type { BatchSource } from './turns.js';

export interface SecondTry {
  readonly source: BatchSource;
  /** At least one. */
  readonly entries: readonly BatchEntry[];
  /** Attempts so far that ended with the loss of the replica. */
  readonly losses: number;
  /** What may still be spent on requests that were sent by themselves because together they did not return in time. */
  readonly patience?: Patience | undefined;
}

/** Shared by the requests of one batch. */
export interface Patience {
  /** How many of them may be overdue. */
  left: number;
}

export class RedispatchQueue {
  /** In order of arrival. */
  readonly #waiting = new Set<{ tried: SecondTry }>();
  #instances = 0;

  get instances(): number {
    return this.#instances;
  }

  add(tried: SecondTry): void {
    this.#waiting.add({ tried });
    this.#instances += countOf(tried);
  }

  next(): SecondTry | undefined {
    for (const place of this.#waiting) {
      this.#waiting.delete(place);
      this.#instances -= countOf(place.tried);
      return place.tried;
    }
    return undefined;
  }

  /** Takes out what is left of a batch whose requests were sent by themselves. */
  takeAll(patience: Patience): SecondTry[] {
    const places = [...this.#waiting].filter(({ tried }) => tried.patience === patience);
    for (const place of places) {
      this.#waiting.delete(place);
      this.#instances -= countOf(place.tried);
    }
    return places.map(({ tried }) => tried);
  }

  /** Takes out what belongs to the calls that `isWanted` names; the rest keeps its place. */
  take(isWanted: (call: PredictCall) => boolean): SecondTry[] {
    const taken: SecondTry[] = [];
    for (const place of this.#waiting) {
      const { entries, ...rest } = place.tried;
      const wanted = entries.filter(({ call }) => isWanted(call));
      if (wanted.length === 0) continue;
      taken.push({ ...rest, entries: wanted });
      this.#instances -= countOf(taken.at(-1)!);
      if (wanted.length === entries.length) this.#waiting.delete(place);
      else place.tried = { ...rest, entries: entries.filter(({ call }) => !isWanted(call)) };
    }
    return taken;
  }

  /** When the first of all that wait has to be let go of; Infinity for never. */
  get earliestDeadline(): number {
    let earliest = Infinity;
    for (const { tried } of this.#waiting)
      for (const { call } of tried.entries) earliest = Math.min(earliest, call.deadline.at);
    return earliest;
  }
}

/** Instances of the entries. */
export function countOf({ entries }: Pick<SecondTry, 'entries'>): number {
  return entries.reduce((sum, { range }) => sum + range.to - range.from, 0);
}
