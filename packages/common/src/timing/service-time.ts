/** How long a batch takes, as a + b·n of its n instances, learnt from those that ran: the newest count most. */

/** What is left of an observation's weight with each one after it: the last twenty count for about two thirds. */
const remembered = 0.95;
/** Sizes whose variance is below this part of their mean's square are one size: a slope between them would be noise. */
const leastSpread = 1e-3;

export class ServiceTime {
  #weight = 0;
  #meanCount = 0;
  #meanMs = 0;
  /** Weighted sums of squares around the means, which stay exact where sums of n² would cancel out. */
  #countByCount = 0;
  #countByMs = 0;

  /** A batch of `count` instances, at least one, took `ms` milliseconds. */
  observe(count: number, ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) return;
    this.#weight = remembered * this.#weight + 1;
    const fromCount = count - this.#meanCount;
    const fromMs = ms - this.#meanMs;
    this.#meanCount += fromCount / this.#weight;
    this.#meanMs += fromMs / this.#weight;
    this.#countByCount = remembered * this.#countByCount + fromCount * (count - this.#meanCount);
    this.#countByMs = remembered * this.#countByMs + fromCount * (ms - this.#meanMs);
  }

  /** Milliseconds that a batch of `count` instances will take; undefined before the first observation. */
  predict(count: number): number | undefined {
    if (this.#weight === 0) return undefined;
    const { fixed, each } = this.#line();
    return fixed + each * count;
  }

  /** What a batch takes however few instances it has; undefined until batches of different sizes have told. */
  get fixedMs(): number | undefined {
    return this.#weight === 0 || this.#hasOneSize ? undefined : this.#line().fixed;
  }

  /** What an instance more takes; undefined before the first observation. */
  get eachMs(): number | undefined {
    return this.#weight === 0 ? undefined : this.#line().each;
  }

  get #hasOneSize(): boolean {
    return this.#countByCount < leastSpread * this.#weight * this.#meanCount ** 2;
  }

  /**
   * The most instances that are predicted to take at most `ms` milliseconds: 0 when a single one takes longer, Infinity
   * when more of them take no longer. Undefined before the first observation.
   */
  largestWithin(ms: number): number | undefined {
    if (this.#weight === 0) return undefined;
    const { fixed, each } = this.#line();
    if (fixed + each > ms) return 0;
    if (each === 0) return Infinity;
    const largest = Math.floor((ms - fixed) / each);
    // Rounding must not make it one that `predict` calls too long; so close to the edge one less does no harm.
    return fixed + each * largest > ms ? largest - 1 : largest;
  }

  /** The line through what was observed. More instances never take less time, and none takes less than nothing. */
  #line(): { readonly fixed: number; readonly each: number } {
    // Of one size nothing tells the two apart; that all of it is for the instances warns early of larger batches.
    const each = this.#hasOneSize
      ? this.#meanMs / this.#meanCount
      : Math.max(0, this.#countByMs / this.#countByCount);
    const fixed = this.#meanMs - each * this.#meanCount;
    if (fixed >= 0) return { fixed, each };
    // The best line through the origin.
    const squares = this.#countByCount + this.#weight * this.#meanCount ** 2;
    return { fixed: 0, each: (this.#countByMs + this.#weight * this.#meanCount * this.#meanMs) / squares };
  }
}
