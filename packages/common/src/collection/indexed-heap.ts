/** A binary heap whose members know their places, so that one that is wanted no more leaves in logarithmic time. */

/** A member of one heap at a time. */
export interface Heaped {
  /** Its place; -1 outside. */
  heapIndex: number;
}

export class IndexedHeap<T extends Heaped> {
  readonly #members: T[] = [];
  readonly #keyOf: (member: T) => number;

  /** @param keyOf what the heap is ordered by, least first; it must not change while the member is in the heap */
  constructor(keyOf: (member: T) => number) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#members.length;
  }

  get first(): T | undefined {
    return this.#members[0];
  }

  /** It must be in no heap. */
  add(member: T): void {
    this.#members.push(member);
    this.#up(member, this.#members.length - 1);
  }

  /** False when it is not in the heap. */
  delete(member: T): boolean {
    const index = member.heapIndex;
    if (this.#members[index] !== member) return false;
    const last = this.#members.pop()!;
    member.heapIndex = -1;
    if (last === member) return true;
    this.#down(last, index);
    this.#up(last, last.heapIndex);
    return true;
  }

  #up(member: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#keyAt(parent) <= this.#keyOf(member)) break;
      this.#put(this.#members[parent]!, index);
      index = parent;
    }
    this.#put(member, index);
  }

  #down(member: T, from: number): void {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#members.length) break;
      if (child + 1 < this.#members.length && this.#keyAt(child + 1) < this.#keyAt(child)) child++;
      if (this.#keyOf(member) <= this.#keyAt(child)) break;
      this.#put(this.#members[child]!, index);
      index = child;
    }
    this.#put(member, index);
  }

  #keyAt(index: number): number {
    return this.#keyOf(this.#members[index]!);
  }

  #put(member: T, index: number): void {
    this.#members[index] = member;
    member.heapIndex = index;
  }
}
