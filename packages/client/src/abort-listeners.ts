/** One listener on a signal for however many calls share it: Node warns of a leak above ten. */
export class AbortListeners {
  readonly #callbacks = new Map<AbortSignal, Set<() => void>>();

  /** Calls back once when the signal aborts; the result stops that and must be called in any case. */
  add(signal: AbortSignal, onAbort: () => void): () => void {
    let callbacks = this.#callbacks.get(signal);
    if (callbacks === undefined) {
      callbacks = new Set();
      this.#callbacks.set(signal, callbacks);
      signal.addEventListener('abort', this.#onAbort);
    }
    callbacks.add(onAbort);
    return () => this.#remove(signal, onAbort);
  }

  readonly #onAbort = (event: Event): void => {
    const callbacks = this.#callbacks.get(event.target as AbortSignal) ?? [];
    for (const callback of callbacks) callback();
  };

  #remove(signal: AbortSignal, onAbort: () => void): void {
    const callbacks = this.#callbacks.get(signal);
    if (callbacks === undefined || !callbacks.delete(onAbort) || callbacks.size > 0) return;
    this.#callbacks.delete(signal);
    signal.removeEventListener('abort', this.#onAbort);
  }
}
