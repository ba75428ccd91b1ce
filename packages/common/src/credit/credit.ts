/** Credits: a worker's permission to send one batch to a replica. Workers grant them, masters spend them. */

export interface Credit {
  readonly replicaId: string;
  /** Distinguishes the credits of one replica. */
  readonly creditId: number;
  /** When it lapses, on the spender's clock, in milliseconds; Infinity when it does not. */
  readonly expiresAt: number;
}

/** A master's unspent credits for one replica. */
export class CreditPurse {
  readonly #credits: Credit[] = [];

  /**
   * Adds a granted credit; one that is held already is replaced (its expiry was renewed) where it is: credits are spent
   * in the order in which they were first granted, which is that of the executors they stand for.
   */
  grant(credit: Credit): void {
    const index = this.#indexOf(credit.creditId);
    if (index === -1) this.#credits.push(credit);
    else this.#credits[index] = credit;
  }

  /** Takes back a credit; false when it was spent or had lapsed. */
  recall(creditId: number): boolean {
    const index = this.#indexOf(creditId);
    if (index === -1) return false;
    this.#credits.splice(index, 1);
    return true;
  }

  /** Spends the credit that would lapse first, or returns undefined when none is left at `now`. */
  spend(now: number): Credit | undefined {
    this.#dropLapsed(now);
    let best = -1;
    for (let i = 0; i < this.#credits.length; i++) {
      if (best === -1 || this.#credits[i]!.expiresAt < this.#credits[best]!.expiresAt) best = i;
    }
    return best === -1 ? undefined : this.#credits.splice(best, 1)[0];
  }

  /** Credits that can be spent at `now`. */
  available(now: number): number {
    this.#dropLapsed(now);
    return this.#credits.length;
  }

  /** When the first of them lapses; Infinity for never. */
  get nextLapse(): number {
    let next = Infinity;
    for (const { expiresAt } of this.#credits) if (expiresAt < next) next = expiresAt;
    return next;
  }

  #indexOf(creditId: number): number {
    return this.#credits.findIndex((credit) => credit.creditId === creditId);
  }

  #dropLapsed(now: number): void {
    for (let i = this.#credits.length - 1; i >= 0; i--)
      if (this.#credits[i]!.expiresAt <= now) this.#credits.splice(i, 1);
  }
}
