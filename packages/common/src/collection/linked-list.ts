/**
 * What comes and goes with every request is kept in lists whose members know their neighbours, not in a Set or a Map.
 * Those move to a new table again and again as they are used; the old table keeps its members and the next table, so
 * that once a collection of the young generation has promoted one, all that ever were members stay on the heap, with
 * all that hangs on them, until the next full collection.
 */

/** A member of one list at a time. */
export interface Linked<T extends Linked<T>> {
  previous: T | undefined;
  next: T | undefined;
  list: LinkedList<T> | undefined;
}

export class LinkedList<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get first(): T | undefined {
    return this.#first;
  }

  get size(): number {
    return this.#size;
  }

  /** The members as they are now, in order; the list may change meanwhile. */
  members(): T[] {
    const members: T[] = [];
    for (let member = this.#first; member !== undefined; member = member.next) members.push(member);
    return members;
  }

  /** Puts it at the end; it must be in no list. */
  add(member: T): void {
    member.list = this;
    member.previous = this.#last;
    if (this.#last === undefined) this.#first = member;
    else this.#last.next = member;
    this.#last = member;
    this.#size++;
  }

  /** False when it is not in this list. */
  delete(member: T): boolean {
    if (member.list !== this) return false;
    const { previous, next } = member;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    member.list = undefined;
    member.previous = undefined;
    member.next = undefined;
    this.#size--;
    return true;
  }
}
