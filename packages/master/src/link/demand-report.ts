/** When a worker is told how much waits for its credits: seldom, however many requests and batches there are. */
export class DemandReport {
  readonly #tell: (waiting: number) => void;
  isWanted = false;
  /** What it was told last. */
  #told = 0;
  /** Most that waited since a credit was last spent. */
  #peak = 0;

  constructor(tell: (waiting: number) => void) {
    this.#tell = tell;
  }

  /** Whether the worker has other masters, too, which it has to divide its credits among. What waits is to follow. */
  want(isWanted: boolean): void {
    this.isWanted = isWanted;
    this.#told = 0;
    this.#peak = 0;
  }

  /** So many instances wait now. @param hasCredit a credit is left that they, if there are any, can be sent with */
  update(waiting: number, hasCredit: boolean): void {
    if (!this.isWanted) return;
    this.#peak = Math.max(this.#peak, waiting);
    if (waiting > 0 && waiting >= 2 * this.#told) this.#report(waiting);
    // Between two batches of a busy master nothing waits for a moment: that is no news before a credit finds it so.
    else if (waiting === 0 && hasCredit && this.#told > 0) this.#report(0);
  }

  /** A batch has left: what had waited until then is what waits from batch to batch. */
  spent(): void {
    if (!this.isWanted) return;
    if (this.#peak > 0 && 2 * this.#peak <= this.#told) this.#report(this.#peak);
    this.#peak = 0;
  }

  #report(waiting: number): void {
    this.#told = waiting;
    this.#tell(waiting);
  }
}
