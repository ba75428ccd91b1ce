/**
 * Calls of functions that may run models, told apart from each other: what one leaves behind when nobody waits for it any
 * more is still running somewhere, and gets no more runs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** One call of an author's function. */
export class ModelUser {
  #isLeft = false;

  /** Nobody waits for it any more. */
  leave(): void {
    this.#isLeft = true;
  }

  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** Runs a part of the call; whatever that begins, however much later it goes on, is this user's. */
  run<T>(part: () => T): T {
    return users.run(this, part);
  }
}

const users = new AsyncLocalStorage<ModelUser>();

/** Whose call this is; undefined outside of any. */
export function currentUser(): ModelUser | undefined {
  return users.getStore();
}
