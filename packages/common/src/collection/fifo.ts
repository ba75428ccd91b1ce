/**
 * First in, first out. An array's own `shift` moves all that is behind: to take a hundred thousand members one by one
 * took most of a second.
 */

/** So many places may be empty before what is behind them is moved, and always as many as half. */
const fewEmpty = 1024;

export class Fifo<T> {
  #members: (T | undefined)[] = [];
  /** Places at the beginning that are empty. */
  #empty = 0;

  get first(): T | undefined {
    return this.#members[this.#empty];
  }

  add(member: T): void {
    this.#members.push(member);
  }

  /** Takes the first. */
  take(): T | undefined {
    const first = this.#members[this.#empty];
    if (first === undefined) return undefined;
    this.#members[this.#empty++] = undefined;
    if (this.#empty === this.#members.length) this.clear();
    else if (this.#empty > fewEmpty && this.#empty * 2 > this.#members.length) {
      this.#members = this.#members.slice(this.#empty);
      this.#empty = 0;
    }
    return first;
  }

  clear(): void {
    this.#members = [];
    this.#empty = 0;
  }
}
