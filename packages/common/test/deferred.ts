import type { CancelSignal } from '../src/rpc/rpc-handler.js';

/** A promise with its ends in hand (Promise.withResolvers came after Node 20). */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Resolves once the signal aborts. */
export function aborted(signal: CancelSignal): Promise<void> {
  return new Promise((resolve) => signal.onAbort(resolve));
}
