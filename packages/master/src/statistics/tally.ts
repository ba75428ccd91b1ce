/** How often something happened, and how long it took: in all, and by what took at most so long. */

export class Tally {
  count = 0;
  ms = 0;

  add(ms: number, count = 1): void {
    this.count += count;
    this.ms += ms;
  }
}

/** Upper bounds of what durations are told apart by, in milliseconds: from a tiny model's run to a language model's. */
export const durationBoundsMs = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
] as const;

/** Counted as it happens: one addition per request or batch, whoever reads it, and however seldom. */
export class Durations extends Tally {
  /** How often it took at most so long and longer than the bound before; the last place is for what is beyond all. */
  readonly within = new Float64Array(durationBoundsMs.length + 1);

  override add(ms: number): void {
    super.add(ms);
    let place = 0;
    while (place < durationBoundsMs.length && ms > durationBoundsMs[place]!) place++;
    this.within[place]!++;
  }
}
